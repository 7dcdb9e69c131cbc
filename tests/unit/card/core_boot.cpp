// SPDX-License-Identifier: BSD-3-Clause
// From power-on to mission mode. aic100-device.md 2.14, 2.15, 8.3, 8.8 (steps 2 to 13)
#include "stages.hpp"

namespace test {
namespace {

using card::Stage;

constexpr auto m0 = MiniHost::event_ring;

TEST(CardBoot, PblShowsWhatAHostReadsFirst) // step 2, 3
{
    Bench b;
    auto& h = b.mini;
    EXPECT_EQ(h.r(0x28), 0x100u);
    h.w(0x100 + 0x20, 0);
    EXPECT_EQ(h.exec_env(), 0u);
    EXPECT_EQ(h.r(0x48), 0u);
    EXPECT_EQ(h.r(0x38), 0u);
    EXPECT_EQ(h.bhi(0x40), card::CardConfig{}.serial);
}

TEST(CardBoot, ImageIsReadWholeBeforeSuccessAndMsi) // step 3
{
    Bench b;
    std::vector<std::string> order;
    b.host.on_msi = [&](unsigned v) {
        order.push_back("msi " + std::to_string(v) + " status " + std::to_string(b.mini.bhi(0x2c) >> 30));
    };
    const auto& image = built_images().at(0);
    EXPECT_EQ(b.mini.load_sbl(image), 2u);
    EXPECT_EQ(b.mini.bhi(0x2c), 0x80000000u);
    EXPECT_EQ(order, std::vector<std::string>{"msi 0 status 2"});
    EXPECT_GE(b.mini.bhi(0x48), 3u) << "NUMSEG";
    EXPECT_EQ(b.core.stage(), Stage::SBL_INIT);
}

TEST(CardBoot, ReadyComesAfterTheDelayAndNotBefore) // step 4
{
    card::CardConfig config;
    config.ready_delay = 1900ms;
    Bench b(config);
    ASSERT_EQ(b.mini.load_sbl(built_images().at(0)), 2u);
    ASSERT_TRUE(b.core.next_due().has_value());
    EXPECT_EQ(*b.core.next_due(), b.clock.now() + 1900ms);
    b.clock.advance(1900ms - 1ns);
    b.mini.settle();
    EXPECT_EQ(b.mini.r(0x48), 0u);
    b.clock.advance(1ns);
    b.mini.settle();
    EXPECT_EQ(b.mini.r(0x48), 0x00000101u);
    EXPECT_EQ(b.mini.r(0x38) & 2, 0u);
    EXPECT_FALSE(b.core.next_due().has_value());
}

TEST(CardBoot, ReadyCanBeLateOrWithheld)
{
    Bench late;
    late.core.faults().delay_ready(2100ms);
    ASSERT_EQ(late.mini.load_sbl(built_images().at(0)), 2u);
    EXPECT_FALSE(late.mini.wait_ready(2s));
    EXPECT_TRUE(late.mini.wait_ready(200ms));

    Bench never;
    never.core.faults().withhold_ready(true);
    ASSERT_EQ(never.mini.load_sbl(built_images().at(0)), 2u);
    EXPECT_FALSE(never.mini.wait_ready(60s));
    EXPECT_FALSE(never.core.next_due().has_value());
    never.core.faults().withhold_ready(false);
    EXPECT_TRUE(never.mini.wait_ready(25ms));
}

TEST(CardBoot, M0AndExecEnvEventsByteByByte) // steps 5, 6
{
    Bench b;
    auto& h = b.mini;
    ASSERT_EQ(h.load_sbl(built_images().at(0)), 2u);
    ASSERT_TRUE(h.wait_ready());
    b.host.msis.clear();
    h.program();
    std::vector<std::string> order; // element, then rp, then the MSI (2.9)
    b.host.on_write = [&](std::uint64_t at, ConstSpan) {
        order.push_back(at == MiniHost::event_context + 0x1c ? "rp" : "element");
    };
    b.host.on_msi = [&](unsigned v) { order.push_back("msi" + std::to_string(v)); };
    h.request_m0();
    EXPECT_EQ(order, (std::vector<std::string>{"element", "rp", "msi0", "element", "rp", "msi0"}));
    EXPECT_EQ(b.host.copy(m0, 16), from_hex("00000000000000000000000200002000"));
    EXPECT_EQ(b.host.copy(m0 + 16, 16), from_hex("00000000000000000000000100004000"));
    EXPECT_EQ(b.host.get<std::uint64_t>(MiniHost::event_context + 0x1c), m0 + 32);
    EXPECT_EQ(h.r(0x48), 0x00000201u) << "M0, READY kept";
    EXPECT_EQ(h.exec_env(), 1u);
    EXPECT_EQ(h.r(0x38), 0x00000200u);
    h.w(0x38, h.r(0x38)); // RESET clear, state unchanged: harmless
    h.settle();
    EXPECT_EQ(h.drain().size(), 2u);
}

TEST(CardBoot, StartSaharaTimesyncAndLogByteByByte) // steps 7, 8
{
    Bench b;
    auto& h = b.mini;
    ASSERT_TRUE(bring(b, Stage::SBL_M0));
    h.w64(0x300 + 8 * 127, 1), h.w64(0x300 + 8 * 127, 0);
    EXPECT_EQ(b.core.faults().wake_rings(), 1u);
    ASSERT_EQ(h.start(2), 1u);
    EXPECT_EQ(b.host.copy(m0 + 32, 16), from_hex("00401000000000000000000100002100"));
    EXPECT_EQ(b.host.get<std::uint32_t>(MiniHost::contexts + 2 * 44), 0x202u) << "RUNNING, upper bits kept";
    ASSERT_EQ(h.start(3), 1u);
    EXPECT_EQ(h.receive(3), std::nullopt) << "no buffer yet";
    h.post(3, 65535);
    EXPECT_EQ(h.receive(3), from_hex("010000003000000002000000010000000000010000000000"
                                     "000000000000000000000000000000000000000000000000"));
    EXPECT_EQ(h.history.back(), (Event{MiniHost::rings + 0x4000 * 3, 0x22, 2, 0x30, 3}));
    h.post(3, 65535);
    h.send(2, from_hex("020000003000000002000000020000000000000000000000"
                       "deadbeef0000000000000000000000000000000000000000")); // reserved words are ignored
    EXPECT_EQ(h.receive(3), from_hex("0300000014000000010000000000000040000000"));

    ASSERT_TRUE(h.start_pair(20));
    h.post(21, 8);
    EXPECT_EQ(h.receive(21), from_hex("aa55000000000000"));
    h.post(21, 8);
    h.send(20, from_hex("aa5500000001000000f15365000000007b00000000000000"));
    EXPECT_EQ(h.receive(21), from_hex("aa55000000020000"));
    EXPECT_EQ(b.core.faults().boot_time_us(), 1700000000000123u);

    b.core.faults().log(std::string(700, 'x'));
    ASSERT_TRUE(h.start_pair(12));
    h.post(13, 512), h.post(13, 512), h.post(13, 512);
    std::string text;
    while (const auto line = h.receive(13))
        text.append(reinterpret_cast<const char*>(line->data()), line->size());
    EXPECT_EQ(h.channel(13).overflows, 1u);
    EXPECT_NE(text.find(std::string(700, 'x') + '\n' + '\0'), std::string::npos)
        << "Linux shows lines as they come";
}

TEST(CardBoot, AmssRegisterBeforeEventAndSblForgottenSilently) // step 9
{
    Bench b;
    bool register_first = false;
    std::uint64_t touched_sbl = 0;
    b.host.on_write = [&](std::uint64_t at, ConstSpan bytes) {
        const auto amss = from_hex("00000000000000000000000200004000");
        const bool is_event = std::equal(bytes.begin(), bytes.end(), amss.begin(), amss.end());
        if (is_event) register_first = b.mini.exec_env() == 2;
        for (const unsigned channel : {2, 3, 12, 13, 20, 21}) {
            const auto context = MiniHost::contexts + 44 * channel;
            if (b.mini.exec_env() == 2 && at >= context && at < context + 44) ++touched_sbl;
        }
    };
    ASSERT_TRUE(b.mini.boot(built_images())) << b.mini.log_text;
    EXPECT_TRUE(register_first);
    EXPECT_EQ(b.core.stage(), Stage::AMSS_M0);
    EXPECT_EQ(touched_sbl, 0u);
    EXPECT_NE(b.mini.log_text.find("fw10.bin emulated-1.0"), std::string::npos);
    EXPECT_EQ(b.mini.start(3), 0x10u) << "answered, though SBL's time is over";
    EXPECT_EQ(touched_sbl, 0u);
}

TEST(CardBoot, AmssChannelsStartInAnyOrderAndControlAnswers) // steps 10 to 13
{
    Bench b;
    auto& h = b.mini;
    ASSERT_TRUE(h.boot(built_images()));
    for (const unsigned channel : {24, 22, 18, 16, 14, 8, 6, 4, 0}) EXPECT_TRUE(h.start_pair(channel));
    ASSERT_TRUE(h.start_pair(10, 128));
    EXPECT_EQ(b.control->starts, 1u);
    h.post(11, 4096);
    const auto message = pattern(40, 7);
    h.send(10, message, 32, true); // 32 bytes chained and 8: rung after each element
    EXPECT_EQ(h.receive(11), Bytes(message.rbegin(), message.rend()));
    EXPECT_EQ(h.history[h.history.size() - 2], (Event{MiniHost::rings + 0x4000 * 10 + 16, 0x22, 2, 8, 10}));
    EXPECT_EQ(h.history.back(), (Event{MiniHost::rings + 0x4000 * 11, 0x22, 2, 40, 11}));
    EXPECT_EQ(b.control->messages, 1u);
}

TEST(CardBoot, ChannelsOfTheOtherEnvironmentAreRefusedButAnswered)
{
    Bench b;
    ASSERT_TRUE(bring(b, Stage::SBL_M0));
    for (const unsigned channel : {0, 6, 10, 11}) EXPECT_EQ(b.mini.start(channel), 0x10u); // good contexts
    for (const unsigned channel : {26, 127, 255}) EXPECT_EQ(b.mini.command(0x12, channel), 0x10u);
    EXPECT_EQ(b.mini.command(0x01, 0), 1u) << "NOP";
    EXPECT_EQ(b.mini.command(0x77, 2), 0x10u) << "unknown command";
    EXPECT_EQ(b.core.faults().mhi().refused_commands, 8u);
}

TEST(CardBoot, BadContextsAreASystemError)
{
    const std::pair<std::uint64_t, std::uint64_t> broken[] = {{MiniHost::event_context + 4, 0},
                                                              {MiniHost::event_context + 0x14, 8},
                                                              {MiniHost::event_context + 0x1c, 0x123},
                                                              {MiniHost::command_context + 0x14, ~0ull},
                                                              {MiniHost::command_context + 0x0c, 8}};
    for (const auto& [at, value] : broken) {
        Bench b;
        ASSERT_TRUE(bring(b, Stage::SBL_READY));
        b.mini.program();
        b.host.put(at, value);
        b.host.msis.clear();
        b.mini.request_m0();
        EXPECT_EQ(b.mini.state(), 0xffu);
        EXPECT_EQ(b.host.msis.size(), 1u);
    }
    Bench b; // NER 0: the host wants no event ring
    ASSERT_TRUE(bring(b, Stage::SBL_READY));
    b.mini.program();
    b.mini.w(0x10, 0);
    b.mini.request_m0();
    EXPECT_EQ(b.mini.state(), 0xffu);
}

TEST(CardBoot, ControlMemoryOutsideTheProgrammedLimitsIsRefused)
{
    Bench b;
    ASSERT_TRUE(bring(b, Stage::SBL_READY));
    b.mini.program();
    b.mini.w64(0x88, MiniHost::event_context); // MHICTRLLIMIT
    b.mini.request_m0();
    EXPECT_EQ(b.mini.state(), 0xffu);
}

} // namespace
} // namespace test
