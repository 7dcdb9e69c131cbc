// SPDX-License-Identifier: BSD-3-Clause
// What is left of a run: its figures, the pictures of its graph, and what went wrong in words.
#pragma once
#include "base/result.hpp"
#include "options.hpp"
#include "pipeline/snapshot.hpp"
#include "run_end.hpp"

namespace qaic_pipe {
using namespace qaic;

/// The files of --svg and --dot; rates are of the time since `before`, nullptr: since the start.
Result<void> draw_pictures(const RunOptions& options, const pipeline::PipelineSpec& spec,
                           const pipeline::PipelineSnapshot& now, const pipeline::PipelineSnapshot* before);
/// Table or JSON on standard output, pictures to their files.
Result<void> write_outputs(const RunOptions& options, const pipeline::PipelineSpec& spec,
                           const pipeline::PipelineSnapshot& end);
/// Why the end of the run is none that was hoped for; the snapshot is that after Engine::stop().
Result<void> judge_end(RunEnd how, const RunOptions& options, const pipeline::PipelineSnapshot& end);

} // namespace qaic_pipe
