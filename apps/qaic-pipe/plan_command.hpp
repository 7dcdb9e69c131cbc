// SPDX-License-Identifier: BSD-3-Clause
// qaic-pipe plan FILE: which CPU each stage gets and why, in words and as a picture. Runs nothing.
#pragma once
#include "options.hpp"

namespace qaic_pipe {

/// Exit code; errors are one line on stderr.
int plan_command(const PlanOptions& options);

} // namespace qaic_pipe
