// SPDX-License-Identifier: BSD-3-Clause
// Stop and close with operations out: each comes back exactly once, by callback or by dequeue (reliability
// C2).
#include "fixture.hpp"

namespace test {
namespace {

std::map<rte_ml_op*, unsigned> flushed;
std::vector<std::uint16_t> flushed_on;
void on_flush(std::int16_t, std::uint16_t qp, rte_ml_op* op)
{
    ++flushed[op];
    flushed_on.push_back(qp);
    EXPECT_NE(op->status, RTE_ML_OP_STATUS_NOT_PROCESSED);
}

class Stop : public DeviceTest {
  protected:
    void SetUp() override { flushed.clear(), flushed_on.clear(), op_timeout = 1s; }
};

TEST_F(Stop, FinishesWhatTheCardCanFinish)
{
    bring_up(2, 1, on_flush);
    start_all(1);
    Ops a(*bus, 10, 0), b(*bus, 5, 0);
    ASSERT_EQ(enqueue(*qps[0], a), 10);
    ASSERT_EQ(enqueue(*qps[1], b), 5);
    ok(device->stop(3));
    EXPECT_EQ(flushed.size(), 15u);
    for (const auto& [op, n] : flushed) {
        EXPECT_EQ(n, 1u);
        EXPECT_EQ(op->status, RTE_ML_OP_STATUS_SUCCESS);
    }
    for (std::size_t i = 0; i < 10; ++i) EXPECT_TRUE(a.echoed(i));
    EXPECT_EQ(std::count(flushed_on.begin(), flushed_on.end(), 1), 5);
    EXPECT_EQ(device->counters().fences, 0u) << "nothing had to be torn down";
    EXPECT_EQ(dequeue(*qps[0], a), 0);
}

TEST_F(Stop, FencesWhatHangsAndHandsItBack)
{
    bring_up(1, 2, on_flush);
    start_all(2);
    qsm().freeze(0, true);
    Ops hung(*bus, 6, 0), fine(*bus, 6, 1);
    ASSERT_EQ(enqueue(*qps[0], hung), 6);
    ASSERT_EQ(enqueue(*qps[0], fine), 6);
    hung.ops[0].user_u64 = 77;
    ok(device->stop(0));
    EXPECT_EQ(flushed.size(), 12u);
    for (auto& op : hung.ops) {
        EXPECT_EQ(flushed[&op], 1u);
        EXPECT_EQ(op.status, RTE_ML_OP_STATUS_ERROR);
    }
    EXPECT_EQ(hung.ops[0].user_u64, 77u) << "never touched";
    for (auto& op : fine.ops) EXPECT_EQ(op.status, RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_GE(device->counters().fences, 1u);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    // The models are still started as far as the application knows.
    qsm().freeze(0, false);
    ok(device->start());
    Ops again(*bus, 6, 0);
    ASSERT_EQ(enqueue(*qps[0], again), 6);
    EXPECT_EQ(collect(*qps[0], again, 6), 6u);
    EXPECT_TRUE(again.echoed(5));
}

TEST_F(Stop, WithoutACallbackDequeueStillDelivers)
{
    bring_up(1, 1);
    start_all(1);
    Ops ops(*bus, 8, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 8);
    ok(device->stop(0));
    EXPECT_EQ(device->close(false, 0).error().code, Code::E_AGAIN);
    EXPECT_EQ(device->configure(1, 1).error().code, Code::E_BUSY);
    EXPECT_EQ(device->setup_queue_pair(0, 4, nullptr).error().code, Code::E_BUSY);
    EXPECT_EQ(collect(*qps[0], ops, 8), 8u);
    EXPECT_EQ(ops.returned_once(), 8u);
    ok(device->close(false, 0));
}

TEST_F(Stop, InvalidOperationsAreFlushedToo)
{
    bring_up(1, 1, on_flush);
    start_all(1);
    Ops ops(*bus, 2, 9);
    ASSERT_EQ(enqueue(*qps[0], ops), 2);
    ok(device->stop(0));
    EXPECT_EQ(flushed.size(), 2u);
}

TEST_F(Stop, NewQueuePairsServeModelsLeftStarted)
{
    bring_up(1, 1, nullptr, 4);
    start_all(1);
    ok(device->stop(0));
    auto qp = device->setup_queue_pair(0, 64, nullptr);
    ASSERT_TRUE(qp) << qp.error().message();
    ok(device->start());
    Ops ops(*bus, 64, 0);
    EXPECT_EQ(enqueue(**qp, ops), 64);
    EXPECT_EQ(collect(**qp, ops, 64), 64u);
    EXPECT_EQ(ops.returned_once(), 64u);
}

TEST_F(Stop, ForcedCloseFencesAndCounts)
{
    bring_up(2, 1);
    start_all(1);
    qsm().freeze(0, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    ok(device->close(true, 0));
    EXPECT_EQ(device->counters().lost_ops, 3u);
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(Stop, ForcedCloseUsesCallbacks)
{
    bring_up(1, 1, on_flush);
    start_all(1);
    qsm().freeze(0, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    ok(device->close(true, 0));
    EXPECT_EQ(device->counters().lost_ops, 0u);
    EXPECT_EQ(flushed.size(), 3u);
}

} // namespace
} // namespace test
