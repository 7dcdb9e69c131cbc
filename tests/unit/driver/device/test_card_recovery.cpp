// SPDX-License-Identifier: BSD-3-Clause
// The whole card is lost and comes back (reliability.md 2.4; rows D18, D21, D29, D58, D66): every operation
// exactly once, networks and activations restored, at most 3 times in 10 minutes.
#include "recovery_fixture.hpp"
#include <thread>

namespace test {
namespace {

using CardRecovery = RecoveryTest;

TEST_F(CardRecovery, CrashUnderLoadThenAHundredThousandOperations)
{
    bring_up(2, 2);
    start_all(2);
    qsm().freeze(0, true), qsm().freeze(1, true);
    Ops a(*bus, 3, 0), b(*bus, 5, 1);
    ASSERT_EQ(enqueue(*qps[0], a), 3);
    ASSERT_EQ(enqueue(*qps[1], b), 5);
    faults().sys_err(false);
    ASSERT_TRUE(notice_loss());
    EXPECT_EQ(device->state(), DeviceState::RECOVERING);
    // Nothing is taken, nothing is lost: E_BUSY of the control side, 0 of a burst (2.4).
    Ops early(*bus, 1, 0);
    EXPECT_EQ(enqueue(*qps[0], early), 0);
    EXPECT_EQ(early.ops[0].status, 0u);
    EXPECT_EQ(device->load_model(echo()).error().code, Code::E_BUSY);
    EXPECT_EQ(device->stop_model(0).error().code, Code::E_BUSY);
    EXPECT_EQ(collect(*qps[0], a, 3), 3u);
    EXPECT_EQ(collect(*qps[1], b, 5), 5u);
    expect_all(a, Code::E_RESET);
    expect_all(b, Code::E_RESET);
    qsm().freeze(0, false), qsm().freeze(1, false);
    device->recover();
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_EQ(device->counters().card_losses, 1u);
    EXPECT_EQ(device->counters().card_recoveries, 1u);
    EXPECT_EQ(told(DeviceEventKind::RECOVERING), 1u);
    EXPECT_EQ(told(DeviceEventKind::RECOVERED), 1u);
    EXPECT_EQ(told(DeviceEventKind::DBC_QUARANTINED), 0u) << "the card, not its DBCs";
    expect_good(0, 100'000);
    expect_good(1, 1000);
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(CardRecovery, ModelsKeepWhatTheyWere)
{
    bring_up(1, 3);
    ok(device->start());
    ok(device->start_model(1)); // 0 and 2 are loaded only
    lose_and_recover();
    Ops stopped(*bus, 1, 0);
    ASSERT_EQ(enqueue(*qps[0], stopped), 1);
    ASSERT_EQ(collect(*qps[0], stopped, 1), 1u);
    EXPECT_EQ(stopped.fate(0).code, Code::E_INVAL) << "not started before, not started now";
    expect_good(1, 10);
    ok(device->start_model(0));
    expect_good(0, 10);
    ok(device->stop_model(1));
    ok(device->unload_model(1));
    ok(device->unload_model(2));
    const auto id = device->load_model(echo());
    ASSERT_TRUE(id);
    ok(device->start_model(*id));
    expect_good(*id, 10);
}

TEST_F(CardRecovery, AStoppedDeviceRecoversAndStarts)
{
    bring_up(1, 1);
    start_all(1);
    ok(device->stop(0));
    lose_and_recover();
    ok(device->start());
    expect_good(0, 100);
}

TEST_F(CardRecovery, ThreeTimesThenFailed)
{
    bring_up(1, 1);
    start_all(1);
    const Nanos pauses[] = {0s, 1s, 10s};
    for (unsigned round = 0; round < 3; ++round) {
        faults().sys_err(false);
        ASSERT_TRUE(notice_loss()) << round;
        const auto lost = clock.now();
        ASSERT_TRUE(until(DeviceState::ONLINE)) << round;
        EXPECT_GE(clock.now() - lost, pauses[round]);
        EXPECT_LT(clock.now() - lost, pauses[round] + 1s);
        expect_good(0, 10);
    }
    qsm().freeze(0, true);
    Ops last(*bus, 2, 0);
    ASSERT_EQ(enqueue(*qps[0], last), 2);
    faults().sys_err(false);
    ASSERT_TRUE(until(DeviceState::FAILED));
    EXPECT_EQ(collect(*qps[0], last, 2), 2u);
    expect_all(last, Code::E_RESET);
    EXPECT_EQ(told(DeviceEventKind::FAILED), 1u);
    Ops later(*bus, 1, 0);
    ASSERT_EQ(enqueue(*qps[0], later), 1);
    ASSERT_EQ(collect(*qps[0], later, 1), 1u);
    expect_all(later, Code::E_STATE);
    EXPECT_EQ(device->start_model(0).error().code, Code::E_STATE);
    EXPECT_EQ(device->counters().card_recoveries, 3u);
    bus->run_for(RecoveryBudget::window); // FAILED is for good
    EXPECT_FALSE(device->housekeep());
    ok(device->stop(0));
    ok(device->close(false, 0));
}

TEST_F(CardRecovery, ACardThatDoesNotBootIsGivenUpAfterThreeAttempts)
{
    bring_up(1, 1);
    start_all(1);
    faults().withhold_ready(true);
    faults().sys_err(true);
    const auto began = clock.now();
    ASSERT_TRUE(until(DeviceState::FAILED));
    EXPECT_GE(clock.now() - began, 11s) << "back-off 0, 1 and 10 s";
    EXPECT_EQ(device->counters().recovery_failures, 3u);
    EXPECT_EQ(device->counters().card_recoveries, 0u);
    ok(device->close(true, 0));
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(CardRecovery, AnAttemptThatFailsIsFollowedByOneThatWorks)
{
    bring_up(1, 1);
    start_all(1);
    faults().withhold_ready(true);
    faults().sys_err(true);
    for (int i = 0; i < 1000 && device->counters().recovery_failures == 0; ++i) upkeep(10ms);
    ASSERT_EQ(device->counters().recovery_failures, 1u);
    EXPECT_EQ(device->state(), DeviceState::RECOVERING);
    faults().withhold_ready(false);
    ASSERT_TRUE(until(DeviceState::ONLINE));
    expect_good(0, 1000);
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(CardRecovery, SilentFirmwareIsFencedByReset)
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
    qsm().freeze(0, false), qsm().freeze(1, false);
    qsm().mute(false);
    ASSERT_TRUE(until(DeviceState::ONLINE));
    EXPECT_GE(device->counters().card_losses, 1u) << "a DEACTIVATE without an answer takes the card with it";
    expect_good(0, 100);
    expect_good(1, 100);
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(CardRecovery, UncorrectableErrorsResetOnceThenOnlyCount)
{
    bring_up(1, 1);
    start_all(1);
    for (int i = 0; i < 1000; ++i) {
        if (device->state() == DeviceState::ONLINE)
            faults().push_ras(aic100::RasSource::DDR, aic100::RasErrorType::UNCORRECTABLE);
        upkeep(1ms);
    }
    EXPECT_GE(device->counters().ras_uncorrectable, 900u);
    EXPECT_EQ(device->counters().ras_resets, 1u);
    EXPECT_EQ(device->counters().card_recoveries, 1u);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_EQ(told(DeviceEventKind::RAS), device->counters().ras_uncorrectable);
    faults().push_ras(aic100::RasSource::DDR, aic100::RasErrorType::CORRECTABLE);
    upkeep(1ms);
    EXPECT_EQ(device->counters().ras_resets, 1u);
    bus->run_for(RecoveryBudget::window);
    faults().push_ras(aic100::RasSource::DDR, aic100::RasErrorType::UNCORRECTABLE);
    for (int i = 0; i < 100; ++i) upkeep(1ms);
    EXPECT_EQ(device->counters().ras_resets, 2u) << "the window is over";
    expect_good(0, 100);
}

TEST_F(CardRecovery, TemperatureIsAnEvent)
{
    bring_up(1, 1);
    aic100::RasMessage hot{};
    hot.header.magic = aic100::ras_magic, hot.header.version = 2;
    hot.header.length = sizeof hot - sizeof hot.header;
    hot.source = static_cast<std::uint32_t>(aic100::RasSource::TEMPERATURE);
    hot.syndrome[0] = 2, hot.syndrome[4] = 0xf6; // critical, -10
    hot.syndrome[5] = hot.syndrome[6] = hot.syndrome[7] = 0xff;
    faults().push_ras(hot);
    upkeep(1ms), upkeep(1ms);
    ASSERT_EQ(told(DeviceEventKind::TEMPERATURE), 1u);
    EXPECT_EQ(static_cast<std::int32_t>(events.back().value), -10);
    EXPECT_EQ(events.back().source, 2u);
    EXPECT_EQ(device->counters().ras_resets, 0u);
}

TEST_F(CardRecovery, CanBeSwitchedOff)
{
    auto c = config();
    c.recover = false;
    bring_up(1, 1, nullptr, 16, c);
    start_all(1);
    faults().sys_err(false);
    ASSERT_TRUE(until(DeviceState::FAILED));
    EXPECT_EQ(device->counters().card_recoveries, 0u);
    ok(device->stop(0));
    ok(device->close(false, 0));
}

TEST_F(CardRecovery, NeverFromStopOrClose)
{
    static unsigned flushed;
    flushed = 0;
    bring_up(1, 1, [](std::int16_t, std::uint16_t, rte_ml_op* op) {
        ++flushed;
        EXPECT_EQ(OpFate::unpack(op->impl_opaque).code, Code::E_RESET);
    });
    start_all(1);
    qsm().freeze(0, true);
    Ops ops(*bus, 2, 0);
    ASSERT_EQ(enqueue(*qps[0], ops), 2);
    faults().sys_err(false);
    const auto boots = faults().register_writes(bhi_doorbell());
    ok(device->stop(0));
    EXPECT_EQ(flushed, 2u) << "stop fences a card that is lost";
    EXPECT_EQ(device->state(), DeviceState::RECOVERING);
    ok(device->close(false, 0));
    device->recover();
    EXPECT_FALSE(device->housekeep());
    EXPECT_EQ(faults().register_writes(bhi_doorbell()), boots) << "nothing was booted";
    EXPECT_EQ(device->counters().card_recoveries, 0u);
}

/// The administrator wants the card back (H26): everything is handed back and DMA is off at once, no reset is
/// waited for, and nothing boots again.
TEST_F(CardRecovery, ARemovalRequestIsObeyedAtOnce)
{
    bring_up(2, 1);
    start_all(1);
    qsm().freeze(0, true);
    Ops a(*bus, 3, 0), b(*bus, 4, 0);
    ASSERT_EQ(enqueue(*qps[0], a), 3);
    ASSERT_EQ(enqueue(*qps[1], b), 4);
    const auto began = clock.now();
    const auto resets = faults().register_writes(aic100::mhi_reg::SOC_RESET_REQ);
    device->removal_requested();
    upkeep(0ns);
    EXPECT_LT(clock.now() - began, 10ms);
    EXPECT_EQ(device->state(), DeviceState::REMOVED);
    EXPECT_EQ(collect(*qps[0], a, 3), 3u);
    EXPECT_EQ(collect(*qps[1], b, 4), 4u);
    expect_all(a, Code::E_REMOVED);
    expect_all(b, Code::E_REMOVED);
    EXPECT_EQ(faults().register_writes(aic100::mhi_reg::SOC_RESET_REQ), resets);
    qsm().freeze(0, false);
    const auto refused = link.refused();
    bus->run_for(10s); // the card would answer now, if it could
    EXPECT_EQ(link.refused(), refused);
    EXPECT_FALSE(a.echoed(0));
    EXPECT_FALSE(device->housekeep());
    EXPECT_EQ(told(DeviceEventKind::REMOVED), 1u);
    ok(device->stop(0));
    ok(device->close(false, 0));
}

/// Also while it is on its way back.
TEST_F(CardRecovery, ARemovalRequestEndsARecovery)
{
    bring_up(1, 1);
    start_all(1);
    faults().sys_err(false);
    ASSERT_TRUE(notice_loss());
    device->removal_requested();
    ASSERT_TRUE(until(DeviceState::REMOVED));
    EXPECT_EQ(device->counters().card_recoveries, 0u);
    ok(device->close(true, 0));
}

/// Whoever joins the recovery's thread says so first.
TEST_F(CardRecovery, EndsWhenItsOwnerSaysSo)
{
    bring_up(1, 1);
    start_all(1);
    faults().sys_err(false);
    ASSERT_TRUE(notice_loss());
    device->end_recovery();
    device->recover();
    EXPECT_EQ(device->counters().card_recoveries, 0u);
    ok(device->close(true, 0));
}

/// A card that vanishes at any register access on its way back is REMOVED; nothing hangs, nothing is lost.
TEST_F(CardRecovery, RemovalAtEveryStep)
{
    std::uint64_t accesses = 0;
    for (std::uint64_t at = 1; at == 1 || at < accesses; at += 1 + accesses / 40) {
        fresh_card();
        bring_up(1, 1);
        start_all(1);
        qsm().freeze(0, true);
        Ops ops(*bus, 2, 0);
        ASSERT_EQ(enqueue(*qps[0], ops), 2);
        faults().sys_err(false);
        ASSERT_TRUE(notice_loss());
        const auto before = bus->accesses();
        if (accesses != 0) faults().remove_after(static_cast<unsigned>(at));
        device->recover();
        if (accesses == 0) {
            accesses = bus->accesses() - before;
            ASSERT_EQ(device->state(), DeviceState::ONLINE);
            continue;
        }
        EXPECT_TRUE(until(DeviceState::REMOVED)) << at << " of " << accesses;
        EXPECT_EQ(collect(*qps[0], ops, 2), 2u) << at;
        EXPECT_EQ(ops.returned_once(), 2u) << at;
        Ops later(*bus, 1, 0);
        ASSERT_EQ(enqueue(*qps[0], later), 1);
        ASSERT_EQ(collect(*qps[0], later, 1), 1u);
        expect_all(later, Code::E_REMOVED);
        EXPECT_EQ(told(DeviceEventKind::REMOVED), 1u);
        ok(device->stop(0));
        ok(device->close(false, 0));
        ASSERT_EQ(link.refused(), 0u) << at;
        if (HasFailure()) return;
    }
}

/// Another thread stops or closes the device at any register access of the recovery: it returns within T_soc
/// + 1 s, the recovery gives way, and a stopped device is brought back later (D66).
TEST_F(CardRecovery, GivesWayToStopAndCloseAtEveryStep)
{
    std::uint64_t accesses = 0;
    unsigned gave_way = 0;
    for (std::uint64_t at = 0; at == 0 || at < accesses; at += 1 + accesses / 40) {
        const bool close = at % 2 == 1;
        fresh_card();
        bring_up(1, 1);
        start_all(1);
        faults().sys_err(false);
        ASSERT_TRUE(notice_loss());
        const auto before = bus->accesses();
        std::thread other;
        if (accesses != 0)
            bus->on_access([&](std::uint64_t access) {
                if (access != before + at) return;
                std::atomic<bool> called{false};
                other = std::thread([&] {
                    called = true;
                    ok(close ? device->close(true, 0) : device->stop(0));
                });
                while (!called) std::this_thread::yield();
                std::this_thread::sleep_for(1ms); // time to ask; whether it was enough is only counted
            });
        const auto began = clock.now();
        device->recover();
        if (accesses == 0) accesses = bus->accesses() - before;
        gave_way += at != 0 && bus->accesses() - before < at + (accesses - at) / 2;
        if (other.joinable()) other.join();
        bus->on_access({});
        EXPECT_LT(clock.now() - began, config().controller.limits.soc + 1s) << at;
        if (close && accesses != 0 && at != 0) {
            EXPECT_TRUE(device->closed());
        } else {
            ASSERT_TRUE(until(DeviceState::ONLINE)) << at;
            ok(device->start());
            expect_good(0, 10);
        }
        ASSERT_EQ(link.refused(), 0u) << at;
        if (HasFailure()) return;
    }
    EXPECT_GT(gave_way, 5u) << "a boot that is under way ends early";
}

} // namespace
} // namespace test
