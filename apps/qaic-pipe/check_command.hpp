// SPDX-License-Identifier: BSD-3-Clause
// qaic-pipe check FILE: is everything there that the file names, how fast will it be, and what will limit it.
// Runs nothing, needs no card.
#pragma once
#include "options.hpp"

namespace qaic_pipe {

/// Exit code; errors are one line on stderr.
int check_command(const CheckOptions& options);

} // namespace qaic_pipe
