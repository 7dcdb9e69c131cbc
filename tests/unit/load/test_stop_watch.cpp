// SPDX-License-Identifier: BSD-3-Clause
// A stop rule that ends loops on fake queues: when it looks, and who follows.
#include "fake_queue.hpp"
#include "load/closed_loop.hpp"
#include "load/open_loop.hpp"
#include "load/stop_watch.hpp"
#include <cmath>
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;
using namespace qaic::load::test;

StopRule p99_within(double error)
{
    return *StopRule::make({.count = ~0ull, .fraction = 0.99, .error = error});
}

/// A lane on a queue of its own.
struct WatchedLane {
    explicit WatchedLane(FakeQueue& queue) : lane(queue, ops.slots, observer, stats, 1) {}
    FakeOps ops{1};
    CountingObserver observer;
    LaneStats stats;
    FakeLane lane;
};

TEST(StopWatch, EndsAClosedLoopOnceThePercentileIsKnown)
{
    FakeQueue queue;
    queue.service_ticks = 1000;
    WatchedLane one(queue);
    const auto rule = p99_within(0.05);
    std::atomic<bool> enough{false};
    StopWatch watch(rule, true, 10'000, &LaneStats::service, enough);
    const auto go_on = [&](std::uint64_t now) { return watch.goes_on(now, std::span(&one.lane, 1)); };
    LoopStats loop;
    ClosedLoop(queue, std::span(&one.lane, 1), {.stall_ticks = 100'000}, loop, go_on).run();
    EXPECT_TRUE(enough.load());
    EXPECT_TRUE(one.stats.ledger.balanced());
    // Equal values are known as soon as there are enough for an interval, 368; looks are a quarter apart.
    EXPECT_GE(one.stats.service.count(), 368u);
    EXPECT_LE(one.stats.service.count(), 368u * 5 / 4 + 2);
    const auto took = static_cast<double>(loop.last_tick - loop.first_tick);
    EXPECT_NEAR(watch.looks(), 1 + std::log(took / 10'000) / std::log(1.25), 1.5);
}

TEST(StopWatch, AnOpenLoopSaysWhenItWasEnded)
{
    FakeQueue queue;
    queue.service_ticks = 1000;
    WatchedLane one(queue);
    const auto rule = p99_within(0.05);
    std::atomic<bool> enough{false};
    StopWatch watch(rule, true, 100'000, &LaneStats::latency, enough);
    const auto go_on = [&](std::uint64_t now) { return watch.goes_on(now, std::span(&one.lane, 1)); };
    const ArrivalPlan plan{.kind = ArrivalKind::FIXED, .per_second = 1e5};
    Arrivals arrivals(plan, 1e9);
    Mix mix({{0}}, {1}, 1);
    LoopStats loop;
    OpenLoop open(queue, std::span(&one.lane, 1), mix, arrivals,
                  {.ticks = ~0ull >> 2, .stall_ticks = 1'000'000}, loop, go_on);
    const auto due = open.run();
    EXPECT_GE(due, 368u);
    EXPECT_LE(due, 368u * 5 / 4 + 2);
    EXPECT_EQ(one.stats.ledger.succeeded, due);
    EXPECT_NEAR(static_cast<double>(due) / static_cast<double>(loop.stopped_ticks), 1e-4, 1e-6);
}

TEST(StopWatch, OneAsksAndTheOthersFollow)
{
    FakeQueue queue;
    WatchedLane mine(queue), theirs(queue);
    for (int i = 0; i < 1000; ++i) theirs.stats.service.record(5);
    const auto rule = p99_within(0.05);
    std::atomic<bool> enough{false};
    StopWatch asks(rule, true, 10, &LaneStats::service, enough);
    StopWatch follows(rule, false, 10, &LaneStats::service, enough);
    const auto asked = [&](std::uint64_t now) { return asks.goes_on(now, std::span(&mine.lane, 1)); };
    const auto followed = [&](std::uint64_t now) { return follows.goes_on(now, std::span(&theirs.lane, 1)); };
    for (const std::uint64_t now : {100, 111, 200, 300}) {
        EXPECT_TRUE(asked(now)) << "nothing is recorded here";
        EXPECT_TRUE(followed(now)) << "does not look at its own";
    }
    EXPECT_EQ(follows.looks(), 0u);
    for (int i = 0; i < 1000; ++i) mine.stats.service.record(5);
    EXPECT_TRUE(asked(301)) << "it is not time to look yet";
    EXPECT_FALSE(asked(1000));
    EXPECT_FALSE(followed(1000));
    EXPECT_FALSE(asked(1001));
}

TEST(StopWatch, GoesOnWhileThePercentileIsNotKnown)
{
    FakeQueue queue;
    WatchedLane one(queue);
    const auto rule = p99_within(0.05);
    std::atomic<bool> enough{false};
    StopWatch watch(rule, true, 10, &LaneStats::service, enough);
    // A tail of two values a factor of ten apart: one sample at p99 or the next makes all the difference.
    for (unsigned i = 0; i < 1000; ++i) one.stats.service.record(i % 100 == 0 ? 10'000 : 1000);
    EXPECT_TRUE(watch.goes_on(1, std::span(&one.lane, 1)));
    EXPECT_TRUE(watch.goes_on(100, std::span(&one.lane, 1)));
    EXPECT_EQ(watch.looks(), 1u);
    EXPECT_FALSE(enough.load());
}

} // namespace
