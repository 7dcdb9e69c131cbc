// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf: measures a card through DPDK's ML device class. One sub-command a file.
#include "run_command.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv)
{
    using namespace qaic::perf;
    auto [ours, eal] = split_arguments(argc, argv);
    RunOptions options;
    CLI::App app("Loads networks into a Cloud AI 100 card, verifies their outputs and measures them.",
                 "qaic-perf");
    app.require_subcommand(1);
    add_run_options(*app.add_subcommand("run", "closed loop: keep a fixed number of inferences in flight"),
                    options);
    try {
        ours.erase(ours.begin());
        std::reverse(ours.begin(), ours.end()); // CLI11 takes a vector from its end
        app.parse(ours);
    } catch (const CLI::Success& e) {
        return app.exit(e); // --help
    } catch (const CLI::ParseError& e) {
        fmt::print(stderr, "qaic-perf: {} (qaic-perf run --help lists every option)\n", e.what());
        return 2;
    }
    options.eal = eal;
    if (auto settled = settle(options); !settled) {
        fmt::print(stderr, "qaic-perf: {}\n", settled.error().text);
        return 2;
    }
    return run_command(options);
}
