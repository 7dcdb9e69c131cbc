// SPDX-License-Identifier: BSD-3-Clause
// The hot loop on a fake queue: counts, order of inputs, bounded waiting, and every way a queue can lie.
#include "fake_queue.hpp"
#include "load/closed_loop.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;
using namespace qaic::load::test;

struct Plan : LoopPlan {
    std::uint16_t burst = 1;
    std::uint32_t tensors = 1;
};

struct ClosedRun {
    LaneStats stats;
    LoopStats loop;
    CountingObserver observer;
};

std::unique_ptr<ClosedRun> run(FakeQueue& queue, FakeOps& ops, Plan plan)
{
    if (plan.stall_ticks == 0) plan.stall_ticks = 100000;
    auto out = std::make_unique<ClosedRun>(ClosedRun{{}, {}, CountingObserver(plan.tensors)});
    FakeLane lane(queue, ops.slots, out->observer, out->stats, plan.burst, plan.tensors);
    const auto go_on = [](std::uint64_t) { return true; };
    ClosedLoop(queue, std::span(&lane, 1), plan, out->loop, go_on).run();
    return out;
}

Plan plan_of(std::uint64_t count, std::uint16_t burst, std::uint32_t tensors = 1)
{
    Plan plan;
    plan.count = count;
    plan.burst = burst;
    plan.tensors = tensors;
    return plan;
}

TEST(ClosedLoop, SubmitsExactlyTheCountAndBalances)
{
    for (const std::uint16_t burst : {1, 3, 8, 32})
        for (const std::uint64_t count : {1U, 7U, 1000U, 1001U}) {
            FakeQueue queue;
            FakeOps ops(32);
            const auto out = run(queue, ops, plan_of(count, burst));
            EXPECT_EQ(out->stats.ledger.submitted, count);
            EXPECT_EQ(out->stats.ledger.succeeded, count);
            EXPECT_TRUE(out->stats.ledger.balanced());
            EXPECT_FALSE(out->loop.stalled);
            EXPECT_EQ(out->stats.service.count(), count);
        }
}

TEST(ClosedLoop, CyclesThroughTheTensorsInOrder)
{
    FakeQueue queue;
    FakeOps ops(8);
    const auto out = run(queue, ops, plan_of(10, 4, 3));
    EXPECT_EQ(out->observer.sent, (std::vector<std::uint64_t>{4, 3, 3}));
    EXPECT_EQ(out->observer.back, out->observer.sent);
}

TEST(ClosedLoop, KeepsTheDepthInFlightAndNoMore)
{
    FakeQueue queue;
    queue.service_ticks = 5000;
    FakeOps ops(16);
    const auto out = run(queue, ops, plan_of(200, 4));
    EXPECT_EQ(queue.most_held, 16U);
    EXPECT_TRUE(out->stats.ledger.balanced());
}

TEST(ClosedLoop, WholeBurstsWaitUntilTheyAreWhole)
{
    for (const std::uint64_t count : {96U, 1000U}) {
        FakeQueue queue;
        queue.per_dequeue = 3; // ops come back in dribs and drabs
        FakeOps ops(32);
        auto plan = plan_of(count, 8);
        plan.whole_bursts = true;
        const auto out = run(queue, ops, plan);
        EXPECT_EQ(queue.enqueue_calls, (count + 7) / 8);
        EXPECT_EQ(out->stats.ledger.succeeded, count);
        EXPECT_FALSE(out->loop.stalled);
    }
}

TEST(ClosedLoop, OffersRefusedOpsAgain)
{
    FakeQueue queue;
    queue.capacity = 3; // less than the burst: every enqueue is cut short or refused
    FakeOps ops(16);
    const auto out = run(queue, ops, plan_of(100, 8, 5));
    EXPECT_TRUE(out->stats.ledger.balanced());
    EXPECT_EQ(out->stats.ledger.succeeded, 100U);
    EXPECT_GT(out->stats.costs.refused_calls, 0U);
    EXPECT_EQ(out->observer.sent, (std::vector<std::uint64_t>{20, 20, 20, 20, 20}));
}

