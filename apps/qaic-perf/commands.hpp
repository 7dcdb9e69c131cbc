// SPDX-License-Identifier: BSD-3-Clause
// The sub-commands, one file each: X_command.cpp.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qaic::perf {

/// A sub-command as declared: what to do once its options are parsed, given what stood behind "--". The exit
/// status: 0 good, 1 the measurement or the driver says no, 2 the options make no sense.
struct Command {
    CLI::App* app = nullptr;
    std::function<int(const std::vector<std::string>& eal)> run;
};

Command add_run(CLI::App& program);
Command add_slo(CLI::App& program);
Command add_sweep(CLI::App& program);
Command add_mlperf(CLI::App& program);
Command add_compare(CLI::App& program);
Command add_selfcheck(CLI::App& program);

/// "qaic-perf: ..." on stderr; the exit status 2.
int refused(const std::string& text);

} // namespace qaic::perf
