// SPDX-License-Identifier: BSD-3-Clause
// The channels that must be served in mission mode. aic100-device.md 3.5, 3.6, 6; reliability.md D30 - D32,
// D58, D61, D62
#include "aic100/wire/services.hpp"
#include "boot_fixture.hpp"

namespace test {
namespace {
using namespace aic100;

class BootServices : public BootTest {
  protected:
    void SetUp() override
    {
        d.controller.on_ssr([&](unsigned dbc, SsrEvent event) { ssr.emplace_back(dbc, event); });
        d.controller.on_ras([&](const RasMessage& m) { ras.push_back(m); });
        const auto report = d.controller.boot();
        ASSERT_TRUE(report) << report.error().message();
    }
    void serve(Nanos span)
    {
        for (const auto until = clock.now() + span; clock.now() < until;) {
            d.bus.relax(1ms);
            d.controller.poll();
        }
    }
    static Bytes ssr_event(std::uint32_t event, std::uint32_t dbc)
    {
        const SsrWord m{{static_cast<std::uint32_t>(SsrCmd::SSR_EVENT), 16u, dbc}, event};
        const auto b = bytes_of(m);
        return {b.begin(), b.end()};
    }
    Driver d{link, clock};
    std::vector<std::pair<unsigned, SsrEvent>> ssr;
    std::vector<RasMessage> ras;
};

const std::vector<SsrEvent> whole_cycle{SsrEvent::BEFORE_SHUTDOWN, SsrEvent::AFTER_SHUTDOWN,
                                        SsrEvent::BEFORE_POWER_UP, SsrEvent::AFTER_POWER_UP};

TEST_F(BootServices, SsrCycle)
{
    faults().start_ssr(3, false);
    serve(100ms);
    ASSERT_EQ(ssr.size(), 4u);
    for (unsigned i = 0; i < 4; ++i) {
        EXPECT_EQ(ssr[i].first, 3u);
        EXPECT_EQ(ssr[i].second, whole_cycle[i]);
    }
    EXPECT_TRUE(faults().ssr_idle());
    EXPECT_EQ(d.controller.counters().ssr_events, 4u);
    EXPECT_EQ(d.controller.counters().r_msg, 0u);
}

TEST_F(BootServices, SsrDumpIsDeclined)
{
    faults().start_ssr(5, true);
    serve(200ms);
    EXPECT_EQ(ssr.size(), 4u);
    EXPECT_TRUE(faults().ssr_idle());
    expect_alive(d);
}

TEST_F(BootServices, SsrOutOfOrderOrForNobody)
{
    faults().send_packet(7, ssr_event(0x04, 2));  // AFTER_SHUTDOWN of a DBC that was not shut down: NACK
    faults().send_packet(7, ssr_event(0x02, 16)); // no such DBC: dropped
    faults().send_packet(7, ssr_event(0x80, 1));  // unknown: echoed
    serve(10ms);
    EXPECT_TRUE(ssr.empty());
    EXPECT_EQ(d.controller.counters().r_msg, 2u);
    faults().start_ssr(2, false);
    serve(100ms);
    EXPECT_EQ(ssr.size(), 4u) << "and the channel still works";
}

TEST_F(BootServices, SsrOverlap)
{
    for (const std::uint32_t event : {0x02, 0x04, 0x08, 0x10})
        for (const std::uint32_t dbc : {1u, 2u}) {
            faults().send_packet(7, ssr_event(event, dbc));
            serve(2ms);
        }
    EXPECT_EQ(ssr.size(), 8u);
    EXPECT_EQ(d.controller.counters().r_msg, 0u);
}

TEST_F(BootServices, SsrGarbage)
{
    for (const std::size_t n : {1u, 8u, 11u, 12u, 15u, 16u, 31u, 32u}) {
        faults().send_packet(7, Bytes(n, std::byte{0xff}));
        faults().send_packet(7, Bytes(n));
        serve(2ms);
    }
    EXPECT_EQ(d.controller.counters().r_msg, 16u);
    EXPECT_TRUE(ssr.empty());
    expect_alive(d);
}

TEST_F(BootServices, RasIsCountedByTypeAndNeverResets)
{
    for (unsigned source = 0; source < 7; ++source)
        for (unsigned type = 0; type < 3; ++type)
            faults().push_ras(static_cast<RasSource>(source), static_cast<RasErrorType>(type));
    serve(20ms);
    const auto& c = d.controller.counters();
    EXPECT_EQ(c.ras_messages, 21u);
    EXPECT_EQ(c.ce, 7u);
    EXPECT_EQ(c.ue, 7u);
    EXPECT_EQ(c.ue_nonfatal, 7u);
    EXPECT_EQ(ras.size(), 21u);
    EXPECT_EQ(the_card().stage(), card::Stage::AMSS_M0);
    EXPECT_EQ(d.controller.health(), mhi::Health::OK);
}

TEST_F(BootServices, RasStormIsServed)
{
    for (unsigned i = 0; i < 1000; ++i) faults().push_ras(RasSource::PCIE, RasErrorType::UNCORRECTABLE);
    serve(1s);
    EXPECT_EQ(d.controller.counters().ue, 1000u);
}

TEST_F(BootServices, TimeSyncAtBootAndEverySecond)
{
    EXPECT_EQ(faults().boot_time_us(), 1'700'000'000'000'123u);
    EXPECT_EQ(d.controller.counters().timesync_sent, 0u);
    serve(3500ms);
    EXPECT_EQ(d.controller.counters().timesync_sent, 3u);
    ASSERT_TRUE(faults().time_offset_us().has_value());
    // The offset of a card that has run for a few seconds.
    const auto behind = 1'700'000'000'000'123u - *faults().time_offset_us();
    EXPECT_GT(behind, 3'000'000u);
    EXPECT_LT(behind, 6'000'000u);
}

TEST_F(BootServices, TelemetryReadsAndRefusals)
{
    const auto power = d.controller.telemetry(8);
    ASSERT_TRUE(power) << power.error().message();
    EXPECT_GT(*power, 0);
    for (std::uint8_t c = 0; c < telemetry_commands; ++c) {
        const auto value = d.controller.telemetry(c);
        EXPECT_TRUE(value || value.error().code == Code::E_UNSUPP || value.error().code == Code::E_PROTO)
            << value.error().message();
    }
    const auto unknown = d.controller.telemetry(200);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::E_UNSUPP);
}

TEST_F(BootServices, TelemetryGarbageIsNotAnAnswer)
{
    ASSERT_TRUE(d.controller.telemetry(8)); // starts the pair
    TelemetryMessage late{};
    late.header = {ras_magic, std::uint16_t{1}, 77u, 2, 0, std::uint16_t{11}};
    late.command = 8, late.value = std::int64_t{-1} << 62;
    const auto b = bytes_of(late);
    faults().send_packet(17, Bytes(b.begin(), b.end()));
    faults().send_packet(17, Bytes(5, std::byte{1}));
    const auto power = d.controller.telemetry(8);
    ASSERT_TRUE(power) << power.error().message();
    EXPECT_GT(*power, 0);
    EXPECT_EQ(d.controller.counters().r_msg, 2u);
}

TEST_F(BootServices, BootLogIsText)
{
    const auto& log = d.controller.boot_log();
    EXPECT_NE(log.find("SBL"), std::string::npos) << log;
    for (const char c : log) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << int(c);
    EXPECT_EQ(d.controller.counters().log_bytes, log.size());
}

TEST(BootLogFlood, LongLinesControlCharactersAndFloods)
{
    ManualClock clock;
    InProcessLink link({.ready_delay = 5ms}, clock);
    Driver d(link, clock);
    auto& faults = link.card().faults();
    const std::string longest(5000, 'x');
    faults.log(longest);
    faults.log("\x1b[31mred\x07\xff");
    for (unsigned i = 0; i < 200; ++i) faults.log(std::string(1000, 'y'));
    const auto report = d.controller.boot();
    ASSERT_TRUE(report) << report.error().message();
    const auto& log = d.controller.boot_log();
    EXPECT_NE(log.find(longest), std::string::npos) << "a line longer than a buffer goes on in the next";
    EXPECT_NE(log.find(".[31mred.."), std::string::npos) << "no escape sequences";
    EXPECT_LE(log.size(), 70'000u) << "64 KiB a second";
    EXPECT_GT(d.controller.counters().r_msg, 0u);
}

} // namespace
} // namespace test
