// SPDX-License-Identifier: BSD-3-Clause
// qaic-pipe dot FILE and svg FILE: the graph of a pipeline that does not run.
#pragma once
#include "options.hpp"

namespace qaic_pipe {

/// Exit code; errors are one line on stderr.
int graph_command(const GraphOptions& options);

} // namespace qaic_pipe
