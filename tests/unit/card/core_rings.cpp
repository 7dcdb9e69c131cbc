// SPDX-License-Identifier: BSD-3-Clause
// Command, event and transfer rings. aic100-device.md 2.8, 2.9, 8.5
#include "stages.hpp"

namespace test {
namespace {

class CardRings : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(h.boot(built_images())); }
    Bench b;
    MiniHost& h = b.mini;
};

TEST_F(CardRings, TenThousandEventsWithTheDoorbellWithheld)
{
    std::uint64_t sent = 0, seen = 0, next_ptr = 0;
    std::vector<std::uint64_t> expected;
    while (sent < 10'000) {
        const unsigned batch = 1 + static_cast<unsigned>(sent * 7 % 127);
        for (unsigned i = 0; i < batch; ++i) expected.push_back(h.push_command(0x01, 0));
        sent += batch;
        h.settle();
        while (seen < sent) {
            const auto waiting = b.core.faults().events_waiting();
            const auto events = h.drain(false);
            ASSERT_LE(events.size(), 31u);
            ASSERT_EQ(events.size() + waiting, sent - seen) << "none lost";
            for (const auto& event : events) {
                ASSERT_EQ(event, (Event{expected[next_ptr], 0x21, 1, 0, 0}));
                ++next_ptr;
            }
            seen += events.size();
            h.settle();
            ASSERT_TRUE(h.drain(false).empty()) << "nothing without the doorbell";
            h.ring_events();
            h.ring_events(); // an unchanged value is a no-op
            h.settle();
        }
    }
    EXPECT_EQ(next_ptr, sent);
    EXPECT_EQ(b.core.faults().events_waiting(), 0u);
}

TEST_F(CardRings, WorkStopsBeforeTheEventQueueGrowsWithoutLimit)
{
    ASSERT_TRUE(h.start_pair(0));
    ASSERT_TRUE(h.start_pair(22));
    b.core.faults().freeze_events(true);
    for (int i = 0; i < 31; ++i) h.post(1, 100), h.send(0, pattern(10, 1)), h.send(22, pattern(24, 1));
    for (int i = 0; i < 127; ++i) h.push_command(0x01, 0);
    h.settle();
    EXPECT_LE(b.core.faults().events_waiting(), 2 * card::EventRing::backlog_limit);
    EXPECT_TRUE(h.drain().empty());
    b.core.faults().freeze_events(false);
    std::size_t events = 0;
    for (int i = 0; i < 20; ++i) h.settle(), events += h.drain().size();
    EXPECT_EQ(events, 127u + 3 * 31);
    EXPECT_EQ(h.channel(1).packets.size(), 31u);
}

TEST_F(CardRings, EventDoorbellOutsideTheRingStopsPostingUntilItIsGoodAgain)
{
    h.push_command(0x01, 0);
    h.w64(0x700, MiniHost::event_ring + 512);
    h.settle();
    EXPECT_TRUE(h.drain(false).empty());
    h.ring_events();
    h.settle();
    EXPECT_EQ(h.drain().size(), 1u);
}

TEST_F(CardRings, LoopbackOfEveryLength)
{
    ASSERT_TRUE(h.start_pair(0));
    const auto all = pattern(65535 + 64, 3);
    for (std::uint32_t n = 1; n <= 65535; n += n < 2000 || n > 65500 ? 1 : 97) {
        const auto sent = ConstSpan(all).subspan(n % 64, n);
        h.post(1, n % 3 == 0 ? n : 65535);
        h.send(0, sent);
        const auto got = h.receive(1);
        ASSERT_TRUE(got && std::equal(got->begin(), got->end(), sent.begin(), sent.end())) << n;
    }
    EXPECT_EQ(h.channel(0).errors + h.channel(1).errors, 0u);
    EXPECT_EQ(h.channel(0).completed, h.channel(1).completed);
}

