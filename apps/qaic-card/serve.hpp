// SPDX-License-Identifier: BSD-3-Clause
// Runs cards until a signal ends the process.
#pragma once
#include "config_file.hpp"
#include <string>
#include <vector>

namespace card_app {

struct ServeOptions {
    Fleet fleet;
    std::string control; ///< path of the control socket; empty: none
    std::string stats;   ///< file for the counters at the end; empty: none
};

/// Returns when SIGINT or SIGTERM came and everything is closed. SIGUSR1 prints the counters to stdout.
[[nodiscard]] Result<void> serve(ServeOptions options);

} // namespace card_app
