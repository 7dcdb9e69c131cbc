// SPDX-License-Identifier: BSD-3-Clause
// `qaic-perf compare A.json B.json`: is B as good as A? For people and, by its exit status, for CI.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qaic::perf {

struct CompareOptions {
    std::string first, second;        ///< reports, or lists of them separated by commas: repetitions
    std::vector<std::string> metrics; ///< empty: throughput, p50 and p99
    double threshold = 5;             ///< percent
};

/// Declares the options of `compare` on a sub-command.
void add_compare_options(CLI::App& command, CompareOptions& options);
/// Exit status: 0 the same or better in every metric, 1 worse in at least one, 2 a file or option that cannot
/// be used (one line on stderr). One line a metric on stdout.
int compare_command(const CompareOptions& options);

} // namespace qaic::perf
