// SPDX-License-Identifier: BSD-3-Clause
// From every state a card can be found in to mission mode. aic100-device.md 1.7, 2.14, 3
#include "boot_fixture.hpp"

namespace test {
namespace {

using Names = std::vector<std::string>;
Names names(const BootReport& report)
{
    Names out;
    for (const auto& s : report.stages) out.push_back(s.name);
    return out;
}

class BootPaths : public BootTest {
  protected:
    /// A driver that dies before its register access `k` (never, when the boot takes fewer). Accesses made.
    std::uint64_t die_at(std::uint64_t k)
    {
        Driver d(link, clock);
        d.bus.on_access([&](std::uint64_t n) {
            if (n == k) d.bus.kill();
        });
        (void)d.controller.boot();
        return d.bus.accesses();
    }
    /// A driver that dies as soon as the card has reached `stage`.
    void die_in(card::Stage stage)
    {
        Driver d(link, clock);
        d.bus.on_access([&](std::uint64_t) {
            if (the_card().stage() == stage) d.bus.kill();
        });
        const auto report = d.controller.boot();
        ASSERT_FALSE(report);
        EXPECT_EQ(the_card().stage(), stage);
    }
    Names boot_again(AttachPolicy policy = AttachPolicy::SOC_RESET)
    {
        auto config = boot_config();
        config.attach = policy;
        Driver d(link, clock, config);
        const auto report = d.controller.boot();
        EXPECT_TRUE(report) << report.error().message();
        if (!report) return {"failed"};
        found = report->found;
        expect_alive(d);
        return names(*report);
    }
    std::string found;
};

TEST_F(BootPaths, FromPbl)
{
    Driver d(link, clock);
    const auto report = d.controller.boot();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(names(*report), (Names{"pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(report->found, "PBL");
    EXPECT_EQ(the_card().stage(), card::Stage::AMSS_M0);
    Nanos sum{0};
    for (const auto& s : report->stages) sum += s.took;
    EXPECT_EQ(sum, report->total);
    EXPECT_GE(report->stages[1].took, 4ms) << "the card waits 5 ms before READY";
    EXPECT_GT(d.controller.counters().sahara_bytes, 0u);
    EXPECT_GT(d.controller.boot_log().size(), 0u);
    EXPECT_EQ(d.controller.counters().timesync_boot, 1u);
    expect_alive(d);
    const auto& c = d.controller.mhi().counters();
    EXPECT_EQ(c.m_elem + c.m_erp + c.m_tre + c.m_len + c.m_cmd, 0u);
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(BootPaths, NoMsiIsNeeded)
{
    the_card().set_msi_messages(0);
    EXPECT_EQ(boot_again().back(), "online");
    EXPECT_EQ(link.msi_count(0), 0u);
}

TEST_F(BootPaths, FromSblLeftOver)
{
    die_in(card::Stage::SBL_M0);
    EXPECT_EQ(boot_again(), (Names{"soc_reset", "pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(found, "SBL");
}

TEST_F(BootPaths, FromSblThatOnlyBegan)
{
    die_in(card::Stage::SBL_INIT);
    EXPECT_EQ(boot_again().front(), "soc_reset");
}

TEST_F(BootPaths, FromAmssLeftOverWithSocReset)
{
    {
        Driver first(link, clock);
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    ASSERT_EQ(the_card().stage(), card::Stage::AMSS_M0);
    EXPECT_EQ(boot_again(), (Names{"soc_reset", "pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(found, "AMSS");
}

TEST_F(BootPaths, FromAmssLeftOverWarm)
{
    {
        Driver first(link, clock);
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    EXPECT_EQ(boot_again(AttachPolicy::WARM), (Names{"mhi_reset", "amss", "online"}));
    EXPECT_EQ(found, "AMSS");
}

TEST_F(BootPaths, WarmAfterGracefulShutdown)
{
    {
        Driver first(link, clock);
        ASSERT_TRUE(first.controller.boot());
        first.controller.shutdown();
        first.controller.shutdown(); // idempotent
        EXPECT_FALSE(first.bus.bus_master());
        EXPECT_EQ(first.controller.health(), mhi::Health::OFF);
    }
    EXPECT_EQ(boot_again(AttachPolicy::WARM).back(), "online");
}

TEST_F(BootPaths, FromSysErrInAmssEvenWhenWarm)
{
    {
        Driver first(link, clock);
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    faults().sys_err(false);
    EXPECT_EQ(boot_again(AttachPolicy::WARM).front(), "soc_reset");
    EXPECT_EQ(found, "AMSS in SYS_ERR");
}

TEST_F(BootPaths, FromACrashThatRebooted)
{
    {
        Driver first(link, clock);
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    faults().sys_err(true);
    EXPECT_EQ(boot_again(), (Names{"mhi_reset", "pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(found, "PBL in SYS_ERR");
}

TEST_F(BootPaths, TheSameControllerBootsTwice)
{
    Driver d(link, clock);
    ASSERT_TRUE(d.controller.boot());
    const auto again = d.controller.boot();
    ASSERT_TRUE(again) << again.error().message();
    expect_alive(d);
}

TEST_F(BootPaths, FencedCardIsInPblOffTheBusAndBootsAgain)
{
    Driver d(link, clock);
    ASSERT_TRUE(d.controller.boot());
    const auto fenced = d.controller.fence_card();
    ASSERT_TRUE(fenced) << fenced.error().message();
    EXPECT_EQ(the_card().stage(), card::Stage::PBL);
    EXPECT_FALSE(d.bus.bus_master());
    EXPECT_EQ(d.controller.health(), mhi::Health::OFF);
    EXPECT_EQ(d.controller.telemetry(8).error().code, Code::E_STATE);
    ASSERT_TRUE(d.controller.boot());
    expect_alive(d);
}

// The process may die between any two register accesses; whoever comes next reaches mission mode.
TEST_F(BootPaths, KilledAtEveryRegisterAccess)
{
    const auto whole = die_at(~0ull);
    ASSERT_GT(whole, 100u);
    for (std::uint64_t k = 0; k < whole; ++k) {
        the_card().power_cycle();
        (void)die_at(k);
        EXPECT_EQ(boot_again().back(), "online") << "killed at access " << k << " of " << whole;
        if (HasFailure()) return;
    }
}

TEST_F(BootPaths, MemoryIsGivenBack)
{
    InProcessLink other(card::CardConfig{.ready_delay = 5ms}, clock);
    SteppedBus bus(other, clock);
    {
        Controller controller(bus, boot_config());
        ASSERT_TRUE(controller.boot());
        EXPECT_GT(bus.dma_bytes(), 0u);
        EXPECT_GT(other.maps(), 0u);
    }
    EXPECT_EQ(bus.dma_bytes(), 0u);
    EXPECT_EQ(other.maps(), 0u);
}

} // namespace
} // namespace test
