// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf selfcheck: how much of the figures is the tool.
#include "commands.hpp"
#include "host.hpp"
#include "selfcheck.hpp"
#include "session.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <sched.h>

namespace qaic::perf {

namespace {

/// On the first CPU that this process may use, as a measurement would be.
void pin()
{
    const auto cpus = eal::allowed_cpus(1);
    if (cpus.empty()) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus.front(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
}

void print(const SelfCheck& s)
{
    fmt::print("null queue, TSC {:.0f} MHz; cycles an operation\n", s.tsc_hz / 1e6);
    fmt::print("{:>6} {:>8} {:>13} {:>12}\n", "burst", "queue", "tool, closed", "tool, open");
    for (const auto& c : s.costs)
        fmt::print("{:>6} {:>8.1f} {:>13.1f} {:>12.1f}\n", c.burst, c.bare, c.closed, c.open);
    fmt::print("record   one latency into a histogram: {:.1f} ns\n", s.record_ns);
    for (const auto& p : s.paces)
        fmt::print("pace     {:.0f}/s Poisson: {:.0f}/s went, {} lost; late p50 {:.2f} us, p99 {:.2f} us\n",
                   p.wanted, p.achieved, p.lost, p.late_p50_us, p.late_p99_us);
    fmt::print(
        "arrivals gaps are {:.2f} from exponential (1.63: one good generator in 100), counts vary {:.3f} of "
        "their mean (Poisson: 1)\n",
        s.gaps_distance, s.counts_variance);
    fmt::print("result   {}\n", s.arrivals_good() ? "OK" : "FAILED: arrivals are not what they are called");
}

} // namespace

Command add_selfcheck(CLI::App& program)
{
    auto* app = program.add_subcommand("selfcheck", "what the tool itself costs, with a null device");
    auto seconds = std::make_shared<double>(3);
    auto seed = std::make_shared<std::uint64_t>(1);
    app->add_option("--time", *seconds, "seconds it takes, about")
        ->check(CLI::Range(0.1, 600.0))
        ->capture_default_str();
    app->add_option("--seed", *seed, "of the arrivals")->capture_default_str();
    return {app, [seconds, seed](const std::vector<std::string>&) {
                pin();
                const auto s = check_self(*seconds, *seed);
                print(s);
                return s.arrivals_good() ? 0 : 1;
            }};
}

} // namespace qaic::perf
