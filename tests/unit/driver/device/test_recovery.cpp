// SPDX-License-Identifier: BSD-3-Clause
// Faults in a running card: what becomes of the operations, of the DBC, of the others (reliability.md 2.1
// - 2.4).
#include "fixture.hpp"

namespace test {
namespace {

class Recovery : public DeviceTest {
  protected:
    void SetUp() override { op_timeout = 1s; }
    void expect_all(Ops& ops, Code code)
    {
        for (std::size_t i = 0; i < ops.ops.size(); ++i) {
            EXPECT_EQ(ops.ops[i].status, RTE_ML_OP_STATUS_ERROR) << i;
            EXPECT_EQ(ops.fate(i).code, code) << i << " " << code_name(ops.fate(i).code);
        }
        EXPECT_EQ(ops.returned_once(), ops.ops.size());
    }
    /// One burst goes through `model` unharmed.
    void expect_running(std::uint16_t model)
    {
        Ops ops(*bus, 4, model);
        ASSERT_EQ(enqueue(*qps[0], ops), 4);
        ASSERT_EQ(collect(*qps[0], ops, 4), 4u);
        for (std::size_t i = 0; i < 4; ++i) {
            EXPECT_EQ(ops.ops[i].status, RTE_ML_OP_STATUS_SUCCESS) << code_name(ops.fate(i).code);
            EXPECT_TRUE(ops.echoed(i));
        }
    }
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

TEST_F(Recovery, CrashOfTheCardFailsTheDevice)
{
    bring_up(1, 1);
    start_all(1);
    qsm().freeze(0, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 3);
    faults().sys_err(false);
    EXPECT_EQ(collect(*qps[0], ops, 3, true), 3u);
    expect_all(ops, Code::E_RESET);
    EXPECT_EQ(device->state(), DeviceState::FAILED);
    EXPECT_EQ(device->start_model(0).error().code, Code::E_STATE);
    ok(device->stop(0));
    ok(device->close(false, 0));
}

TEST_F(Recovery, SilentFirmwareIsFencedByReset)
{
    bring_up(1, 2);
    start_all(2);
    qsm().freeze(0, true), qsm().freeze(1, true);
    qsm().mute(true);
    Ops a(*bus, 2, 0), b(*bus, 2, 1);
    ASSERT_EQ(enqueue(*qps[0], a), 2);
    ASSERT_EQ(enqueue(*qps[0], b), 2);
    std::size_t n = 0;
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (n < 4 && std::chrono::steady_clock::now() < end) {
        std::array<rte_ml_op*, 8> got{};
        const auto k = fast::dequeue_burst(*qps[0], got.data(), 8);
        for (std::uint16_t j = 0; j < k; ++j) ++(got[j]->model_id == 0 ? a : b).returned[got[j]->user_u64];
        n += k;
        if (device->housekeep()) device->recover();
        bus->relax(1us);
    }
    EXPECT_EQ(n, 4u);
    EXPECT_EQ(a.returned_once() + b.returned_once(), 4u);
    EXPECT_EQ(device->state(), DeviceState::FAILED);
    ok(device->stop(0));
    ok(device->close(false, 0));
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(Recovery, RasIsCountedNotObeyed)
{
    bring_up(1, 1);
    start_all(1);
    for (int i = 0; i < 100; ++i) {
        faults().push_ras(aic100::RasSource::DDR, aic100::RasErrorType::UNCORRECTABLE);
        bus->run_for(1ms);
        (void)device->housekeep();
    }
    EXPECT_EQ(device->counters().ras_uncorrectable, 100u);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    expect_running(0);
}

} // namespace
} // namespace test
