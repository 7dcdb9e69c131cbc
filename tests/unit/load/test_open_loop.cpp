// SPDX-License-Identifier: BSD-3-Clause
// The open loop on fake queues in their own time: known theory, stalls, backlogs, mixes.
#include "fake_queue.hpp"
#include "load/open_loop.hpp"
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;
using namespace qaic::load::test;

constexpr double hz = 1e9; // a tick is a nanosecond

/// One model unless said otherwise.
struct Rig : FakeLanes {
    explicit Rig(std::size_t lanes_wanted, std::size_t depth = 1024, std::uint16_t burst = 32)
        : FakeLanes(lanes_wanted, depth, burst)
    {
        time.step = 5;
        for (auto& q : queues) q.capacity = 4096;
        for (std::uint32_t i = 0; i < lanes_wanted; ++i) models.front().push_back(i);
    }
    std::uint64_t run(const ArrivalPlan& arrivals, OpenPlan plan)
    {
        if (plan.stall_ticks == 0) plan.stall_ticks = 1'000'000'000;
        Mix mix(models, weights, 5);
        Arrivals due(arrivals, hz);
        OpenLoop loop_(queues[0], std::span(lanes), mix, due, plan, loop, go_on);
        return loop_.run();
    }

    std::vector<std::vector<std::uint32_t>> models{{}};
    std::vector<double> weights{1};
    LoopStats loop;
    std::function<bool(std::uint64_t)> go_on = [](std::uint64_t) { return true; };
};