TEST(ClosedLoop, StopsSubmittingWhenTheTimeIsOverAndDrains)
{
    FakeQueue queue;
    FakeOps ops(8);
    Plan plan = plan_of(~0ULL, 8);
    plan.ticks = 20000;
    const auto out = run(queue, ops, plan);
    EXPECT_TRUE(out->stats.ledger.balanced());
    EXPECT_GT(out->stats.ledger.submitted, 100U);
    EXPECT_GE(out->loop.last_tick - out->loop.first_tick, 20000U - 200U);
    EXPECT_LE(out->loop.last_tick - out->loop.first_tick, 20000U + 500U);
}

TEST(ClosedLoop, LatencyRunsFromEnqueueToDequeue)
{
    FakeQueue queue;
    queue.service_ticks = 1000;
    FakeOps ops(1);
    const auto out = run(queue, ops, plan_of(50, 1));
    EXPECT_GE(out->stats.service.min(), 1000U);
    EXPECT_LE(out->stats.service.max(), 1100U); // a few readings of the fake's clock
}

TEST(ClosedLoop, CountsCallsAndTheirTicks)
{
    FakeQueue queue;
    queue.service_ticks = 1000;
    FakeOps ops(4);
    const auto out = run(queue, ops, plan_of(40, 4));
    const auto& c = out->stats.costs;
    EXPECT_EQ(c.enqueue_calls, queue.enqueue_calls);
    EXPECT_EQ(c.enqueue_ticks, 10 * c.enqueue_calls); // the fake's clock moves 10 a reading
    EXPECT_EQ(c.dequeue_ticks, 10 * c.dequeue_calls);
    EXPECT_EQ(c.empty_ticks, 10 * c.empty_calls);
    EXPECT_GT(c.empty_calls, c.dequeue_calls);
    EXPECT_EQ(out->stats.enqueue_per_op.count(), c.enqueue_calls);
    EXPECT_EQ(out->stats.enqueue_per_op.min(), 2U); // 10 ticks for a burst of four
    EXPECT_EQ(out->stats.dequeue_per_op.count(), c.dequeue_calls);
}

TEST(ClosedLoop, CountsFailedOpsAsFailed)
{
    FakeQueue queue;
    queue.fail_every = 10;
    FakeOps ops(8);
    const auto out = run(queue, ops, plan_of(100, 4));
    EXPECT_EQ(out->stats.ledger.failed, 10U);
    EXPECT_EQ(out->stats.ledger.succeeded, 90U);
    EXPECT_TRUE(out->stats.ledger.balanced());
}

TEST(ClosedLoop, GivesUpOnALostOp)
{
    FakeQueue queue;
    queue.swallow = 20;
    FakeOps ops(4);
    Plan plan = plan_of(100, 2);
    plan.stall_ticks = 5000;
    const auto out = run(queue, ops, plan);
    // the other three slots finish the count; then the wait for the lost one ends by the limit
    EXPECT_TRUE(out->loop.stalled);
    EXPECT_GT(out->loop.waited_ticks, 5000U);
    EXPECT_EQ(out->stats.ledger.in_flight, 1U);
    EXPECT_EQ(out->stats.ledger.submitted, 100U);
    EXPECT_EQ(out->stats.ledger.succeeded, 99U);
    EXPECT_FALSE(out->stats.ledger.balanced());
}

TEST(ClosedLoop, GivesUpOnAQueueThatTakesNothing)
{
    FakeQueue queue;
    queue.capacity = 0;
    FakeOps ops(4);
    Plan plan = plan_of(100, 2);
    plan.stall_ticks = 5000;
    const auto out = run(queue, ops, plan);
    EXPECT_TRUE(out->loop.stalled);
    EXPECT_EQ(out->stats.ledger.submitted, 0U);
}

