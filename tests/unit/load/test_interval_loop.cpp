// SPDX-License-Identifier: BSD-3-Clause
// Queries at intervals on fake queues in their own time: exact latencies, skipped intervals, limits, stalls.
#include "fake_queue.hpp"
#include "load/interval_loop.hpp"
#include <functional>
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;
using namespace qaic::load::test;

constexpr std::uint64_t ms = 1'000'000; // a tick is a nanosecond

struct IntervalRig : FakeLanes {
    explicit IntervalRig(std::size_t lanes_wanted, std::size_t depth = 64, std::uint16_t burst = 8)
        : FakeLanes(lanes_wanted, depth, burst)
    {
        time.step = 50;
    }
    void served_in(std::uint64_t ticks, bool one_server = false)
    {
        for (auto& q : queues) q.service_ticks = ticks, q.one_server = one_server;
    }
    /// Operations that fell due.
    std::uint64_t run(IntervalPlan plan)
    {
        if (plan.stall_ticks == 0) plan.stall_ticks = 1000 * ms;
        IntervalLoop loop_(queues[0], std::span(lanes), plan, loop, queries, go_on);
        return loop_.run();
    }
    [[nodiscard]] Ledger ledger() const
    {
        Ledger sum;
        for (const auto& s : stats) sum += s.ledger;
        return sum;
    }

    LoopStats loop;
    QueryStats queries;
    std::function<bool(std::uint64_t)> go_on = [](std::uint64_t) { return true; };
};

