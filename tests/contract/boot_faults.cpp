// SPDX-License-Identifier: BSD-3-Clause
// Cards that crash, vanish, fall silent or lie while they boot. reliability.md 5 (a) D03, D06, D19, D26 -
// D28, D33, D34
#include "boot_fixture.hpp"
#include <gmock/gmock.h>

namespace test {
namespace {
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class BootFaults : public BootTest {
  protected:
    std::uint64_t accesses_of_a_boot()
    {
        Driver d(link, clock);
        EXPECT_TRUE(d.controller.boot());
        return d.bus.accesses();
    }
    /// Boots once; the error must be one of the clean ones and the card off the bus.
    Result<BootReport> boot_cleanly(Driver& d)
    {
        const auto began = clock.now();
        auto report = d.controller.boot();
        EXPECT_LE(clock.now() - began, boot_config().limits.firmware + 5s) << "never stuck";
        if (!report) {
            EXPECT_FALSE(d.bus.bus_master());
            EXPECT_EQ(d.controller.loopback(Bytes(1)).error().code,
                      d.controller.health() == mhi::Health::GONE ? Code::E_REMOVED : Code::E_STATE);
        }
        return report;
    }
    Error fails(Driver& d)
    {
        auto report = boot_cleanly(d);
        if (report) ADD_FAILURE() << "boot succeeded";
        return report ? Error{} : report.error();
    }
    void boots(Driver& d)
    {
        const auto report = d.controller.boot();
        ASSERT_TRUE(report) << report.error().message();
        expect_alive(d);
    }
};

TEST_F(BootFaults, SysErrAtEveryRegisterAccess)
{
    const auto whole = accesses_of_a_boot();
    unsigned failed = 0;
    for (const bool reboot : {false, true}) {
        for (std::uint64_t k = 0; k < whole; ++k) {
            the_card().power_cycle();
            Driver d(link, clock);
            d.bus.on_access([&](std::uint64_t n) {
                if (n == k) faults().sys_err(reboot);
            });
            const auto report = boot_cleanly(d);
            if (!report) {
                ++failed;
                const auto code = report.error().code;
                EXPECT_TRUE(code == Code::E_RESET || code == Code::E_TIMEOUT) << report.error().message();
            }
            // Nothing is left behind that a second attempt, with the card's crash over, would trip on.
            if (!report || d.controller.health() != mhi::Health::OK) boots(d);
            if (HasFailure()) {
                ADD_FAILURE() << "SYS_ERR at access " << k << (reboot ? " with reboot" : "");
                return;
            }
        }
    }
    EXPECT_GT(failed, 0u);
}

TEST_F(BootFaults, RemovalAtEveryRegisterAccess)
{
    const auto whole = accesses_of_a_boot();
    for (unsigned k = 1; k <= whole; ++k) {
        the_card().power_cycle();
        {
            Driver d(link, clock);
            faults().remove_after(k);
            const auto report = boot_cleanly(d);
            if (!report) {
                EXPECT_EQ(report.error().code, Code::E_REMOVED)
                    << report.error().message() << " at access " << k;
                EXPECT_EQ(d.controller.health(), mhi::Health::GONE);
                EXPECT_TRUE(d.controller.fence_card()) << "a card that is gone makes no DMA";
            }
        }
        EXPECT_EQ(link.maps(), 0u) << "nothing leaked, access " << k;
        if (HasFailure()) return;
    }
    the_card().power_cycle(); // a new card in the same place
    Driver d(link, clock);
    boots(d);
}

TEST_F(BootFaults, RemovalAfterBootIsSeenByPoll)
{
    Driver d(link, clock);
    boots(d);
    faults().surprise_remove();
    const auto began = clock.now();
    while (d.controller.health() == mhi::Health::OK && clock.now() - began < 1s) {
        d.controller.poll();
        clock.advance(1ms);
    }
    EXPECT_EQ(d.controller.health(), mhi::Health::GONE);
    EXPECT_LE(clock.now() - began, 2 * boot_config().limits.idle);
    EXPECT_EQ(d.controller.telemetry(8).error().code, Code::E_REMOVED);
    const auto touched = d.bus.accesses();
    d.controller.poll();
    d.controller.shutdown();
    EXPECT_EQ(d.bus.accesses(), touched) << "no register is touched when a card is gone (1.6)";
    the_card().power_cycle();
    boots(d);
}

TEST_F(BootFaults, ReadyWithheld)
{
    faults().withhold_ready(true);
    Driver d(link, clock);
    const auto error = fails(d);
    EXPECT_EQ(error.code, Code::E_TIMEOUT);
    EXPECT_EQ(error.text, "aic-test: MHISTATUS.READY did not happen within 400 ms");
    faults().withhold_ready(false);
    boots(d);
}

TEST_F(BootFaults, ReadyJustInTimeAndJustTooLate)
{
    faults().delay_ready(390ms);
    Driver d(link, clock);
    boots(d);
    the_card().power_cycle();
    faults().delay_ready(410ms);
    EXPECT_EQ(fails(d).code, Code::E_TIMEOUT);
}

TEST_F(BootFaults, ResetNeverClears)
{
    Driver d(link, clock);
    boots(d);
    faults().ignore_reset(true);
    d.controller.shutdown(); // bounded; the card loses the bus all the same
    EXPECT_FALSE(d.bus.bus_master());
    EXPECT_EQ(d.bus.dma_bytes() > 0, true);
    const auto error = fails(d);
    EXPECT_EQ(error.code, Code::E_TIMEOUT);
    EXPECT_THAT(error.text, HasSubstr("MHI RESET acknowledge did not happen within 200 ms"));
    faults().ignore_reset(false);
    boots(d);
}

TEST_F(BootFaults, PblFallsSilentTwice)
{
    faults().stall_bhi(true);
    Driver d(link, clock);
    const auto error = fails(d);
    EXPECT_EQ(error.code, Code::E_TIMEOUT);
    EXPECT_THAT(error.text,
                MatchesRegex("aic-test: BHI download of .*/sbl.bin did not happen within 200 ms"));
    faults().stall_bhi(false);
    boots(d);
}

TEST_F(BootFaults, PblRefusesOnceAndIsRetriedBehindASocReset)
{
    faults().fail_bhi(0x1234);
    Driver d(link, clock);
    const auto report = d.controller.boot();
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->stages[0].name, "soc_reset");
}

TEST_F(BootFaults, SaharaNeverBegins)
{
    faults().mute_sahara(true);
    Driver d(link, clock);
    const auto error = fails(d);
    EXPECT_EQ(error.code, Code::E_TIMEOUT);
    EXPECT_EQ(error.text, "aic-test: Sahara HELLO did not happen within 1000 ms");
}

TEST_F(BootFaults, RegisterOffsetsAreWild)
{
    struct Wild {
        std::uint32_t reg, value;
        const char* name;
    };
    for (const auto& w :
         {Wild{aic100::mhi_reg::BHIOFF, 0xfffffff0, "BHIOFF"}, Wild{aic100::mhi_reg::BHIOFF, 0x102, "BHIOFF"},
          Wild{aic100::mhi_reg::BHIOFF, 4096, "BHIOFF"}, Wild{aic100::mhi_reg::CHDBOFF, 0xc08, "CHDBOFF"},
          Wild{aic100::mhi_reg::CHDBOFF, 0x301, "CHDBOFF"}, Wild{aic100::mhi_reg::ERDBOFF, 4096, "ERDBOFF"},
          Wild{aic100::mhi_reg::ERDBOFF, 0x80000000, "ERDBOFF"}}) {
        the_card().power_cycle();
        Driver d(link, clock);
        faults().override_register(w.reg, w.value);
        const auto error = fails(d);
        faults().restore_registers();
        EXPECT_EQ(error.code, Code::E_PROTO);
        EXPECT_THAT(error.text, HasSubstr(fmt::format("D-OFF {} out of range got=0x{:x}", w.name, w.value)));
        boots(d);
    }
}

// Every register the boot reads, all-ones once: asked again, no effect. Always: a clean refusal.
TEST_F(BootFaults, EachRegisterReadsAllOnes)
{
    namespace mhi_reg = aic100::mhi_reg;
    namespace bhi_reg = aic100::bhi_reg;
    constexpr std::uint32_t bhi = 0x100; // of the emulated card
    for (const auto reg :
         {mhi_reg::MHICFG, mhi_reg::CHDBOFF, mhi_reg::ERDBOFF, mhi_reg::BHIOFF, mhi_reg::MHICTRL,
          mhi_reg::MHISTATUS, bhi + bhi_reg::EXECENV, bhi + bhi_reg::STATUS}) {
        the_card().power_cycle();
        Driver d(link, clock);
        faults().override_register(reg, aic100::all_ones, 1);
        boots(d);
        the_card().power_cycle();
        faults().override_register(reg, aic100::all_ones);
        const auto error = fails(d);
        faults().restore_registers();
        EXPECT_EQ(error.code, Code::E_PROTO) << error.message();
        EXPECT_THAT(error.text, HasSubstr("D-ALIVE"));
        boots(d);
    }
}

TEST_F(BootFaults, ExecutionEnvironmentOutOfItsList)
{
    constexpr std::uint32_t execenv = 0x100 + aic100::bhi_reg::EXECENV;
    Driver d(link, clock);
    faults().override_register(execenv, 77); // never becomes PBL
    const auto error = fails(d);
    EXPECT_EQ(error.code, Code::E_TIMEOUT);
    EXPECT_THAT(error.text, HasSubstr("PBL after SoC reset did not happen within 2000 ms (EXECENV=77"));
    faults().restore_registers();
    boots(d);
}

} // namespace
} // namespace test