TEST(ClosedLoop, NoticesAnOpHandedBackTwice)
{
    FakeQueue queue;
    queue.twice = 5;
    FakeOps ops(4);
    const auto out = run(queue, ops, plan_of(8, 4));
    EXPECT_FALSE(out->stats.ledger.balanced());
    EXPECT_GE(out->stats.ledger.stray, 1U);
}

TEST(ClosedLoop, ForeignOpsAreStrayAndNoProgress)
{
    FakeOp foreign{};
    foreign.user_u64 = 1ULL << 40;
    FakeQueue queue;
    queue.stray = &foreign;
    queue.swallow = 1;
    FakeOps ops(2);
    Plan plan = plan_of(1, 1);
    plan.stall_ticks = 5000;
    const auto out = run(queue, ops, plan);
    EXPECT_TRUE(out->loop.stalled);
    EXPECT_GT(out->stats.ledger.stray, 1U);
    EXPECT_EQ(out->stats.ledger.completed(), 0U);
}

TEST(ClosedLoop, LeavesSlotsAloneThatAreStillOut)
{
    FakeQueue queue;
    FakeOps ops(2);
    ops.slots[0].out = true; // lost in an earlier loop
    const auto out = run(queue, ops, plan_of(20, 2));
    EXPECT_TRUE(out->stats.ledger.balanced());
    EXPECT_EQ(queue.most_held, 1U);
    EXPECT_TRUE(ops.slots[0].out);
}

TEST(ClosedLoop, DrivesSeveralLanesAndSharesTheCount)
{
    for (const std::uint64_t count : {1U, 7U, 100U, 1001U}) {
        FakeTime time;
        std::vector<FakeQueue> queues(3, FakeQueue(time));
        queues[1].capacity = 2; // refuses: what it holds ready must not be lost, nor counted twice
        std::vector<FakeOps> ops;
        std::vector<LaneStats> stats(3);
        CountingObserver observer;
        std::vector<FakeLane> lanes;
        for (std::size_t i = 0; i < 3; ++i) ops.emplace_back(16);
        for (std::size_t i = 0; i < 3; ++i)
            lanes.emplace_back(queues[i], ops[i].slots, observer, stats[i], std::uint16_t{4});
        Plan plan = plan_of(count, 4);
        plan.stall_ticks = 100000;
        LoopStats loop;
        const auto go_on = [](std::uint64_t) { return true; };
        ClosedLoop(queues[0], std::span(lanes), plan, loop, go_on).run();
        Ledger sum;
        for (const auto& s : stats) sum += s.ledger;
        EXPECT_EQ(sum.submitted, count);
        EXPECT_TRUE(sum.balanced());
        EXPECT_FALSE(loop.stalled);
    }
}

TEST(ClosedLoop, EndsWhenTheCheckpointSaysSo)
{
    FakeQueue queue;
    FakeOps ops(8);
    LaneStats stats;
    LoopStats loop;
    CountingObserver observer;
    FakeLane lane(queue, ops.slots, observer, stats, 4);
    unsigned rounds = 0;
    const auto ten = [&](std::uint64_t) { return ++rounds <= 10; };
    Plan plan = plan_of(~0ull, 4);
    plan.stall_ticks = 100000;
    ClosedLoop(queue, std::span(&lane, 1), plan, loop, ten).run();
    EXPECT_EQ(rounds, 11u);
    EXPECT_TRUE(stats.ledger.balanced());
    EXPECT_GT(stats.ledger.submitted, 0u);
}

TEST(ClosedLoop, BusyTimeIsTimeInWhichSomethingMoved)
{
    FakeQueue queue;
    queue.service_ticks = 10000;
    FakeOps ops(1);
    const auto out = run(queue, ops, plan_of(20, 1));
    const auto all = out->loop.busy_ticks + out->loop.idle_ticks;
    EXPECT_NEAR(static_cast<double>(all), 20 * 10000, 20 * 100);
    EXPECT_LT(out->loop.busy_ticks, all / 50);
}

} // namespace
