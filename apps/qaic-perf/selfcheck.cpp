// SPDX-License-Identifier: BSD-3-Clause
#include "selfcheck.hpp"

#include "base/clock.hpp"
#include "load/closed_loop.hpp"
#include "load/null_queue.hpp"
#include "load/open_loop.hpp"

#include <algorithm>
#include <cmath>
#include <rte_cycles.h>

namespace qaic::perf {

namespace {

using namespace load;

struct Tsc {
    static std::uint64_t ticks() { return rte_rdtsc(); }
};
using Rig = NullRig<Tsc>;
constexpr auto go_on = [](std::uint64_t) { return true; };
constexpr std::uint64_t ops_a_round = 1 << 16, never = ~0ull >> 2;

/// Ticks an operation: the median of rounds, since a round may be interrupted.
template<class Round>
double median_of(double seconds, double hz, Round&& round)
{
    std::vector<double> per_op;
    const auto end = rte_rdtsc() + static_cast<std::uint64_t>(seconds * hz);
    do {
        const auto from = rte_rdtsc();
        const std::uint64_t ops = round();
        per_op.push_back(static_cast<double>(rte_rdtsc() - from) / static_cast<double>(ops));
    } while (rte_rdtsc() < end || per_op.size() < 9);
    std::nth_element(per_op.begin(), per_op.begin() + static_cast<std::ptrdiff_t>(per_op.size() / 2),
                     per_op.end());
    return per_op[per_op.size() / 2];
}

double measure_hz()
{
    SteadyClock clock;
    const auto from = clock.now();
    const auto ticks = rte_rdtsc();
    while (clock.now() - from < 50ms) {
    }
    const std::chrono::duration<double> took = clock.now() - from;
    return static_cast<double>(rte_rdtsc() - ticks) / took.count();
}

SelfCheck::Cost cost_of(std::uint16_t burst, double seconds, double hz, std::uint64_t seed)
{
    SelfCheck::Cost c;
    c.burst = burst;
    Rig rig(burst);
    std::vector<NullOp*> ops;
    for (auto& op : rig.ops) ops.push_back(&op);
    c.bare = median_of(seconds, hz, [&] {
        std::uint64_t done = 0;
        while (done < ops_a_round) {
            rig.queue.enqueue(ops.data(), burst);
            done += rig.queue.dequeue(ops.data(), burst);
        }
        return done;
    });
    c.closed = median_of(seconds, hz, [&] {
        ClosedLoop(rig.queue, std::span(&rig.lane, 1), LoopPlan{.count = ops_a_round, .stall_ticks = never},
                   rig.loop, go_on)
            .run();
        return ops_a_round;
    });
    const ArrivalPlan all_due{.per_second = hz / 2, .seed = seed};
    Mix mix({{0}}, {1}, seed);
    c.open = median_of(seconds, hz, [&] {
        Arrivals arrivals(all_due, hz);
        OpenLoop(rig.queue, std::span(&rig.lane, 1), mix, arrivals,
                 OpenPlan{.ticks = never, .count = ops_a_round, .stall_ticks = never}, rig.loop, go_on)
            .run();
        return ops_a_round;
    });
    c.closed -= c.bare;
    c.open -= c.bare;
    return c;
}

SelfCheck::Pace pace_of(double rate, double seconds, double hz, std::uint64_t seed)
{
    Rig rig(32);
    Mix mix({{0}}, {1}, seed);
    const ArrivalPlan plan{.per_second = rate, .seed = seed};
    Arrivals arrivals(plan, hz);
    OpenLoop loop(rig.queue, std::span(&rig.lane, 1), mix, arrivals,
                  OpenPlan{.ticks = static_cast<std::uint64_t>(seconds * hz), .stall_ticks = never}, rig.loop,
                  go_on);
    const auto due = loop.run();
    const auto us = [&](double q) { return static_cast<double>(rig.stats->lateness.quantile(q)) / hz * 1e6; };
    const auto done = rig.stats->ledger.succeeded;
    return {rate, static_cast<double>(done) / seconds, us(0.5), us(0.99), due - done};
}

void check_arrivals(SelfCheck& s, std::uint64_t seed)
{
    constexpr std::size_t n = 200'000;
    constexpr double mean = 1000, window = 100 * mean;
    const ArrivalPlan plan{.per_second = 1e6, .seed = seed};
    Arrivals arrivals(plan, 1e9);
    std::vector<double> gaps;
    std::vector<std::uint64_t> counts(n / 100 - 50); // the last windows may lie behind the last arrival
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto at = arrivals.next();
        gaps.push_back(static_cast<double>(at - before));
        before = at;
        const auto w = static_cast<std::size_t>(static_cast<double>(at) / window);
        if (w < counts.size()) ++counts[w];
    }
    std::sort(gaps.begin(), gaps.end());
    for (std::size_t i = 0; i < n; ++i) {
        const auto expected = 1 - std::exp(-(gaps[i] + 0.5) / mean); // gaps are whole ticks
        const auto seen = (static_cast<double>(i) + 0.5) / n;
        s.gaps_distance = std::max(s.gaps_distance, std::abs(expected - seen) * std::sqrt(double{n}));
    }
    double sum = 0, squares = 0;
    for (const auto c : counts)
        sum += static_cast<double>(c), squares += static_cast<double>(c) * static_cast<double>(c);
    const auto m = sum / static_cast<double>(counts.size());
    s.counts_variance = (squares / static_cast<double>(counts.size()) - m * m) / m;
}

double record_cost(double seconds, double hz)
{
    const auto h = std::make_unique<stats::Histogram>();
    boost::random::mt19937_64 random(1);
    std::vector<std::uint64_t> values(256);
    for (auto& v : values) v = 2000 + random() % 100000;
    const auto ticks = median_of(seconds, hz, [&] {
        for (std::uint64_t i = 0; i < ops_a_round; ++i) h->record(values[i % 256]);
        return ops_a_round;
    });
    return ticks / hz * 1e9;
}

} // namespace

SelfCheck check_self(double seconds, std::uint64_t seed)
{
    SelfCheck s;
    s.tsc_hz = measure_hz();
    const auto part = seconds / 12;
    for (const std::uint16_t burst : {1, 8, 32}) s.costs.push_back(cost_of(burst, part, s.tsc_hz, seed));
    s.record_ns = record_cost(part, s.tsc_hz);
    for (const double rate : {1e6, 5e6}) s.paces.push_back(pace_of(rate, part, s.tsc_hz, seed));
    check_arrivals(s, seed);
    return s;
}

} // namespace qaic::perf
