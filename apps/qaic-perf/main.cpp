// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf: measures a card through DPDK's ML device class. One sub-command a file.
#include "commands.hpp"
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

int main(int argc, char** argv)
{
    using namespace qaic::perf;
    auto [ours, eal] = split_arguments(argc, argv);
    CLI::App app("Loads networks into Cloud AI 100 cards, verifies their outputs and measures them.",
                 "qaic-perf");
    app.require_subcommand(1);
    const Command commands[] = {add_run(app), add_sweep(app), add_slo(app), add_mlperf(app),
                                add_selfcheck(app)};
    try {
        ours.erase(ours.begin());
        std::reverse(ours.begin(), ours.end()); // CLI11 takes a vector from its end
        app.parse(ours);
    } catch (const CLI::Success& e) {
        return app.exit(e); // --help
    } catch (const CLI::ParseError& e) {
        return refused(std::string(e.what()) + " (qaic-perf COMMAND --help lists every option)");
    }
    const auto* const chosen =
        std::find_if(std::begin(commands), std::end(commands), [](const auto& c) { return c.app->parsed(); });
    return chosen->run(eal);
}
