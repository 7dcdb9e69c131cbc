// SPDX-License-Identifier: BSD-3-Clause
// What the main thread does while a pipeline runs: signals, time, the table on the terminal.
#pragma once
#include "options.hpp"
#include "pipeline/engine/engine.hpp"
#include "stop_signals.hpp"

namespace qaic_pipe {
using namespace qaic;

enum class RunEnd {
    FINISHED,   ///< its sources ended, or it drained
    LINK_FULL,  ///< a link with "fail"
    STOPPED,    ///< by a second signal
    NOT_DRAINED ///< within the limit
};

/// Looks every 100 ms; sleeps in between. The engine runs, and runs still when this returns.
RunEnd run_loop(pipeline::Engine& engine, const RunOptions& options, const StopSignals& signals);

} // namespace qaic_pipe