/// M/D/1: mean wait = rho * s / (2 (1 - rho)).
TEST(OpenLoop, OneServerOfFixedServiceTimeMatchesTheory)
{
    for (const double rho : {0.5, 0.8}) {
        Rig rig(1);
        rig.time.step = 200; // some thousandths of the service time
        rig.queues[0].one_server = true;
        rig.queues[0].service_ticks = 100'000;
        const auto seconds = 20;
        const auto due =
            rig.run({.per_second = rho * 1e4, .seed = 11},
                    {.ticks = std::uint64_t{seconds} * 1'000'000'000, .drain_ticks = ~0ull >> 2});
        const auto& s = rig.stats[0];
        EXPECT_TRUE(s.ledger.balanced());
        EXPECT_EQ(s.ledger.succeeded, due);
        EXPECT_EQ(rig.loop.unissued, 0u);
        const auto wait = rho * 100'000 / (2 * (1 - rho));
        EXPECT_NEAR(s.latency.mean(), 100'000 + wait, 0.05 * (100'000 + wait)) << rho;
        const auto busy = static_cast<double>(rig.queues[0].served_ticks) / (seconds * 1e9);
        EXPECT_NEAR(busy, rho, 0.05 * rho);
    }
}

TEST(OpenLoop, AStallShowsFromTheDueTimeOnAndNotInTheService)
{
    Rig rig(1, 4); // four slots: the rest of what falls due has to wait on our side
    auto& q = rig.queues[0];
    q.service_ticks = 1000;
    q.stalls_at = 50'000'000, q.stalls_for = 10'000'000;
    rig.run({.kind = ArrivalKind::FIXED, .per_second = 1e5},
            {.ticks = 100'000'000, .drain_ticks = 1'000'000'000, .late_limit = 100'000});
    const auto& s = rig.stats[0];
    EXPECT_TRUE(s.ledger.balanced());
    EXPECT_NEAR(static_cast<double>(s.ledger.succeeded), 1e4, 2);
    EXPECT_NEAR(static_cast<double>(s.latency.max()), 10e6, 0.1e6);
    EXPECT_GT(s.latency.quantile(0.95), 4'000'000u); // a tenth of all fell due in the stall
    EXPECT_LT(s.service.quantile(0.999), 10'000u);   // four were out
    EXPECT_NEAR(static_cast<double>(s.late), 1000, 50);
}

TEST(OpenLoop, WhatCannotBeServedInTimeIsCounted)
{
    Rig rig(1, 8);
    rig.queues[0].one_server = true;
    rig.queues[0].service_ticks = 100'000; // 10,000 a second against 100,000 offered
    const auto due = rig.run({.kind = ArrivalKind::FIXED, .per_second = 1e5},
                             {.ticks = 100'000'000, .drain_ticks = 50'000'000});
    EXPECT_NEAR(static_cast<double>(due), 1e4, 2);
    const auto& ledger = rig.stats[0].ledger;
    EXPECT_TRUE(ledger.balanced());
    EXPECT_EQ(ledger.submitted + rig.loop.unissued, due);
    EXPECT_NEAR(static_cast<double>(ledger.submitted), 1508, 10); // 0.15 s of service, and the slots
    EXPECT_FALSE(rig.loop.stalled);
}

TEST(OpenLoop, AFullDriverQueueLosesNothing)
{
    Rig rig(1, 64, 8);
    rig.queues[0].capacity = 3;
    rig.queues[0].service_ticks = 20'000;
    const auto due = rig.run({.kind = ArrivalKind::TRAINS, .per_second = 1e5, .train = 50},
                             {.ticks = 50'000'000, .drain_ticks = 1'000'000'000});
    EXPECT_EQ(rig.stats[0].ledger.succeeded, due);
    EXPECT_GT(rig.stats[0].costs.refused_calls, 0u);
    EXPECT_EQ(rig.loop.unissued, 0u);
}

TEST(OpenLoop, TheLeastLoadedLaneIsAsked)
{
    Rig rig(4);
    for (auto& q : rig.queues) q.one_server = true, q.service_ticks = 10'000;
    rig.queues[2].service_ticks = 40'000; // gets a fraction of what the others do
    const auto due =
        rig.run({.per_second = 2.5e5, .seed = 2}, {.ticks = 200'000'000, .drain_ticks = ~0ull >> 2});
    std::uint64_t sum = 0;
    for (const auto& s : rig.stats) sum += s.ledger.succeeded;
    EXPECT_EQ(sum, due);
    EXPECT_LT(rig.stats[2].ledger.succeeded, rig.stats[0].ledger.succeeded / 2);
    EXPECT_LT(rig.stats[2].latency.mean(), 200'000);
}

TEST(OpenLoop, EqualLanesGetEqualShares)
{
    Rig rig(4);
    const auto due = rig.run({.per_second = 1e4}, {.ticks = 200'000'000, .drain_ticks = 1'000'000});
    for (const auto& s : rig.stats)
        EXPECT_NEAR(static_cast<double>(s.ledger.succeeded), static_cast<double>(due) / 4,
                    static_cast<double>(due) / 40);
}

TEST(OpenLoop, ModelsAreDrawnByWeight)
{
    Rig rig(3);
    rig.models = {{0}, {1, 2}};
    rig.weights = {1, 3};
    const auto due = rig.run({.per_second = 1e6}, {.ticks = 100'000'000, .drain_ticks = 1'000'000'000});
    const auto share = static_cast<double>(rig.stats[0].ledger.succeeded) / static_cast<double>(due);
    EXPECT_NEAR(share, 0.25, 4 * std::sqrt(0.25 * 0.75 / static_cast<double>(due)));
}

TEST(OpenLoop, EndsAtTheCountAndAtTheCheckpoint)
{
    Rig rig(1);
    EXPECT_EQ(rig.run({.kind = ArrivalKind::FIXED, .per_second = 1e6},
                      {.ticks = ~0ull >> 2, .count = 777, .drain_ticks = 1'000'000}),
              777u);
    EXPECT_EQ(rig.stats[0].ledger.succeeded, 777u);
    Rig stopped(1);
    stopped.go_on = [](std::uint64_t now) { return now < 5'000'000; };
    const auto due = stopped.run({.kind = ArrivalKind::FIXED, .per_second = 1e6},
                                 {.ticks = ~0ull >> 2, .drain_ticks = 1'000'000});
    EXPECT_NEAR(static_cast<double>(due), 5000, 5);
    EXPECT_EQ(stopped.stats[0].ledger.succeeded, due);
}

TEST(OpenLoop, WaitingForTheNextIsNoStallButALostOpIs)
{
    Rig rig(1);
    rig.run({.kind = ArrivalKind::FIXED, .per_second = 100},
            {.ticks = 100'000'000, .stall_ticks = 1'000'000});
    EXPECT_FALSE(rig.loop.stalled);
    EXPECT_GT(rig.loop.idle_ticks, 99 * rig.loop.busy_ticks);
    Rig lost(1);
    lost.queues[0].swallow = 3;
    lost.run({.kind = ArrivalKind::FIXED, .per_second = 100},
             {.ticks = 100'000'000, .drain_ticks = 100'000'000, .stall_ticks = 1'000'000});
    EXPECT_TRUE(lost.loop.stalled);
    EXPECT_EQ(lost.stats[0].ledger.in_flight, 1u);
}

} // namespace
