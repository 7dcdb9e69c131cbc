// SPDX-License-Identifier: BSD-3-Clause
#include "flow/packet.hpp"
#include "unit/flow/frames.hpp"
#include <algorithm>
#include <gtest/gtest.h>

namespace {
using namespace frames;
using flow::Refusal;

constexpr unsigned VLAN = 0x8100'0005, QINQ = 0x88a8'0007;

struct ParserRow {
    const char* what;
    Frame frame;
    Refusal refusal;
    unsigned length = 0, ports = 0; ///< lesser << 16 | greater, of the key's two sides
    bool push = false, empty = false;
};

unsigned both_ports(const flow::Key& k)
{
    const auto a = static_cast<unsigned>(k.words[4] & 0xffff),
               b = static_cast<unsigned>(k.words[4] >> 16 & 0xffff);
    return std::min(a, b) << 16 | std::max(a, b);
}

const std::vector<ParserRow>& rows()
{
    const auto v4 = ether(0x0800), v6 = ether(0x86dd);
    const unsigned p = 80u << 16 | 5000u;
    static const std::vector<ParserRow> all{
        {"tcp, a push of ten bytes that were cut off", v4 + ipv4(6, 1, 2, 50) + tcp(5000, 80, 0x18),
         Refusal::NONE, 50, p, true},
        {"tcp, nothing in it, padded to 60", v4 + ipv4(6, 1, 2, 40) + tcp(80, 5000) + zeros(6), Refusal::NONE,
         40, p, false, true},
        {"tcp options", v4 + ipv4(6, 1, 2, 52) + tcp(5000, 80, 0x10, 8), Refusal::NONE, 52, p, false, true},
        {"tcp options cut off", v4 + ipv4(6, 1, 2, 52) + first(20, tcp(5000, 80, 0x10, 8)), Refusal::NONE, 52,
         p, false, true},
        {"tcp options longer than the datagram", v4 + ipv4(6, 1, 2, 40) + tcp(5000, 80, 0x10, 8),
         Refusal::BAD_LENGTH},
        {"tcp header of 16", v4 + ipv4(6, 1, 2, 40) + tcp(5000, 80, 0x10, 4), Refusal::BAD_HEADER},
        {"udp behind IPv4 options", v4 + ipv4(17, 1, 2, 36, 0, 6) + udp(5000, 80, 4) + zeros(4),
         Refusal::NONE, 36, p},
        {"one tag", ether(0x0800, {VLAN}) + ipv4(17, 1, 2, 28) + udp(5000, 80, 0), Refusal::NONE, 28, p,
         false, true},
        {"two tags", ether(0x0800, {QINQ, VLAN}) + ipv4(17, 1, 2, 28) + udp(5000, 80, 0), Refusal::NONE, 28,
         p, false, true},
        {"three tags", ether(0x0800, {QINQ, QINQ, VLAN}) + ipv4(17, 1, 2, 28) + udp(5000, 80, 0),
         Refusal::NOT_IP},
        {"a tag cut off", ether(0x8100), Refusal::CUT_SHORT},
        {"icmp echo", v4 + ipv4(1, 1, 2, 84) + echo(8, 300) + zeros(56), Refusal::NONE, 84,
         300u << 16 | 300u},
        {"icmp unreachable", v4 + ipv4(1, 1, 2, 56) + echo(3, 300) + zeros(28), Refusal::NONE, 56, 0},
        {"icmpv6 echo", v6 + ipv6(58, 1, 2, 16) + echo(128, 9) + zeros(8), Refusal::NONE, 56, 9u << 16 | 9u},
        {"another protocol", v4 + ipv4(47, 1, 2, 20), Refusal::NONE, 20, 0, false, true},
        {"the first fragment", v4 + ipv4(17, 1, 2, 1500, 0x2000) + udp(5000, 80, 3000), Refusal::NONE, 1500,
         0},
        {"a later fragment", v4 + ipv4(17, 1, 2, 24, 0x00b9) + zeros(4), Refusal::NONE, 24, 0},
        {"don't fragment is no fragment", v4 + ipv4(17, 1, 2, 28, 0x4000) + udp(5000, 80, 0), Refusal::NONE,
         28, p, false, true},
        {"IPv6 udp", v6 + ipv6(17, 1, 2, 8) + udp(5000, 80, 0), Refusal::NONE, 48, p, false, true},
        {"IPv6 extensions",
         v6 + ipv6(0, 1, 2, 40) + extension(43) + extension(60, 1) + extension(17) + udp(5000, 80, 0),
         Refusal::NONE, 80, p, false, true},
        {"IPv6 authentication header, 12 bytes",
         v6 + ipv6(51, 1, 2, 20) + Frame{17, 1} + zeros(10) + udp(5000, 80, 0), Refusal::NONE, 60, p, false,
         true},
        {"IPv6 atomic fragment", v6 + ipv6(44, 1, 2, 16) + extension(17) + udp(5000, 80, 0), Refusal::NONE,
         56, p, false, true},
        {"IPv6 fragment", v6 + ipv6(44, 1, 2, 16) + Frame{17, 0, 0, 1} + zeros(4) + udp(5000, 80, 0),
         Refusal::NONE, 56, 0},
        {"IPv6, eight extensions",
         v6 + ipv6(60, 1, 2, 72) + extension(60) + extension(60) + extension(60) + extension(60) +
             extension(60) + extension(60) + extension(60) + extension(17) + udp(5000, 80, 0),
         Refusal::NONE, 112, p, false, true},
        {"IPv6, nine extensions",
         v6 + ipv6(60, 1, 2, 80) + extension(60) + extension(60) + extension(60) + extension(60) +
             extension(60) + extension(60) + extension(60) + extension(60) + extension(17) + udp(5000, 80, 0),
         Refusal::TOO_DEEP},
        {"an extension behind the datagram", v6 + ipv6(0, 1, 2, 8) + extension(17, 4), Refusal::BAD_LENGTH},
        {"an extension behind the bytes", v6 + ipv6(0, 1, 2, 40) + Frame{17, 4, 0, 0, 0, 0, 0, 0},
         Refusal::CUT_SHORT},
        {"arp", ether(0x0806) + zeros(28), Refusal::NOT_IP},
        {"nothing", {}, Refusal::CUT_SHORT},
        {"IPv4 header cut", v4 + zeros(19), Refusal::CUT_SHORT},
        {"IPv4 options cut", v4 + Frame{0x4f, 0, 0, 60} + zeros(16), Refusal::CUT_SHORT},
        {"version 5", v4 + Frame{0x55} + zeros(40), Refusal::BAD_HEADER},
        {"header of 16", v4 + ipv4(17, 1, 2, 28, 0, 4) + zeros(20), Refusal::BAD_HEADER},
        {"total below the header", v4 + ipv4(17, 1, 2, 19) + zeros(20), Refusal::BAD_LENGTH},
        {"udp header behind the datagram", v4 + ipv4(17, 1, 2, 27) + udp(1, 2, 0), Refusal::BAD_LENGTH},
        {"udp header behind the bytes", v4 + ipv4(17, 1, 2, 28) + zeros(7), Refusal::CUT_SHORT},
        {"IPv6 with version 4", v6 + Frame{0x40} + zeros(60), Refusal::BAD_HEADER},
        {"IPv6 header cut", v6 + Frame{0x60} + zeros(38), Refusal::CUT_SHORT},
    };
    return all;
}

TEST(FlowPacket, SaysWhatIsThereOrWhyNot)
{
    for (const auto& row : rows()) {
        SCOPED_TRACE(row.what);
        flow::Packet p;
        ASSERT_EQ(flow::word_of(flow::parse_packet(row.frame, p)), flow::word_of(row.refusal));
        if (row.refusal != Refusal::NONE) continue;
        EXPECT_EQ(p.length, row.length);
        EXPECT_EQ(both_ports(p.key), row.ports);
        EXPECT_EQ(p.push, row.push);
        EXPECT_EQ(p.empty, row.empty);
    }
}

/// Whatever is cut off, the answer is there, and the sanitizers see no read behind the end.
TEST(FlowPacket, ReadsNothingBehindTheEnd)
{
    for (const auto& row : rows()) {
        for (std::size_t n = 0; n < row.frame.size(); ++n) {
            const Frame cut(row.frame.begin(), row.frame.begin() + static_cast<std::ptrdiff_t>(n));
            flow::Packet p;
            const auto refusal = flow::parse_packet(cut, p);
            if (n < 34) {
                EXPECT_NE(refusal, Refusal::NONE) << row.what << ", " << n;
            }
        }
    }
}

TEST(FlowPacket, BothDirectionsAreOneFlow)
{
    const auto v4 = ether(0x0800);
    flow::Packet there, back, other;
    ASSERT_EQ(flow::parse_packet(v4 + ipv4(6, 1, 2, 40) + tcp(5000, 80), there), Refusal::NONE);
    ASSERT_EQ(flow::parse_packet(v4 + ipv4(6, 2, 1, 40) + tcp(80, 5000), back), Refusal::NONE);
    ASSERT_EQ(flow::parse_packet(v4 + ipv4(6, 2, 1, 40) + tcp(5000, 80), other), Refusal::NONE);
    EXPECT_EQ(there.key, back.key);
    EXPECT_NE(there.from_low, back.from_low);
    EXPECT_FALSE(there.key == other.key);
    ASSERT_EQ(flow::parse_packet(v4 + ipv4(17, 1, 2, 28) + udp(5000, 80, 0), other), Refusal::NONE);
    EXPECT_FALSE(there.key == other.key);
    EXPECT_EQ(other.key.protocol(), 17);
}

} // namespace
