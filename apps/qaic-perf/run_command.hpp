// SPDX-License-Identifier: BSD-3-Clause
// `qaic-perf run`: boot the card, load a model, verify it, measure it.
#pragma once
#include "options.hpp"

namespace qaic::perf {

/// Exit status: 0 verified (if asked to) and balanced, 1 anything else; problems are on stderr, one line
/// each.
int run_command(const RunOptions& options);

} // namespace qaic::perf
