// SPDX-License-Identifier: BSD-3-Clause
// What is left of a run: its figures, the pictures of its graph, and what went wrong in words.
#pragma once
#include "options.hpp"
#include "pipeline/snapshot.hpp"
#include "run_loop.hpp"

namespace qaic_pipe {

/// Table or JSON on standard output, pictures to their files.
Result<void> write_outputs(const RunOptions& options, const pipeline::PipelineSpec& spec,
                           const place::Placement& placement, const pipeline::PipelineSnapshot& end);
/// Why the end of the run is none that was hoped for; the snapshot is that after Engine::stop().
Result<void> judge_end(RunEnd how, const RunOptions& options, const pipeline::PipelineSnapshot& end);

} // namespace qaic_pipe
