// SPDX-License-Identifier: BSD-3-Clause
// Events that lie, are lost or come twice, on a card in mission mode. reliability.md 5 (a) D22 - D25, D28
#include "aic100/wire/mhi.hpp"
#include "boot_fixture.hpp"
#include <gmock/gmock.h>

namespace test {
namespace {
using namespace aic100;
using ::testing::HasSubstr;

class BootEvents : public BootTest {
  protected:
    void SetUp() override
    {
        const auto report = d.controller.boot();
        ASSERT_TRUE(report) << report.error().message();
        expect_alive(d);
    }
    mhi::Host& host() { return d.controller.mhi(); }
    void poll(unsigned times = 20)
    {
        for (unsigned i = 0; i < times; ++i) {
            d.bus.relax(100us);
            d.controller.poll();
        }
    }
    /// The ring is out of use, and a boot brings the card back.
    void expect_broken_then_boots()
    {
        EXPECT_EQ(d.controller.health(), mhi::Health::BROKEN);
        EXPECT_EQ(d.controller.loopback(Bytes(9)).error().code, Code::E_PROTO);
        faults().only_events({});
        const auto report = d.controller.boot();
        ASSERT_TRUE(report) << report.error().message();
        expect_alive(d);
    }
    static RingElement transfer(std::uint64_t ptr, std::uint8_t channel)
    {
        return make_event(EventType::TRANSFER, ptr, static_cast<std::uint8_t>(Completion::EOT), 8, channel);
    }
    Driver d{link, clock};
};

TEST_F(BootEvents, ReadPointerOutsideOrMisaligned)
{
    std::uint64_t seen = 0;
    for (const std::uint64_t rp :
         {std::uint64_t{0}, std::uint64_t{8}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        faults().publish_event_rp(rp);
        faults().post_event(make_event(EventType::STATE_CHANGE, 0, 2, 0, 0));
        poll(2);
        EXPECT_EQ(host().counters().m_erp, ++seen) << rp;
        expect_broken_then_boots();
        if (HasFatalFailure()) return;
    }
}

TEST_F(BootEvents, FrozenRingTimesOutAndSaysWhat)
{
    faults().freeze_events(true);
    const auto lost = d.controller.loopback(Bytes(9));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Code::E_TIMEOUT);
    EXPECT_EQ(lost.error().text, "aic-test: loopback of 9 bytes did not happen within 1000 ms");
    faults().freeze_events(false);
}

TEST_F(BootEvents, UnknownTypesAndCodesAreDroppedAndCounted)
{
    for (const std::uint8_t type : {0x01, 0x23, 0x28, 0x48, 0x7f, 0xff})
        faults().post_event({0, 0, std::uint32_t{type} << 16});
    for (const std::uint8_t code : {0x00, 0x07, 0x10, 0x11, 0x55, 0xff})
        faults().post_event(make_event(EventType::TRANSFER, 0, code, 1, 11));
    poll();
    EXPECT_EQ(host().counters().m_elem, 12u);
    expect_alive(d);
}

TEST_F(BootEvents, EveryChannelThatDoesNotRunIsDropped)
{
    unsigned sent = 0;
    for (unsigned id = 0; id < 256; ++id) {
        if (host().running(static_cast<std::uint8_t>(id))) continue;
        faults().post_event(transfer(0x1000, static_cast<std::uint8_t>(id)));
        ++sent;
        poll(2);
        if (sent % 32 == 0) d.bus.run_for(1s); // below the rate that means a flood
    }
    EXPECT_EQ(host().counters().m_elem, sent);
    EXPECT_GT(sent, 240u);
    expect_alive(d);
}

TEST_F(BootEvents, FloodOfBadEventsBreaksTheRing)
{
    for (unsigned i = 0; i < 65; ++i) faults().post_event({0, 0, 0x23u << 16});
    poll();
    EXPECT_EQ(host().counters().m_elem, 65u);
    expect_broken_then_boots();
}

TEST_F(BootEvents, TransferEventNamesAnotherElement)
{
    faults().only_events(
        [](const RingElement& e) { return event_type(e) == 0x22 && element_channel(e) == 1; });
    faults().corrupt_next_events([](RingElement& e) { e.ptr = e.ptr.get() + 16; });
    EXPECT_FALSE(d.controller.loopback(Bytes(9)));
    EXPECT_EQ(host().counters().m_tre, 1u);
    expect_broken_then_boots();
}

TEST_F(BootEvents, TransferEventOfAnotherChannelsRing)
{
    faults().only_events(
        [](const RingElement& e) { return event_type(e) == 0x22 && element_channel(e) == 0; });
    faults().corrupt_next_events([](RingElement& e) { e.dw1 = (e.dw1 & 0xffffff) | 6u << 24; });
    EXPECT_FALSE(d.controller.loopback(Bytes(9)));
    EXPECT_EQ(host().counters().m_tre, 1u);
    expect_broken_then_boots();
}

TEST_F(BootEvents, TransferEventTwice)
{
    faults().only_events([](const RingElement& e) { return event_type(e) == 0x22; });
    faults().duplicate_next_events();
    (void)d.controller.loopback(Bytes(9));
    poll();
    EXPECT_EQ(host().counters().m_tre, 1u) << "each buffer completes exactly once";
    expect_broken_then_boots();
}

TEST_F(BootEvents, LengthBeyondTheBufferIsNotBelieved)
{
    faults().only_events(
        [](const RingElement& e) { return event_type(e) == 0x22 && element_channel(e) == 15; });
    faults().corrupt_next_events([](RingElement& e) { e.dw0 = (e.dw0 & 0xff000000) | 0xffff; });
    faults().push_ras(RasSource::DDR, RasErrorType::CORRECTABLE);
    poll();
    EXPECT_EQ(host().counters().m_len, 1u);
    EXPECT_EQ(d.controller.counters().ras_messages, 0u);
    EXPECT_EQ(d.controller.counters().ras_dropped, 1u);
    faults().only_events({});
    faults().push_ras(RasSource::DDR, RasErrorType::CORRECTABLE);
    poll();
    EXPECT_EQ(d.controller.counters().ras_messages, 1u);
}

TEST_F(BootEvents, CommandCompletionLostIsATimeOutAndTheNextCommandWorks)
{
    faults().only_events([](const RingElement& e) { return event_type(e) == 0x21; });
    faults().drop_next_events();
    const auto lost = d.controller.telemetry(8);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Code::E_TIMEOUT);
    EXPECT_EQ(lost.error().text, "aic-test: completion of START of channel 16 did not happen within 200 ms");
    EXPECT_EQ(d.controller.health(), mhi::Health::OK);
    const auto again = d.controller.telemetry(8);
    EXPECT_TRUE(again) << again.error().message();
    EXPECT_EQ(host().counters().m_cmd, 0u);
}

TEST_F(BootEvents, CommandCompletionTwice)
{
    faults().only_events([](const RingElement& e) { return event_type(e) == 0x21; });
    faults().duplicate_next_events();
    (void)d.controller.telemetry(8);
    poll();
    EXPECT_EQ(host().counters().m_cmd, 1u);
    expect_broken_then_boots();
}

TEST_F(BootEvents, CommandRefused)
{
    faults().only_events([](const RingElement& e) { return event_type(e) == 0x21; });
    faults().corrupt_next_events([](RingElement& e) { e.dw0 = 0x10u << 24; });
    const auto refused = d.controller.telemetry(8);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::E_PROTO);
    EXPECT_THAT(refused.error().text, HasSubstr("card refused START of channel 16, completion code 0x10"));
    expect_alive(d);
}

