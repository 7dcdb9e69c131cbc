// SPDX-License-Identifier: BSD-3-Clause
// qaic-pipe kinds: the kinds of stages there are, with their options and reasons to drop.
#pragma once
#include "options.hpp"

namespace qaic_pipe {

struct KindsOptions {
    std::vector<std::string> plugins;
    bool json = false;
};

void add_kinds_options(CLI::App& command, KindsOptions& options);
/// Exit code; errors are one line on stderr.
int kinds_command(const KindsOptions& options);

} // namespace qaic_pipe
