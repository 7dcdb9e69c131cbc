// SPDX-License-Identifier: BSD-3-Clause
// RAS, telemetry, time sync, silent channels, interrupts. aic100-device.md 1.4, 3.6, 6
#include "stages.hpp"

namespace test {
namespace {

class CardServices : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(h.boot(built_images())); }

    Bench b;
    MiniHost& h = b.mini;
};

TEST_F(CardServices, RasOfEverySourceWaitsForItsBuffer)
{
    ASSERT_TRUE(h.start_pair(14));
    for (unsigned source = 0; source <= 6; ++source)
        for (unsigned type = 0; type <= 2; ++type) {
            b.core.faults().push_ras(static_cast<aic100::RasSource>(source),
                                     static_cast<aic100::RasErrorType>(type));
            EXPECT_EQ(h.receive(15), std::nullopt);
            h.post(15, 104);
            const auto message = h.receive(15);
            ASSERT_TRUE(message && message->size() == 104);
            EXPECT_EQ(word(*message, 0), 0x000155aau);
            EXPECT_EQ(word(*message, 8), 92u << 16);
            EXPECT_EQ(word(*message, 0x10), source);
            EXPECT_EQ(word(*message, 0x14), type);
            EXPECT_EQ(word(*message, 0x1c) + word(*message, 0x20), 1u);
        }
}

TEST_F(CardServices, TelemetryEveryCommand)
{
    ASSERT_TRUE(h.start_pair(16));
    struct Answer {
        int status;
        std::int64_t value;
    };
    const auto ask = [&](unsigned command, unsigned access, std::int64_t value,
                         std::uint32_t first = 0x000155aa) {
        Bytes m = words({first, 77, 0x000b0001});
        m.push_back(static_cast<std::byte>(command)), m.push_back(static_cast<std::byte>(access));
        m.resize(23);
        std::memcpy(m.data() + 15, &value, 8);
        h.post(17, 23);
        h.send(16, m);
        const auto reply = h.receive(17);
        if (!reply || reply->size() != 23) return Answer{99, 0};
        EXPECT_EQ(word(*reply, 4), 77u);
        EXPECT_EQ((*reply)[8], std::byte{2}) << "response";
        EXPECT_EQ((*reply)[12], static_cast<std::byte>(command));
        EXPECT_EQ((*reply)[13], static_cast<std::byte>(access));
        std::memcpy(&value, reply->data() + 15, 8);
        return Answer{static_cast<signed char>((*reply)[14]), value};
    };
    h.pass(17s);
    for (unsigned command = 0; command <= 26; ++command) EXPECT_EQ(ask(command, 0, 0).status, 0) << command;
    EXPECT_EQ(ask(13, 0, 0).value, 17);
    EXPECT_EQ(ask(27, 0, 0).status, -2);
    EXPECT_EQ(ask(255, 1, 0).status, -2);
    for (unsigned command = 0; command <= 26; ++command) {
        const bool writable = command == 5 || command == 6 || command == 7 || command == 9;
        EXPECT_EQ(ask(command, 1, 1'000'000).status, writable ? -4 : -1) << command;
    }
    EXPECT_EQ(ask(7, 1, 40).status, 0);
    EXPECT_EQ(ask(7, 0, 0).value, 40);
    EXPECT_EQ(ask(7, 2, 0).status, -4) << "neither read nor write";
    EXPECT_EQ(ask(0, 0, 0, 0x000255aa).status, -5) << "version 2";
    EXPECT_EQ(ask(0, 0, 0, 0x0001aa55).status, -5) << "magic";
    h.send(16, pattern(22, 1)); // no telemetry message at all
    h.post(17, 23);
    EXPECT_EQ(h.receive(17), std::nullopt);
}

TEST_F(CardServices, PeriodicTimesyncIsCheckedAndKept)
{
    ASSERT_TRUE(h.start_pair(22));
    h.send(22, from_hex("aa5500000001000000f15365000000007b00000000000000"));
    h.settle();
    EXPECT_EQ(b.core.faults().time_offset_us(), 1700000000000123u);
    for (const char* bad : {"aa5400000001000000f15365000000000000000000000000",  // signature
                            "aa5500000000000000f15365000000000000000000000000",  // type
                            "aa5500000001000000f153650000000040420f0000000000",  // 1000000 microseconds
                            "aa5500000001000000f15365000000007b000000000000"}) { // 23 bytes
        h.send(22, from_hex(bad));
        h.settle();
    }
    EXPECT_EQ(b.core.timesync().rejected(), 4u);
    EXPECT_EQ(b.core.faults().time_offset_us(), 1700000000000123u);
    h.drain();
    EXPECT_EQ(h.channel(22).completed, 5u);
}

