// SPDX-License-Identifier: BSD-3-Clause
// The three parts of a run on one queue pair: verify every tensor, warm up, measure.
#pragma once
#include "report.hpp"
#include "run_files.hpp"

namespace qaic::perf {

class MlModel;

/// Fills the report's phases, figures and verification. An error means that the run could not be set up;
/// whatever goes wrong after that is in the report for judge(). A phase that stalls ends the run.
Result<void> run_phases(const MlDevice& device, const MlModel& model, const RunTensors& tensors,
                        Report& report);

} // namespace qaic::perf
