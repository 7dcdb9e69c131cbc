// SPDX-License-Identifier: BSD-3-Clause
#include "flow/rewrite.hpp"
#include "unit/flow/frames.hpp"
#include <gtest/gtest.h>

namespace {
using namespace frames;

unsigned header_sum(const Frame& f, std::size_t at)
{
    unsigned sum = 0;
    for (std::size_t i = at; i < at + 20; i += 2) sum += static_cast<unsigned>(f[i] << 8 | f[i + 1]);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

TEST(FlowRewrite, KeepsTheChecksumOfEveryMarkRight)
{
    for (unsigned total = 28; total < 28 + 300; ++total) // every carry there is
        for (unsigned dscp = 0; dscp < 64; ++dscp) {
            auto f = ether(0x0800, {0x81000005}) + ipv4(17, dscp, 2, total) + udp(1, 2, total - 28);
            f[19] = 3; // ECN, and the checksum with it
            f[28] = 0, f[29] = 0;
            const auto sum = ~header_sum(f, 18);
            f[28] = static_cast<std::uint8_t>(sum >> 8), f[29] = static_cast<std::uint8_t>(sum);
            ASSERT_TRUE(flow::set_dscp(f, static_cast<std::uint8_t>(dscp)));
            ASSERT_EQ(f[19], dscp << 2 | 3);
            ASSERT_EQ(header_sum(f, 18), 0xffffu) << total << ", " << dscp;
        }
}

TEST(FlowRewrite, SetsTheTrafficClassAlone)
{
    auto f = ether(0x86dd) + ipv6(17, 1, 2, 8) + udp(1, 2, 0);
    f[14] = 0x6f, f[15] = 0xfa, f[16] = 0xbc; // class 0xff, flow label 0xabc..
    ASSERT_TRUE(flow::set_dscp(f, 0b010'001));
    EXPECT_EQ(f[14], 0x64);
    EXPECT_EQ(f[15], 0x7a);
    EXPECT_EQ(f[16], 0xbc);
}

TEST(FlowRewrite, SetsThePriorityOfTheOuterTag)
{
    auto f = ether(0x0800, {0x88a8'f123, 0x8100'0456}) + ipv4(17, 1, 2, 28);
    ASSERT_TRUE(flow::set_vlan_priority(f, 2));
    EXPECT_EQ(f[14] << 8 | f[15], 0x5123);
    EXPECT_EQ(f[18] << 8 | f[19], 0x0456);
}

TEST(FlowRewrite, LeavesAloneWhatHasNoPlaceForIt)
{
    const Frame none[] = {{},
                          ether(0x0806) + zeros(40),
                          ether(0x0800) + zeros(19),
                          ether(0x0800) + zeros(20),
                          ether(0x86dd) + Frame{0x60} + zeros(38)};
    for (const auto& before : none) {
        auto f = before;
        EXPECT_FALSE(flow::set_dscp(f, 1));
        EXPECT_FALSE(flow::set_vlan_priority(f, 1));
        EXPECT_EQ(f, before);
    }
    auto f = ether(0x0800, {0x81000005}) + ipv4(17, 1, 2, 28);
    EXPECT_FALSE(flow::set_dscp(f, 64));
    EXPECT_FALSE(flow::set_vlan_priority(f, 8));
}

} // namespace