TEST_F(CardServices, SilentChannelsCompleteTransfersAndSayNothing)
{
    for (const unsigned channel : {4u, 8u, 18u, 24u}) {
        ASSERT_TRUE(h.start_pair(channel));
        h.post(channel + 1, 1000);
        h.send(channel, pattern(500, channel));
        EXPECT_EQ(h.receive(channel + 1), std::nullopt);
        EXPECT_EQ(h.channel(channel).completed, 1u);
    }
}

TEST_F(CardServices, ControlThatDropsAMessageStillCompletesItsTransfer)
{
    ASSERT_TRUE(h.start_pair(10, 128));
    b.control->silent = true;
    h.post(11, 4096);
    h.send(10, pattern(40, 1));
    EXPECT_EQ(h.receive(11), std::nullopt);
    EXPECT_EQ(h.channel(10).completed, 1u);
    EXPECT_EQ(b.control->messages, 1u);
    h.start(10, 128);
    EXPECT_EQ(b.control->starts, 2u) << "anew: STATUS comes first again";
}

TEST(CardInterrupts, SingleMsiModeSendsEverythingOnVectorZero) // 1.4
{
    Bench b;
    ASSERT_TRUE(b.mini.boot(built_images()));
    auto& gate = b.core.gate();
    b.host.msis.clear();
    gate.raise_msi(0), gate.raise_msi(4), gate.raise_msi(16);
    EXPECT_EQ(b.host.msis, (std::vector<unsigned>{0, 4, 16}));
    gate.set_messages(1);
    b.host.msis.clear();
    gate.raise_msi(4), gate.raise_msi(16);
    EXPECT_EQ(b.host.msis, (std::vector<unsigned>{0, 0}));
    gate.set_messages(0);
    gate.raise_msi(0);
    EXPECT_EQ(b.host.msis.size(), 2u);
    EXPECT_EQ(b.core.faults().dma().msi[16], 1u);
}

TEST(CardInterrupts, BootsWithoutAnyMsi)
{
    Bench b;
    b.core.gate().set_messages(0);
    EXPECT_TRUE(b.mini.boot(built_images()));
    EXPECT_TRUE(b.host.msis.empty());
}

TEST(CardFaults, EventsDroppedDoubledChangedAndMisplaced)
{
    Bench b;
    auto& h = b.mini;
    auto& faults = b.core.faults();
    ASSERT_TRUE(h.boot(built_images()));
    faults.only_events([](const aic100::RingElement& e) { return aic100::event_type(e) == 0x21; });
    faults.drop_next_events();
    EXPECT_EQ(h.command(0x01, 0), 0u) << "lost";
    EXPECT_EQ(h.command(0x01, 0), 1u);
    faults.duplicate_next_events();
    h.push_command(0x01, 0);
    h.settle();
    const auto twice = h.drain();
    ASSERT_EQ(twice.size(), 2u);
    EXPECT_EQ(twice[0], twice[1]);
    faults.corrupt_next_events([](aic100::RingElement& e) { e.ptr = 0xbad; });
    h.push_command(0x01, 0);
    h.settle();
    EXPECT_EQ(h.drain().at(0).ptr, 0xbadu);
    faults.publish_event_rp(0x1234567);
    h.push_command(0x01, 0);
    h.settle();
    EXPECT_EQ(b.host.get<std::uint64_t>(MiniHost::event_context + 0x1c), 0x1234567u);
    h.push_command(0x01, 0);
    h.settle();
    EXPECT_EQ(h.drain().size(), 2u) << "the next one tells the truth again";
    faults.post_event(aic100::make_event(aic100::EventType::STATE_CHANGE, 0, 3, 0, 0));
    EXPECT_EQ(h.drain().at(0), (Event{0, 0x20, 3, 0, 0}));
    EXPECT_FALSE(faults.send_packet(1, pattern(4, 1))) << "channel is not up";
}

} // namespace
} // namespace test
