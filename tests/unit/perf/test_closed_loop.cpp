// SPDX-License-Identifier: BSD-3-Clause
// The hot loop on a fake queue: counts, order of inputs, bounded waiting, and every way a queue can lie.
#include "fake_queue.hpp"

#include <gtest/gtest.h>
#include <numeric>

namespace {

using namespace qaic::perf;
using namespace qaic::perf::test;

struct Outcome {
    LoopStats stats;
    CountingObserver observer;
};

std::unique_ptr<Outcome> run(FakeQueue& queue, FakeOps& ops, LoopPlan plan)
{
    if (plan.stall_ticks == 0) plan.stall_ticks = 100000;
    auto out = std::make_unique<Outcome>(Outcome{{}, CountingObserver(plan.tensors)});
    run_closed_loop(queue, std::span(ops.slots), plan, out->observer, out->stats);
    return out;
}

LoopPlan plan_of(std::uint64_t count, std::uint16_t burst, std::uint32_t tensors = 1)
{
    LoopPlan plan;
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
            EXPECT_FALSE(out->stats.stalled);
            EXPECT_EQ(out->stats.latency.count(), count);
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
        EXPECT_FALSE(out->stats.stalled);
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
    LoopPlan plan = plan_of(~0ULL, 8);
    plan.ticks = 20000;
    const auto out = run(queue, ops, plan);
    EXPECT_TRUE(out->stats.ledger.balanced());
    EXPECT_GT(out->stats.ledger.submitted, 100U);
    EXPECT_GE(out->stats.last_tick - out->stats.first_tick, 20000U - 200U);
    EXPECT_LE(out->stats.last_tick - out->stats.first_tick, 20000U + 500U);
}

TEST(ClosedLoop, LatencyRunsFromEnqueueToDequeue)
{
    FakeQueue queue;
    queue.service_ticks = 1000;
    FakeOps ops(1);
    const auto out = run(queue, ops, plan_of(50, 1));
    EXPECT_GE(out->stats.latency.min(), 1000U);
    EXPECT_LE(out->stats.latency.max(), 1100U); // a few readings of the fake's clock
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
    LoopPlan plan = plan_of(100, 2);
    plan.stall_ticks = 5000;
    const auto out = run(queue, ops, plan);
    // the other three slots finish the count; then the wait for the lost one ends by the limit
    EXPECT_TRUE(out->stats.stalled);
    EXPECT_GT(out->stats.waited_ticks, 5000U);
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
    LoopPlan plan = plan_of(100, 2);
    plan.stall_ticks = 5000;
    const auto out = run(queue, ops, plan);
    EXPECT_TRUE(out->stats.stalled);
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
    rte_ml_op foreign{};
    foreign.user_u64 = 1ULL << 40;
    FakeQueue queue;
    queue.stray = &foreign;
    queue.swallow = 1;
    FakeOps ops(2);
    LoopPlan plan = plan_of(1, 1);
    plan.stall_ticks = 5000;
    const auto out = run(queue, ops, plan);
    EXPECT_TRUE(out->stats.stalled);
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

} // namespace
