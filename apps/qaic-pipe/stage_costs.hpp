// SPDX-License-Identifier: BSD-3-Clause
// What stages cost their lcore, before they run: measured on one machine (bench_pipe_stages, bench_flow, runs
// of config/pipelines/), so that a prediction has the right size and names the right stage, not the right
// digits.
#pragma once
#include "files.hpp"
#include "pipeline/predict.hpp"

namespace qaic_pipe {

struct CostInputs {
    double cpu_hz = 0;
    double inference_us = 0; ///< of one inference alone; 0: unknown
    unsigned slots = 1;      ///< inferences a card computes at once
    std::string folder;
};

/// Makes every stage as far as that goes without EAL and a card: the first error is what `run` would say.
/// `unknown`: stages whose cost is not known.
Result<pipeline::Costs> costs_of(const pipeline::PipelineSpec& spec, const CostInputs& inputs,
                                 std::vector<std::string>& unknown);

} // namespace qaic_pipe
