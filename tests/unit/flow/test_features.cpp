// SPDX-License-Identifier: BSD-3-Clause
// Features against numbers worked out by hand, and against Python's over a whole capture, bit for bit.
#include "flow/table.hpp"
#include "unit/flow/pcap.hpp"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace {

using Sixteen = std::array<float, flow::n_features>;

TEST(FlowFeatures, LogarithmHasFourBitsBehindThePoint)
{
    const std::pair<std::uint64_t, unsigned> known[] = {
        {0, 0},   {1, 16},  {2, 24},  {3, 32},  {14, 62},       {15, 64},
        {16, 65}, {31, 80}, {32, 80}, {33, 81}, {1 << 20, 320}, {0xffff'ffff, 512}};
    for (const auto& [v, lg] : known) EXPECT_EQ(flow::lg16(v), lg) << v;
}

flow::Packet packet(bool from_low, std::uint32_t length, bool push = false, bool empty = false)
{
    flow::Packet p;
    p.key.words[4] = std::uint64_t{flow::TCP} << 32;
    p.from_low = from_low, p.length = length, p.push = push, p.empty = empty;
    return p;
}

TEST(FlowFeatures, NumbersByHand)
{
    flow::State s;
    Sixteen f{};
    flow::update(s, packet(false, 60, false, true), 1'000'000, f);
    // lg(1) = 1; lg(60): 61 = 32 * 1.90625 -> 5 + 14/16
    EXPECT_EQ(f, (Sixteen{1, 0, 5.875, 0, 60, 60, 60, 60, 0, 0, 0, 0, 0, 1, 0, 256}));
    flow::update(s, packet(true, 1500, true), 1'000'031, f);
    // lg(1500): 1501 = 1024 * 1.466 -> 10 + 7/16; gap 31: 32 -> 5; deviation 4 * 31 / 8 = 15: 16 -> 4
    EXPECT_EQ(f, (Sixteen{1, 1, 5.875, 10.4375, 1500, 780, 60, 1500, 5, 5, 5, 4, 1, 1, 128, 128}));
    flow::update(s, packet(false, 40), 1'000'094, f);
    // gap 63 -> 6; mean 94 / 2 = 47: 48 = 32 * 1.5 -> 5.5; bytes 100: 101 = 64 * 1.578 -> 6 + 9/16;
    // dev8 = 124 - 15 + 32 = 141 / 8 = 17: 18 -> 4 + 2/16; avg8 = 248 - 31 + 63 = 280 / 8 = 35: 36 -> 5 +
    // 2/16
    EXPECT_EQ(f, (Sixteen{1.5, 1, 6.5625, 10.4375, 40, 533, 40, 1500, 6, 5.5, 5.125, 4.125, 0, 1, 85, 85}));
    flow::update(s, packet(false, 40), 1'000'000, f); // time goes back
    EXPECT_EQ(f[8], 0);
    EXPECT_EQ(s.last_us, 1'000'094u);
}

TEST(FlowFeatures, SumsStayAfterTheirMost)
{
    flow::State s;
    Sixteen f{};
    flow::update(s, packet(true, 100), 1, f);
    s.packets[0] = flow::most_packets - 1, s.bytes[0] = 5000, s.pushes = s.empties = flow::most_packets - 1;
    flow::update(s, packet(true, 100, true, true), 2, f);
    const auto whole = f;
    EXPECT_EQ(f[0], 24);
    EXPECT_EQ(f[14], 256);
    EXPECT_EQ(f[15], 256);
    flow::update(s, packet(true, 100, true, true), 3, f);
    EXPECT_EQ(s.packets[0], flow::most_packets);
    EXPECT_EQ(f[2], whole[2]);
}

TEST(FlowFeatures, AreThoseOfPython)
{
    const auto frames = pcap::read(FLOWS_PCAP);
    std::ifstream file(FLOWS_FEATURES, std::ios::binary);
    const std::vector<char> python((std::istreambuf_iterator<char>(file)), {});
    ASSERT_GE(frames.size(), 4000u);
    ASSERT_EQ(python.size(), frames.size() * sizeof(Sixteen));
    flow::Table table(65536, 120'000'000);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        Sixteen f{};
        flow::Packet p;
        if (flow::parse_packet(frames[i].bytes, p) == flow::Refusal::NONE)
            flow::update(table.find(p.key, frames[i].us), p, frames[i].us, f);
        else
            ++refused;
        ASSERT_EQ(std::memcmp(f.data(), python.data() + i * sizeof(f), sizeof(f)), 0) << "packet " << i;
    }
    EXPECT_EQ(refused, 2u);
    EXPECT_EQ(table.counts().evicted, 0u);
}

} // namespace
