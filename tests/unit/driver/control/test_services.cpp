// SPDX-License-Identifier: BSD-3-Clause
// Messages of the service channels as bytes. aic100-device.md 3.6, 6.2, 6.3, appendix D
#include "qaic/services/ras.hpp"
#include "qaic/services/telemetry.hpp"
#include "qaic/services/timesync.hpp"
#include <gtest/gtest.h>

namespace qaic::services {
namespace {
using namespace aic100;

template<class T>
std::vector<unsigned> raw(const T& value)
{
    std::vector<unsigned> out;
    for (const auto b : bytes_of(value)) out.push_back(std::to_integer<unsigned>(b));
    return out;
}

TEST(TimeSyncTest, RequestIsTheVector)
{
    TimesyncHeader command{};
    command.signature = timesync_signature;
    EXPECT_EQ(raw(timesync_reply(command, 1'700'000'000'000'123)),
              (std::vector<unsigned>{0xaa, 0x55, 0, 0, 0,    1, 0, 0, 0x00, 0xf1, 0x53, 0x65,
                                     0,    0,    0, 0, 0x7b, 0, 0, 0, 0,    0,    0,    0}));
    command.reserved1 = std::uint16_t{0x1234}; // everything but the type is copied verbatim
    command.reserved3 = std::uint16_t{0x5678};
    const auto reply = timesync_reply(command, 0);
    EXPECT_EQ(reply.header.reserved1.get(), 0x1234);
    EXPECT_EQ(reply.header.reserved3.get(), 0x5678);
}

TEST(TimeSyncTest, OffsetFollowsTheFormula)
{
    EXPECT_EQ(timesync_offset_us(1000, 0), 1000u);
    EXPECT_EQ(timesync_offset_us(2'000'000, 19'200'000), 1'000'000u);
    EXPECT_EQ(timesync_offset_us(100, 191), 100u - 9u) << "floor(1910 / 192)";
    EXPECT_EQ(timesync_offset_us(0, 19), 0u) << "less than a microsecond";
    EXPECT_FALSE(timesync_offset_us(0, 192));
    EXPECT_EQ(timesync_offset_us(~0ull, ~0ull),
              ~0ull - static_cast<std::uint64_t>(static_cast<__uint128_t>(~0ull) * 10 / 192));
}

TEST(TelemetryTest, RequestIsTheVector)
{
    EXPECT_EQ(raw(telemetry_request(1, 8)),
              (std::vector<unsigned>{0xaa, 0x55, 1, 0, 1, 0, 0, 0, 1, 0, 0x0b, 0,
                                     8,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(TelemetryTest, ReplyMustRepeatTheRequest)
{
    const auto request = telemetry_request(7, 8);
    auto reply = request;
    EXPECT_FALSE(telemetry_matches(request, reply)) << "still a request";
    reply.header.type = 2;
    reply.value = std::int64_t{42};
    EXPECT_TRUE(telemetry_matches(request, reply));
    for (const std::size_t at : {0u, 2u, 4u, 8u, 9u, 10u, 12u, 13u}) {
        auto other = reply;
        reinterpret_cast<unsigned char*>(&other)[at] ^= 0x40;
        EXPECT_FALSE(telemetry_matches(request, other)) << "byte " << at;
    }
}

TEST(RasTest, HeaderRules)
{
    RasMessage good{};
    good.header = {ras_magic, std::uint16_t{1}, 5u, 0, 0, std::uint16_t{92}};
    EXPECT_TRUE(ras_valid(bytes_of(good)));
    good.header.version = std::uint16_t{2};
    good.source = 99u; // unknown sources pass (6.2)
    EXPECT_TRUE(ras_valid(bytes_of(good)));
    EXPECT_FALSE(ras_valid(ConstSpan(bytes_of(good)).first(103)));
    EXPECT_FALSE(ras_valid({}));
    for (const auto spoil : {+[](RasMessage& m) { m.header.magic = std::uint16_t{0}; },
                             +[](RasMessage& m) { m.header.version = std::uint16_t{0}; },
                             +[](RasMessage& m) { m.header.version = std::uint16_t{3}; },
                             +[](RasMessage& m) { m.header.type = 1; },
                             +[](RasMessage& m) { m.header.length = std::uint16_t{91}; },
                             +[](RasMessage& m) { m.error_type = 3u; }}) {
        auto m = good;
        spoil(m);
        EXPECT_FALSE(ras_valid(bytes_of(m)));
    }
}

} // namespace
} // namespace qaic::services