TEST(IntervalLoop, AQueryEachIntervalSpreadOverAllLanes)
{
    IntervalRig rig(4);
    rig.served_in(100'000);
    EXPECT_EQ(rig.run({.interval = ms, .samples = 10, .ticks = 100 * ms}), 1000u);
    EXPECT_EQ(rig.queries.queries, 100u);
    EXPECT_EQ(rig.queries.skipped, 0u);
    EXPECT_EQ(rig.ledger().succeeded, 1000u);
    EXPECT_TRUE(rig.ledger().balanced());
    EXPECT_EQ(rig.loop.unissued, 0u);
    EXPECT_FALSE(rig.loop.stalled);
    for (const auto& s : rig.stats) EXPECT_EQ(s.ledger.succeeded, 250u); // in turn, from query to query
    EXPECT_GT(rig.loop.idle_ticks, 5 * rig.loop.busy_ticks);
    EXPECT_NEAR(static_cast<double>(rig.loop.last_tick - rig.loop.first_tick), 99.1 * ms, 0.01 * ms);
}

/// One server that takes 1000 ticks for an operation: the n-th of a query is back after n times that.
TEST(IntervalLoop, LatencyRunsUntilTheLastOperationIsBack)
{
    IntervalRig rig(1);
    rig.time.step = 5;
    rig.served_in(1000, true);
    rig.run({.interval = 50'000, .samples = 20, .ticks = 5 * ms});
    EXPECT_EQ(rig.queries.latency.count(), 100u);
    EXPECT_GE(rig.queries.latency.min(), 20'000u);
    EXPECT_LE(rig.queries.latency.max(), 20'200u); // readings of the fake's clock
    EXPECT_EQ(rig.queries.lateness.count(), 100u);
    EXPECT_LT(rig.queries.lateness.max(), 200u);
    const auto& s = rig.stats[0];
    EXPECT_EQ(s.service.count(), 2000u); // one an operation
    EXPECT_NEAR(s.service.mean(), 10'500, 200);
    EXPECT_EQ(s.latency.count(), 0u);
}

TEST(IntervalLoop, IntervalsThatBeginBeforeTheAnswerAreSkipped)
{
    IntervalRig rig(1);
    rig.served_in(2'500'000); // two and a half intervals: each query costs the two after it
    EXPECT_EQ(rig.run({.interval = ms, .samples = 3, .ticks = 30 * ms}), 90u);
    EXPECT_EQ(rig.queries.queries, 10u);
    EXPECT_EQ(rig.queries.skipped, 20u);
    EXPECT_EQ(rig.ledger().succeeded, 30u);
    EXPECT_GE(rig.queries.latency.min(), 2'500'000u);
    EXPECT_LE(rig.queries.latency.max(), 2'500'000u + 2000);
    EXPECT_LT(rig.queries.lateness.max(), 2000u) << "a query goes when its own interval begins";
}

TEST(IntervalLoop, OnlyIntervalsOfTheRunAreSkipped)
{
    IntervalRig rig(1);
    rig.served_in(100 * ms); // back long after the end
    EXPECT_EQ(rig.run({.interval = ms, .samples = 2, .ticks = 10 * ms}), 20u);
    EXPECT_EQ(rig.queries.queries, 1u);
    EXPECT_EQ(rig.queries.skipped, 9u);
    EXPECT_EQ(rig.queries.latency.count(), 1u);
    EXPECT_TRUE(rig.ledger().balanced());
}

TEST(IntervalLoop, AStallOfTheCardSkipsWhatItCovers)
{
    IntervalRig rig(2);
    rig.served_in(100'000);
    for (auto& q : rig.queues) q.stalls_at = 50'050'000, q.stalls_for = 10 * ms;
    rig.run({.interval = ms, .samples = 4, .ticks = 100 * ms});
    EXPECT_EQ(rig.queries.queries + rig.queries.skipped, 100u);
    EXPECT_EQ(rig.queries.skipped, 10u);
    EXPECT_NEAR(static_cast<double>(rig.queries.latency.max()), 10.15 * ms, 0.1 * ms);
    EXPECT_LT(rig.queries.latency.quantile(0.85), 110'000u);
}

TEST(IntervalLoop, AQueryMayBeLargerThanALaneAndEvenThanAll)
{
    IntervalRig deep(3, 16, 8);
    deep.served_in(10'000);
    deep.run({.interval = ms, .samples = 40, .ticks = 20 * ms});
    EXPECT_EQ(deep.ledger().succeeded, 800u);
    EXPECT_LE(deep.queries.latency.max(), 15'000u) << "48 slots hold it at once";
    IntervalRig shallow(3, 4, 4);
    shallow.served_in(10'000);
    shallow.run({.interval = ms, .samples = 40, .ticks = 20 * ms});
    EXPECT_EQ(shallow.ledger().succeeded, 800u);
    EXPECT_GE(shallow.queries.latency.min(), 40'000u) << "twelve slots: four times one after the other";
    EXPECT_EQ(shallow.queries.skipped, 0u);
}

TEST(IntervalLoop, AFullDriverQueueLosesNothing)
{
    IntervalRig rig(2, 64, 8);
    for (auto& q : rig.queues) q.capacity = 3;
    rig.served_in(10'000);
    rig.run({.interval = ms, .samples = 50, .ticks = 20 * ms});
    EXPECT_EQ(rig.ledger().succeeded, 1000u);
    EXPECT_TRUE(rig.ledger().balanced());
    EXPECT_GT(rig.stats[0].costs.refused_calls, 0u);
    EXPECT_GT(rig.queries.lateness.min(), 50'000u) << "until the last is accepted";
}

TEST(IntervalLoop, EndsAtTheCountAndAtTheCheckpoint)
{
    IntervalRig counted(1);
    counted.served_in(2'500'000);
    counted.run({.interval = ms, .samples = 2, .ticks = ~0ull >> 2, .count = 3});
    EXPECT_EQ(counted.queries.queries, 3u);
    EXPECT_EQ(counted.queries.skipped, 4u) << "none after the last";
    EXPECT_EQ(counted.ledger().succeeded, 6u);
    IntervalRig stopped(1);
    stopped.served_in(300'000);
    stopped.go_on = [](std::uint64_t now) { return now < 5'200'000; }; // while the sixth is out
    EXPECT_EQ(stopped.run({.interval = ms, .samples = 2, .ticks = ~0ull >> 2}), 12u);
    EXPECT_EQ(stopped.queries.latency.count(), 6u);
    EXPECT_TRUE(stopped.ledger().balanced());
    IntervalRig never(1);
    EXPECT_EQ(never.run({.interval = ms, .samples = 2, .ticks = 0}), 0u);
}

TEST(IntervalLoop, GivesUpOnALostOperationAndNotOnAnIdleInterval)
{
    IntervalRig rig(1);
    rig.run({.interval = 10 * ms, .samples = 2, .ticks = 100 * ms, .stall_ticks = ms});
    EXPECT_FALSE(rig.loop.stalled);
    IntervalRig lost(2);
    lost.queues[1].swallow = 3; // of the third query
    lost.run({.interval = ms, .samples = 2, .ticks = 100 * ms, .stall_ticks = 5 * ms});
    EXPECT_TRUE(lost.loop.stalled);
    EXPECT_GT(lost.loop.waited_ticks, 5 * ms);
    EXPECT_EQ(lost.queries.queries, 3u);
    EXPECT_EQ(lost.queries.latency.count(), 2u);
    EXPECT_EQ(lost.queries.skipped, 5u) << "until it gave up";
    EXPECT_EQ(lost.ledger().in_flight, 1u);
    EXPECT_EQ(lost.loop.unissued, 0u);
}

TEST(IntervalLoop, WhatNeverWentIsCounted)
{
    IntervalRig rig(1, 4, 4);
    rig.served_in(10 * ms);
    rig.run({.interval = ms, .samples = 10, .ticks = 5 * ms, .drain_ticks = 8 * ms}); // twice four of ten
    EXPECT_EQ(rig.loop.unissued, 2u);
    EXPECT_EQ(rig.ledger().succeeded, 8u);
    EXPECT_EQ(rig.queries.latency.count(), 0u);
    EXPECT_FALSE(rig.loop.stalled);
}

TEST(IntervalLoop, AForeignOpIsNoAnswer)
{
    FakeOp foreign{};
    foreign.user_u64 = 1ull << 40;
    IntervalRig rig(1);
    rig.served_in(100'000);
    rig.queues[0].stray = &foreign;
    rig.run({.interval = ms, .samples = 2, .ticks = 10 * ms});
    EXPECT_EQ(rig.queries.latency.count(), 10u);
    EXPECT_GE(rig.queries.latency.min(), 100'000u);
    EXPECT_GT(rig.ledger().stray, 0u);
}

} // namespace