TEST_F(BootEvents, IllegalStatesAndEnvironmentsAreSysErrOnce)
{
    for (const auto& event :
         {make_event(EventType::STATE_CHANGE, 0, 5, 0, 0), make_event(EventType::STATE_CHANGE, 0, 0xfe, 0, 0),
          make_event(EventType::EXEC_ENV, 0, 3, 0, 0), make_event(EventType::EXEC_ENV, 0, 1, 0, 0)}) {
        const auto before = host().counters().sys_errors;
        faults().post_event(event);
        faults().post_event(event);
        poll();
        EXPECT_EQ(d.controller.health(), mhi::Health::SYS_ERR);
        EXPECT_EQ(host().counters().sys_errors, before + 1) << "the second one is not even looked at";
        EXPECT_EQ(d.controller.loopback(Bytes(1)).error().code, Code::E_RESET);
        ASSERT_TRUE(d.controller.boot());
        expect_alive(d);
    }
}

TEST_F(BootEvents, M0AgainRingsTheDoorbellsAgain)
{
    const auto wakes = faults().wake_rings();
    faults().post_event(make_event(EventType::STATE_CHANGE, 0, 2, 0, 0));
    faults().post_event(make_event(EventType::EXEC_ENV, 0, 2, 0, 0));
    faults().post_event(make_event(EventType::BANDWIDTH, 0, 4, 0, 3));
    poll();
    EXPECT_EQ(faults().wake_rings(), wakes + 1);
    EXPECT_EQ(host().counters().m_elem, 0u);
    expect_alive(d);
}

TEST_F(BootEvents, M1IsGrantedAndM0IsAskedForAgain)
{
    faults().post_event(make_event(EventType::STATE_CHANGE, 0, 3, 0, 0));
    poll();
    EXPECT_EQ(d.controller.health(), mhi::Health::OK);
    EXPECT_GE(faults().wake_rings(), 1u);
}

TEST_F(BootEvents, SysErrIsSeenByEventAndByRegister)
{
    faults().sys_err(false);
    poll(2);
    EXPECT_EQ(d.controller.health(), mhi::Health::SYS_ERR);
    ASSERT_TRUE(d.controller.boot());
    faults().sys_err(true); // no event: only MHISTATUS tells
    const auto began = clock.now();
    while (d.controller.health() == mhi::Health::OK && clock.now() - began < 1s) poll(1);
    EXPECT_EQ(d.controller.health(), mhi::Health::SYS_ERR);
    EXPECT_LE(clock.now() - began, 2 * boot_config().limits.idle);
    ASSERT_TRUE(d.controller.boot());
    expect_alive(d);
}

TEST_F(BootEvents, IdlePollsHardlyTouchRegisters)
{
    const auto before = d.bus.accesses();
    for (unsigned i = 0; i < 1000; ++i) d.controller.poll(); // no time passes
    EXPECT_EQ(d.bus.accesses(), before);
    for (unsigned i = 0; i < 1000; ++i) d.controller.poll(), clock.advance(100us);
    EXPECT_LE(d.bus.accesses() - before, 12u) << "one look at MHISTATUS every 10 ms";
}

} // namespace
} // namespace test
