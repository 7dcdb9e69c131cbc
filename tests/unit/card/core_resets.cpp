// SPDX-License-Identifier: BSD-3-Clause
// Everything that makes a card start over, at every stage. aic100-device.md 1.6, 2.11, 8.3; reliability.md
// D57
#include "stages.hpp"
#include <thread>

namespace test {
namespace {

using card::Stage;
using enum card::Stage;

INSTANTIATE_TEST_SUITE_P(Card, EveryStage, ::testing::ValuesIn(every_stage), stage_name);

TEST_P(EveryStage, SocResetComesBackInPblWithSysErrAndOneMsi)
{
    b.host.msis.clear();
    const auto dma = b.host.dma;
    b.core.write32(2, 0x20004, 5);
    b.mini.w(0xb0, 1);
    EXPECT_EQ(b.mini.r(0xb0), 0u);
    b.mini.settle();
    EXPECT_EQ(b.core.stage(), SYS_ERR);
    EXPECT_EQ(b.host.msis, std::vector<unsigned>{0});
    EXPECT_EQ(b.host.dma, dma) << "no host memory touched";
    EXPECT_EQ(b.mini.exec_env(), 0u);
    EXPECT_EQ(b.mini.r(0x48), 0x0000ff04u);
    EXPECT_EQ(b.mini.load_sbl(built_images().at(0)), 0u) << "not before MHI RESET";
    b.mini.reset();
    EXPECT_EQ(b.core.stage(), PBL);
    EXPECT_EQ(b.mini.r(0x48), 0u);
    EXPECT_EQ(b.mini.r(0x38), 0u);
    b.host.unmap_all();
    EXPECT_TRUE(b.mini.boot(built_images()));
}

TEST_P(EveryStage, MhiResetIsAcknowledgedAndLeadsBackToTheSameFirmware)
{
    const auto env = b.mini.exec_env();
    b.mini.w(0x100 + 0x20, 5); // INTVEC
    b.mini.w(0x38, b.mini.r(0x38) | 2);
    EXPECT_EQ(b.mini.r(0x38) & 2, 2u) << "until handled";
    b.host.unmap_all();
    const auto dma = b.host.dma;
    b.mini.settle();
    EXPECT_EQ(b.mini.r(0x38), 0u);
    EXPECT_EQ(b.mini.r(0x48), 0u) << "no stale READY";
    EXPECT_EQ(b.mini.bhi(0x20), 0u);
    EXPECT_EQ(b.mini.r(0x58), 0u);
    EXPECT_EQ(b.mini.exec_env(), env);
    EXPECT_EQ(b.host.dma, dma);
    if (env == 0) {
        b.mini.pass(2s);
        EXPECT_EQ(b.core.stage(), PBL);
        EXPECT_TRUE(b.mini.boot(built_images()));
    } else if (env == 1) {
        ASSERT_TRUE(b.mini.wait_ready());
        b.mini.program();
        b.mini.request_m0();
        EXPECT_EQ(b.mini.drain(), (std::vector<Event>{{0, 0x20, 2, 0, 0}, {0, 0x40, 1, 0, 0}}));
        EXPECT_TRUE(b.mini.serve_sbl(built_images()));
    } else {
        ASSERT_TRUE(b.mini.warm()) << "READY, M0 and EE AMSS without firmware";
        EXPECT_GE(b.control->resets, 1u) << "users are gone";
        ASSERT_TRUE(b.mini.start_pair(0));
        b.mini.post(1, 10);
        b.mini.send(0, pattern(10, 1));
        EXPECT_EQ(b.mini.receive(1), pattern(10, 1));
    }
}

TEST_P(EveryStage, SurpriseRemovalReadsAllOnesAndTouchesNothing)
{
    b.core.faults().surprise_remove();
    const auto dma = b.host.dma;
    const auto msis = b.host.msis.size();
    EXPECT_EQ(b.core.stage(), GONE);
    for (std::uint32_t offset = 0; offset < 4096; offset += 4) ASSERT_EQ(b.mini.r(offset), 0xffffffffu);
    for (const unsigned bar : {2u, 4u}) EXPECT_EQ(b.core.read32(bar, 0x20000), 0xffffffffu);
    EXPECT_EQ(b.core.read64(0, 0xa28), ~0ull);
    EXPECT_EQ(b.core.window().bytes()[0x2f008], std::byte{0xff}) << "mapped registers too";
    b.mini.w(0x38, 2), b.mini.w(0xb0, 1), b.mini.w64(0x70, 0x104010);
    b.core.write32(2, 0x20004, 1);
    b.core.faults().sys_err(false);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(b.core.poll());
    EXPECT_FALSE(b.core.next_due().has_value());
    EXPECT_EQ(b.host.dma, dma);
    EXPECT_EQ(b.host.msis.size(), msis);
    EXPECT_EQ(b.core.stage(), GONE);

    b.core.power_cycle(); // a new card in the same place (D05)
    EXPECT_EQ(b.core.stage(), PBL);
    EXPECT_EQ(b.core.read32(2, 0x20004), 0u);
    EXPECT_FALSE(b.core.gate().open()) << "Bus Master Enable is clear at power-on";
    b.core.gate().set_bus_master(true), b.core.gate().set_messages(32);
    b.host.unmap_all();
    EXPECT_TRUE(b.mini.boot(built_images()));
}

TEST_P(EveryStage, BusMasterClearStopsAllDmaAndMsi) // D57
{
    auto& faults = b.core.faults();
    const bool mission = GetParam() == AMSS_M0;
    if (mission) {
        ASSERT_TRUE(b.mini.start_pair(0) && b.mini.start_pair(10) && b.mini.start_pair(14));
        for (const unsigned c : {1u, 11u, 15u}) b.mini.post(c, 200);
    }
    b.core.gate().set_bus_master(false);
    const auto dma = b.host.dma;
    const auto msis = b.host.msis.size();
    const auto polls = b.control->polls;
    if (mission) {
        b.mini.send(0, pattern(100, 1));
        b.mini.send(10, pattern(100, 1));
        faults.push_ras(aic100::RasSource::DDR, aic100::RasErrorType::CORRECTABLE);
        for (int i = 0; i < 10; ++i) b.mini.push_command(0x01, 0);
    }
    if (GetParam() == PBL) b.mini.load_sbl(built_images().at(0));
    if (GetParam() == SBL_READY || GetParam() == AMSS_READY) b.mini.program(), b.mini.request_m0();
    b.mini.pass(10s);
    EXPECT_EQ(b.host.dma, dma);
    EXPECT_EQ(b.host.msis.size(), msis);
    EXPECT_EQ(b.control->polls, polls) << "the DMA Bridge does not run";
    b.core.gate().set_bus_master(true);
    b.mini.settle();
    if (mission) {
        EXPECT_EQ(b.mini.receive(1), pattern(100, 1)) << "goes on where it stopped";
        EXPECT_TRUE(b.mini.receive(11) && b.mini.receive(15));
    }
    if (GetParam() == PBL) {
        EXPECT_EQ(b.core.stage(), SBL_INIT);
    }
    if (GetParam() == SBL_READY || GetParam() == AMSS_READY) {
        EXPECT_EQ(b.mini.drain().size(), 2u);
    }
}

TEST_P(EveryStage, CrashWithRebootIsRecoveredByMhiReset)
{
    b.host.msis.clear();
    b.core.faults().sys_err(true);
    EXPECT_EQ(b.host.msis, std::vector<unsigned>{0});
    EXPECT_EQ(b.mini.r(0x48), 0x0000ff04u);
    EXPECT_EQ(b.mini.exec_env(), 0u);
    b.mini.reset();
    EXPECT_EQ(b.core.stage(), PBL);
    b.host.unmap_all();
    EXPECT_TRUE(b.mini.boot(built_images()));
}

TEST(CardResets, SysErrInMissionIsSaidInRegisterEventAndMsi)
{
    Bench b;
    ASSERT_TRUE(bring(b, AMSS_M0));
    b.host.msis.clear();
    unsigned state_at_msi = 0;
    b.host.on_msi = [&](unsigned) { state_at_msi = b.mini.state(); };
    b.core.faults().sys_err(false);
    EXPECT_EQ(state_at_msi, 0xffu);
    EXPECT_EQ(b.host.msis, (std::vector<unsigned>{0, 0}));
    EXPECT_EQ(b.mini.drain(), (std::vector<Event>{{0, 0x20, 0xff, 0, 0}}));
    EXPECT_EQ(b.mini.exec_env(), 2u);
    b.mini.push_command(0x01, 0);
    b.mini.settle();
    EXPECT_TRUE(b.mini.drain().empty());
    b.mini.reset();
    EXPECT_TRUE(b.mini.warm());
}

TEST(CardResets, ResetNotHonouredKeepsReadingOne) // D27
{
    Bench b;
    ASSERT_TRUE(bring(b, AMSS_M0));
    b.core.faults().ignore_reset(true);
    b.mini.reset();
    b.mini.pass(10s);
    EXPECT_EQ(b.mini.r(0x38) & 2, 2u);
    b.mini.w(0x38, 0x200); // cannot be taken back
    EXPECT_EQ(b.mini.r(0x38) & 2, 2u);
    b.core.faults().ignore_reset(false);
    EXPECT_TRUE(b.mini.wait_ready());
}

TEST(CardResets, HostThatDiedWithoutShutdownIsNotServedUntilReset) // 2.14, last paragraph
{
    Bench b;
    ASSERT_TRUE(bring(b, AMSS_M0));
    b.host.unmap_all(); // its memory is gone with it
    b.mini.w(0x38, 0x200);
    b.mini.pass(1s);
    EXPECT_EQ(b.core.stage(), AMSS_M0);
    b.core.faults().push_ras(aic100::RasSource::PCIE, aic100::RasErrorType::CORRECTABLE);
    b.mini.w64(0x70, MiniHost::command_ring + 32); // a stale doorbell into nothing
    b.mini.settle();
    b.mini.reset();
    EXPECT_TRUE(b.mini.warm());
}

TEST(CardResets, RemovalAtTheNthRegisterAccessOfTheBoot) // D03
{
    unsigned steps = 0;
    for (unsigned n = 1; n < 400; ++n, ++steps) {
        Bench b;
        b.core.faults().remove_after(n);
        b.mini.settle();
        if (b.mini.load_sbl(built_images().at(0)) == 2 && b.mini.wait_ready()) {
            b.mini.program();
            b.mini.request_m0();
            b.mini.drain();
        }
        b.mini.settle();
        if (b.core.stage() != GONE) break;
        ASSERT_EQ(b.mini.r(0x48), 0xffffffffu);
    }
    EXPECT_GT(steps, 30u);
    EXPECT_LT(steps, 399u);
}

TEST(CardResets, BusMasterOffFromAnotherThreadIsFinal)
{
    Bench b;
    ASSERT_TRUE(b.mini.boot(built_images()));
    ASSERT_TRUE(b.mini.start_pair(0));
    std::atomic<bool> stopped{false}, violated{false};
    b.host.on_write = [&](std::uint64_t, ConstSpan) {
        if (stopped.load()) violated.store(true);
    };
    std::atomic<bool> end{false};
    for (int i = 0; i < 31; ++i) b.mini.post(1, 64), b.mini.send(0, pattern(64, 1));
    std::thread engine([&] {
        while (!end.load()) b.core.poll();
    });
    b.core.gate().set_bus_master(false);
    stopped.store(true);
    const auto until = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < until) b.mini.w64(0x300, b.mini.channel(0).wp);
    end.store(true);
    engine.join();
    EXPECT_FALSE(violated.load());
}

} // namespace
} // namespace test
