// SPDX-License-Identifier: BSD-3-Clause
// What the main thread does while a pipeline runs: signals, time, the table on the terminal.
#pragma once
#include "options.hpp"
#include "pipeline/engine/engine.hpp"
#include "run_end.hpp"
#include "stop_signals.hpp"

namespace qaic_pipe {
using namespace qaic;

/// Looks every 100 ms; sleeps in between. Each second the table and the pictures are drawn anew. The engine
/// runs, and runs still when this returns.
RunEnd run_loop(pipeline::Engine& engine, const RunOptions& options, const StopSignals& signals);

} // namespace qaic_pipe