TEST_F(CardRings, ChainedElementsWaitForTheLastWithADoorbellAfterEach)
{
    ASSERT_TRUE(h.start_pair(0));
    h.post(1, 65535);
    const auto sent = pattern(31 * 100, 5);
    for (std::uint32_t i = 0; i < 31; ++i) { // a full ring in one TD
        b.host.map(0x70000000 + i * 0x1000, ConstSpan(sent).subspan(i * 100, 100));
        h.push(0, 0x70000000 + i * 0x1000, 100, i == 30 ? 0x00020200 : 0x00020001);
        ASSERT_TRUE(h.drain().empty()) << i;
        h.ring(0);
        h.settle();
    }
    EXPECT_EQ(h.receive(1), sent);
    EXPECT_EQ(h.channel(0).completed, 1u) << "one event for the whole TD";
}

TEST_F(CardRings, ControlRingOf128WrapsManyTimes)
{
    ASSERT_TRUE(h.start_pair(10, 128));
    for (unsigned i = 0; i < 2000; ++i) {
        h.post(11, 4096);
        const auto message = pattern(33 + i % 900, i);
        h.send(10, message, 32 + i % 64);
        ASSERT_EQ(h.receive(11), Bytes(message.rbegin(), message.rend())) << i;
    }
    EXPECT_EQ(h.channel(10).errors + h.channel(11).errors, 0u);
}

TEST_F(CardRings, ManySmallTdsAtOnceStayInOrder)
{
    ASSERT_TRUE(h.start_pair(0));
    for (unsigned round = 0; round < 50; ++round) {
        for (unsigned i = 0; i < 31; ++i) h.post(1, 64);
        for (unsigned i = 0; i < 31; ++i) h.send(0, pattern(1 + i, round * 31 + i));
        for (unsigned i = 0; i < 31; ++i) ASSERT_EQ(h.receive(1), pattern(1 + i, round * 31 + i));
    }
}

TEST_F(CardRings, PacketsWaitForBuffersAndRequestsForRepliesToLeave)
{
    ASSERT_TRUE(h.start_pair(0));
    for (unsigned i = 0; i < 31; ++i) h.send(0, pattern(10, i));
    EXPECT_EQ(h.receive(1), std::nullopt);
    EXPECT_EQ(b.core.engine().pending(1), 16u) << "held in the card";
    EXPECT_EQ(h.channel(0).completed, 16u) << "the rest is not taken from the ring";
    for (unsigned i = 0; i < 31; ++i) {
        h.post(1, 10);
        ASSERT_EQ(h.receive(1), pattern(10, i));
    }
}

TEST_F(CardRings, LongPacketOverflowsIntoTheNextBuffers)
{
    ASSERT_TRUE(h.start_pair(0));
    h.post(1, 100), h.post(1, 100), h.post(1, 100);
    const auto sent = pattern(250, 9);
    h.send(0, sent);
    EXPECT_EQ(h.receive(1), sent);
    std::vector<Event> parts;
    for (const auto& event : h.history)
        if (event.channel == 1 && event.type == 0x22) parts.push_back(event);
    const auto at = MiniHost::rings + 0x4000;
    EXPECT_EQ(parts, (std::vector<Event>{
                         {at, 0x22, 3, 100, 1}, {at + 16, 0x22, 3, 100, 1}, {at + 32, 0x22, 2, 50, 1}}));

    h.send(0, sent); // the second half waits for a buffer
    h.post(1, 100);
    EXPECT_EQ(h.receive(1), std::nullopt);
    h.post(1, 150);
    EXPECT_EQ(h.receive(1), sent);
}

