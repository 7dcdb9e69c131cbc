// SPDX-License-Identifier: BSD-3-Clause
// The files of a run: all are read before the card is touched, so that a wrong path fails at once; their
// sizes are checked as soon as the model is known.
#pragma once
#include "model_facts.hpp"
#include "options.hpp"
#include "tensor_file.hpp"

namespace qaic::perf {

struct RunFiles {
    std::vector<Bytes> models;      ///< as many as options.models
    Bytes input, expect, labels;    ///< raw bytes; empty when the option was not given
    std::vector<std::uint64_t> due; ///< of --schedule, ns
};
Result<RunFiles> read_run_files(const RunOptions& options);

struct RunTensors {
    TensorFile input;  ///< at least one tensor; one of zeros without --input
    TensorFile expect; ///< as many as `input`, or none
    TensorFile labels; ///< as many bytes as `input` has tensors, or none
};
/// Of the first model, with the bytes moved out of `files`. E_FORMAT: a file of the wrong size.
Result<RunTensors> to_tensors(const RunOptions& options, const ModelFacts& model, RunFiles& files);

} // namespace qaic::perf
