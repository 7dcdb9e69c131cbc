// SPDX-License-Identifier: BSD-3-Clause
// Faults in a running card: what becomes of the operations, of the DBC, of the others (reliability.md 2.1
// - 2.4).
#include "recovery_fixture.hpp"

namespace test {
namespace {

class Recovery : public RecoveryTest {
  protected:
    /// One burst goes through `model` unharmed.
    void expect_running(std::uint16_t model) { expect_good(model, 4); }
};

TEST_F(Recovery, CompletionCodesReachTheirOperation)
{
    bring_up(1, 1);
    start_all(1);
    qsm().fail_responses(0, 0x77, 1);
    Ops ops(*bus, 1, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 1);
    ASSERT_EQ(collect(*qps[0], ops, 1), 1u);
    expect_all(ops, Code::E_DMA);
    EXPECT_EQ(ops.fate(0).card_code, 0x77);
    expect_running(0);
    EXPECT_EQ(device->counters().faults, 0u);
}

TEST_F(Recovery, LateOperationIsFencedThenReturnedAndTheModelRunsAgain)
{
    bring_up(1, 2);
    start_all(2);
    qsm().freeze(0, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    EXPECT_EQ(collect(*qps[0], ops, 3, true), 3u);
    expect_all(ops, Code::E_TIMEOUT);
    EXPECT_EQ(device->counters().faults, 1u);
    EXPECT_EQ(device->counters().reactivations, 1u);
    qsm().freeze(0, false);
    expect_running(0);
    expect_running(1);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
}

TEST_F(Recovery, BudgetEndsTheReactivations)
{
    bring_up(1, 1);
    start_all(1);
    for (unsigned round = 0; round < 4; ++round) {
        for (unsigned d = 0; d < 16; ++d) qsm().freeze(d, true);
        Ops ops(*bus, 1, 0);
        ASSERT_EQ(enqueue(*qps[0], ops), 1);
        ASSERT_EQ(collect(*qps[0], ops, 1, true), 1u) << round;
        expect_all(ops, Code::E_TIMEOUT);
        for (int i = 0; i < 200; ++i) { // 20 s: longer than the longest pause
            bus->run_for(100ms);
            if (device->housekeep()) device->recover();
        }
        EXPECT_EQ(device->counters().reactivations, std::min(round + 1, 3u));
    }
    for (unsigned d = 0; d < 16; ++d) qsm().freeze(d, false);
    Ops refused(*bus, 1, 0);
    ASSERT_EQ(enqueue(*qps[0], refused), 1);
    ASSERT_EQ(collect(*qps[0], refused, 1), 1u);
    EXPECT_EQ(refused.ops[0].status, RTE_ML_OP_STATUS_ERROR);
    ok(device->stop_model(0));
    ok(device->start_model(0));
    expect_running(0);
}

TEST_F(Recovery, RestartOfOneWorkload)
{
    bring_up(1, 2);
    start_all(2);
    qsm().freeze(0, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    faults().start_ssr(0, false);
    EXPECT_EQ(collect(*qps[0], ops, 3, true), 3u);
    expect_all(ops, Code::E_SSR);
    qsm().freeze(0, false);
    for (int i = 0; i < 300 && device->counters().reactivations == 0; ++i) {
        bus->run_for(100ms);
        if (device->housekeep()) device->recover();
    }
    EXPECT_EQ(device->counters().reactivations, 1u);
    expect_running(0);
    expect_running(1);
}

/// The workload dies while its DBC is being fenced for another reason: DEACTIVATE is refused, for there is
/// nothing left to deactivate, but the card has said by SSR that the DBC makes no DMA. That is fence enough;
/// the card is not reset.
TEST_F(Recovery, ARestartDuringTheFenceIsTheFence)
{
    bring_up(1, 2);
    start_all(2);
    qsm().freeze(0, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!device->housekeep() && std::chrono::steady_clock::now() < end) {
        EXPECT_EQ(dequeue(*qps[0], ops), 0u);
        bus->relax(1us);
    }
    faults().start_ssr(0, false);
    bus->run_for(1ms); // it has begun; the driver reads of it while DEACTIVATE waits for its answer
    device->recover();
    EXPECT_EQ(collect(*qps[0], ops, 3, true), 3u);
    expect_all(ops, Code::E_TIMEOUT);
    EXPECT_EQ(device->counters().card_losses, 0u);
    qsm().freeze(0, false);
    for (int i = 0; i < 300 && device->counters().reactivations == 0; ++i) upkeep(100ms);
    EXPECT_EQ(device->counters().reactivations, 1u);
    EXPECT_EQ(told(DeviceEventKind::SSR), 4u);
    expect_running(0);
    expect_running(1);
}

TEST_F(Recovery, SurpriseRemovalReturnsEverything)
{
    bring_up(2, 2);
    start_all(2);
    qsm().freeze(0, true), qsm().freeze(1, true);
    Ops a(*bus, 3, 0), b(*bus, 4, 1);
    ASSERT_EQ(enqueue(*qps[0], a), 3);
    ASSERT_EQ(enqueue(*qps[1], b), 4);
    faults().surprise_remove();
    EXPECT_EQ(collect(*qps[0], a, 3, true), 3u);
    EXPECT_EQ(collect(*qps[1], b, 4, true), 4u);
    expect_all(a, Code::E_REMOVED);
    expect_all(b, Code::E_REMOVED);
    EXPECT_EQ(device->state(), DeviceState::REMOVED);
    Ops later(*bus, 1, 0);
    ASSERT_EQ(enqueue(*qps[0], later), 1);
    ASSERT_EQ(collect(*qps[0], later, 1), 1u);
    expect_all(later, Code::E_REMOVED);
    EXPECT_EQ(device->load_model(echo()).error().code, Code::E_REMOVED);
    ok(device->stop_model(0));
    ok(device->unload_model(0));
    ok(device->stop(0));
    ok(device->close(false, 0));
}

} // namespace
} // namespace test