TEST_F(CardRings, StartTwiceReadsTheContextAgain)
{
    ASSERT_TRUE(h.start_pair(0));
    h.post(1, 100);
    EXPECT_EQ(h.start(1), 1u) << "from scratch, though it runs: the old buffer is forgotten";
    h.send(0, pattern(5, 1));
    EXPECT_EQ(h.receive(1), std::nullopt);
    h.post(1, 100);
    EXPECT_EQ(h.receive(1), pattern(5, 1));
    EXPECT_EQ(h.command(0x12, 1), 0x10u) << "state RUNNING instead of ENABLED";
    h.send(0, pattern(6, 1));
    h.post(1, 100);
    EXPECT_EQ(h.receive(1), pattern(6, 1)) << "and it still runs";
}

TEST_F(CardRings, StartTakesElementsThatAreAlreadyQueued)
{
    ASSERT_EQ(h.start(1), 1u);
    h.post(1, 100);
    h.fill_context(0, 32);
    const auto sent = pattern(10, 4);
    b.host.map(0x70000000, sent);
    h.push(0, 0x70000000, 10, 0x00020200);
    ASSERT_EQ(h.command(0x12, 0), 1u);
    EXPECT_EQ(h.receive(1), sent);
}

TEST_F(CardRings, StopAndResetKeepTheUpperBitsOfTheState)
{
    ASSERT_TRUE(h.start_pair(0));
    const auto chcfg = [&] { return b.host.get<std::uint32_t>(MiniHost::contexts); };
    EXPECT_EQ(chcfg(), 0x202u);
    b.host.put<std::uint32_t>(MiniHost::contexts, 0xabcdef02);
    EXPECT_EQ(h.command(0x11, 0), 1u);
    EXPECT_EQ(chcfg(), 0xabcdef04u);
    EXPECT_EQ(h.command(0x11, 0), 0x10u) << "STOP of a stopped channel";
    EXPECT_EQ(h.command(0x10, 0), 1u);
    EXPECT_EQ(chcfg(), 0xabcdef00u);
    EXPECT_EQ(h.command(0x10, 0), 0x10u);
    EXPECT_EQ(h.command(0x10, 8), 0x10u) << "never started";
    const auto stale = b.core.faults().mhi().stale_doorbells;
    h.w64(0x300, h.channel(0).wp + 16);
    h.settle();
    EXPECT_TRUE(h.drain().empty());
    EXPECT_EQ(b.core.faults().mhi().stale_doorbells, stale + 1);
}

TEST_F(CardRings, BadContextsAreRefused)
{
    const auto refused = [&](unsigned channel, std::uint32_t offset, std::uint32_t value) {
        h.fill_context(channel, 32);
        b.host.put(MiniHost::contexts + 44 * channel + offset, value);
        return h.command(0x12, channel) == 0x10;
    };
    EXPECT_TRUE(refused(0, 0x00, 0x200)) << "not ENABLED";
    EXPECT_TRUE(refused(0, 0x04, 2)) << "wrong direction";
    EXPECT_TRUE(refused(1, 0x04, 1));
    EXPECT_TRUE(refused(0, 0x08, 1)) << "event ring 1 does not exist";
    EXPECT_TRUE(refused(0, 0x14, 0)) << "no ring";
    EXPECT_TRUE(refused(0, 0x14, 1u << 24)) << "longer than the card takes";
    EXPECT_TRUE(refused(0, 0x1c, 0x100)) << "rp elsewhere";
    EXPECT_TRUE(refused(0, 0x24, MiniHost::rings + 8)) << "wp between elements";
    EXPECT_EQ(h.start(0), 1u);
}

TEST_F(CardRings, BadDoorbellsAreIgnored)
{
    ASSERT_TRUE(h.start_pair(0));
    for (const std::uint64_t value : {0ull, ~0ull, 0x110008ull, 0x110200ull, 0x90000000ull})
        h.w64(0x300, value);
    h.w64(0x70, 0x1234);
    h.settle();
    EXPECT_TRUE(h.drain().empty());
    EXPECT_EQ(b.core.faults().mhi().bad_doorbells, 2u) << "the last of each counts";
    h.ring(0), h.ring(0); // unchanged value
    h.settle();
    h.post(1, 16);
    h.send(0, pattern(16, 2));
    EXPECT_EQ(h.receive(1), pattern(16, 2));
}

