// SPDX-License-Identifier: BSD-3-Clause
// From every state a card can be found in to mission mode, over every bus. aic100-device.md 1.7, 2.14, 3
#include "slot_fixture.hpp"

namespace test {
namespace {

using Names = std::vector<std::string>;
Names names(const BootReport& report)
{
    Names out;
    for (const auto& s : report.stages) out.push_back(s.name);
    return out;
}

class BootPaths : public SlotTest {
  protected:
    /// A driver that dies before its register access `k` (never, when the boot takes fewer). Accesses made.
    std::uint64_t die_at(std::uint64_t k)
    {
        SlotDriver d(slot, config());
        d.bus.on_access([&](std::uint64_t n) {
            if (n == k) d.bus.kill();
        });
        (void)d.controller.boot();
        return d.bus.accesses();
    }
    /// A driver that dies as soon as the card has reached `stage`.
    void die_in(card::Stage stage)
    {
        SlotDriver d(slot, config());
        d.bus.on_access([&](std::uint64_t) {
            if (slot.stage() == stage) d.bus.kill();
        });
        const auto report = d.controller.boot();
        ASSERT_FALSE(report);
        // In real time the card goes on to where it waits for its host.
        EXPECT_GE(slot.stage(), stage);
        EXPECT_LE(slot.stage(), slot.real_time() ? card::Stage::SBL_M0 : stage);
    }
    Names boot_again(AttachPolicy policy = AttachPolicy::SOC_RESET)
    {
        auto wanted = config();
        wanted.attach = policy;
        SlotDriver d(slot, wanted);
        const auto report = d.controller.boot();
        EXPECT_TRUE(report) << report.error().message();
        if (!report) return {"failed"};
        found = report->found;
        expect_alive(d);
        return names(*report);
    }
    std::string found;
};

TEST_P(BootPaths, FromPbl)
{
    SlotDriver d(slot, config());
    const auto report = d.controller.boot();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(names(*report), (Names{"pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(report->found, "PBL");
    EXPECT_EQ(slot.stage(), card::Stage::AMSS_M0);
    Nanos sum{0};
    for (const auto& s : report->stages) sum += s.took;
    EXPECT_LE(sum, report->total);
    EXPECT_LT(report->total - sum, slot.real_time() ? 100ms : 1ns);
    // Where time is real this thread may sleep through a part of it, before it begins to wait.
    EXPECT_GE(report->stages[0].took + report->stages[1].took, 4ms) << "the card waits 5 ms before READY";
    EXPECT_GT(d.controller.counters().sahara_bytes, 0u);
    EXPECT_GT(d.controller.boot_log().size(), 0u);
    EXPECT_EQ(d.controller.counters().timesync_boot, 1u);
    expect_alive(d);
    const auto& c = d.controller.mhi().counters();
    EXPECT_EQ(c.m_elem + c.m_erp + c.m_tre + c.m_len + c.m_cmd, 0u);
    EXPECT_EQ(slot.refused(), 0u);
}

// Without MSI messages, that is: the driver polls.
TEST_P(BootPaths, NoMsiIsNeeded)
{
    slot.with_card([](card::Card& c) { c.set_msi_messages(0); });
    EXPECT_EQ(boot_again().back(), "online");
}

TEST_P(BootPaths, FromSblLeftOver)
{
    die_in(card::Stage::SBL_M0);
    EXPECT_EQ(boot_again(), (Names{"soc_reset", "pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(found, "SBL");
}

TEST_P(BootPaths, FromSblThatOnlyBegan)
{
    die_in(card::Stage::SBL_INIT);
    EXPECT_EQ(boot_again().front(), "soc_reset");
}

TEST_P(BootPaths, FromAmssLeftOverWithSocReset)
{
    {
        SlotDriver first(slot, config());
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    ASSERT_EQ(slot.stage(), card::Stage::AMSS_M0);
    EXPECT_EQ(boot_again(), (Names{"soc_reset", "pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(found, "AMSS");
}

TEST_P(BootPaths, FromAmssLeftOverWarm)
{
    {
        SlotDriver first(slot, config());
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    EXPECT_EQ(boot_again(AttachPolicy::WARM), (Names{"mhi_reset", "amss", "online"}));
    EXPECT_EQ(found, "AMSS");
}

TEST_P(BootPaths, WarmAfterGracefulShutdown)
{
    {
        SlotDriver first(slot, config());
        ASSERT_TRUE(first.controller.boot());
        first.controller.shutdown();
        first.controller.shutdown(); // idempotent
        EXPECT_EQ(first.controller.health(), mhi::Health::OFF);
    }
    EXPECT_EQ(boot_again(AttachPolicy::WARM).back(), "online");
}

TEST_P(BootPaths, FromSysErrInAmssEvenWhenWarm)
{
    {
        SlotDriver first(slot, config());
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    slot.with_card([](card::Card& c) { c.faults().sys_err(false); });
    EXPECT_EQ(boot_again(AttachPolicy::WARM).front(), "soc_reset");
    EXPECT_EQ(found, "AMSS in SYS_ERR");
}

TEST_P(BootPaths, FromACrashThatRebooted)
{
    {
        SlotDriver first(slot, config());
        ASSERT_TRUE(first.controller.boot());
        first.bus.kill();
    }
    slot.with_card([](card::Card& c) { c.faults().sys_err(true); });
    EXPECT_EQ(boot_again(), (Names{"mhi_reset", "pbl", "sbl", "sahara", "amss", "online"}));
    EXPECT_EQ(found, "PBL in SYS_ERR");
}

TEST_P(BootPaths, TheSameControllerBootsTwice)
{
    SlotDriver d(slot, config());
    ASSERT_TRUE(d.controller.boot());
    const auto again = d.controller.boot();
    ASSERT_TRUE(again) << again.error().message();
    expect_alive(d);
}

TEST_P(BootPaths, FencedCardIsInPblOffTheBusAndBootsAgain)
{
    SlotDriver d(slot, config());
    ASSERT_TRUE(d.controller.boot());
    const auto fenced = d.controller.fence_card();
    ASSERT_TRUE(fenced) << fenced.error().message();
    EXPECT_EQ(slot.stage(), card::Stage::PBL);
    EXPECT_EQ(d.controller.health(), mhi::Health::OFF);
    EXPECT_EQ(d.controller.telemetry(8).error().code, Code::E_STATE);
    ASSERT_TRUE(d.controller.boot());
    expect_alive(d);
}

// The process may die between any two register accesses; whoever comes next reaches mission mode. Where a
// boot takes real time, at 16 of them.
TEST_P(BootPaths, KilledAtEveryRegisterAccess)
{
    const auto whole = die_at(~0ull);
    ASSERT_GT(whole, 100u);
    const auto step = slot.real_time() ? whole / 16 : 1;
    for (std::uint64_t k = 0; k < whole; k += step) {
        slot.with_card([](card::Card& c) { c.power_cycle(); });
        (void)die_at(k);
        EXPECT_EQ(boot_again().back(), "online") << "killed at access " << k << " of " << whole;
        if (HasFailure()) return;
    }
}

TEST_P(BootPaths, MemoryIsGivenBack)
{
    auto plugged = slot.plug();
    ASSERT_TRUE(plugged) << plugged.error().message();
    auto& bus = **plugged;
    {
        Controller controller(bus, config());
        ASSERT_TRUE(controller.boot());
        EXPECT_GT(slot.maps(), 0u);
    }
    EXPECT_EQ(slot.maps(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Bus, BootPaths, ::testing::ValuesIn(all_slots()), slot_name);

} // namespace
} // namespace test
