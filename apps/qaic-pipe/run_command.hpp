// SPDX-License-Identifier: BSD-3-Clause
// qaic-pipe run FILE: runs the pipeline until its sources end, its time is over, or a signal says so.
#pragma once
#include "options.hpp"

namespace qaic_pipe {

/// Exit code: 0 when everything drained and every stage finished; errors are one line on stderr.
int run_command(const RunOptions& options);

} // namespace qaic_pipe