TEST_F(CardRings, DoorbellThatClaimsMoreThanARingHoldsIsIgnored)
{
    ASSERT_TRUE(h.start_pair(0));
    for (int i = 0; i < 20; ++i) h.post(1, 16);
    h.settle();
    const auto bad = b.core.faults().mhi().bad_doorbells;
    h.w64(0x308, h.channel(1).base + (20 + 12) % 32 * 16); // 20 held and 12 more are 32
    h.settle();
    EXPECT_EQ(b.core.faults().mhi().bad_doorbells, bad + 1);
    h.send(0, pattern(16, 2));
    EXPECT_EQ(h.receive(1), pattern(16, 2));
}

TEST_F(CardRings, EventCutInTwoByBusMasteringGoesOutWhenItIsBack)
{
    b.host.on_write = [&](std::uint64_t, ConstSpan) { b.core.gate().set_bus_master(false); };
    h.push_command(0x01, 0); // the element is written, its rp is not
    h.settle();
    b.host.on_write = nullptr;
    EXPECT_TRUE(h.drain().empty());
    EXPECT_EQ(b.core.faults().events_waiting(), 1u);
    b.core.gate().set_bus_master(true);
    h.settle();
    EXPECT_EQ(h.drain().size(), 1u);
}

TEST_F(CardRings, UnusableElementsGetAnErrorAndTheRingGoesOn)
{
    ASSERT_TRUE(h.start_pair(0));
    b.host.map(0x70000000, 64);
    const auto error_of = [&](std::uint64_t ptr, std::uint32_t length, std::uint32_t dw1) {
        const auto at = h.push(0, ptr, length, dw1);
        h.ring(0);
        h.settle();
        const auto events = h.drain();
        return events.size() == 1 && events[0].ptr == at ? events[0].code : 0u;
    };
    EXPECT_EQ(error_of(0x70000000, 0, 0x00020200), 0x11u) << "no length";
    EXPECT_EQ(error_of(0x70000000, 64, 0x00080200), 0x11u) << "not a transfer element";
    EXPECT_EQ(error_of(0x70000001, 64, 0x00020200), 0x11u) << "one byte past what is mapped";
    EXPECT_EQ(error_of(~0ull - 10, 64, 0x00020200), 0x11u) << "wraps";

    h.push(1, 0x71000000, 64, 0x00020200); // unmapped receive buffer
    h.ring(1);
    h.post(1, 64);
    h.send(0, pattern(64, 1));
    EXPECT_EQ(h.receive(1), pattern(64, 1)) << "in the next buffer";
    EXPECT_EQ(b.core.faults().mhi().bad_tds, 4u);
}

TEST_F(CardRings, DataOutsideTheProgrammedLimitsIsNotTouched)
{
    h.reset();
    ASSERT_TRUE(h.wait_ready());
    h.program();
    h.w64(0xa0, 0x6fffffff); // MHIDATALIMIT
    h.request_m0();
    h.drain();
    ASSERT_TRUE(h.start_pair(0));
    b.host.map(0x70000000, 64);
    h.push(0, 0x70000000, 64, 0x00020200);
    h.ring(0);
    h.settle();
    EXPECT_EQ(h.drain().at(0).code, 0x11u);
}

TEST_F(CardRings, TdLongerThanTheCardGathersIsRefused)
{
    ASSERT_TRUE(h.start_pair(0));
    b.host.map(0x70000000, 65535);
    for (int i = 0; i < 31; ++i) h.push(0, 0x70000000, 65535, i == 30 ? 0x00020200 : 0x00020001);
    h.ring(0);
    h.settle();
    const auto events = h.drain();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].code, 0x11u);
}

} // namespace
} // namespace test
