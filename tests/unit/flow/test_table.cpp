// SPDX-License-Identifier: BSD-3-Clause
#include "flow/table.hpp"
#include <gtest/gtest.h>

namespace {

constexpr std::uint64_t idle_us = 1000;

flow::Key key(std::uint64_t n)
{
    flow::Key k;
    k.words = {n, 0, 7, 0, std::uint64_t{flow::UDP} << 32};
    return k;
}

/// One packet at `now`; true if the flow was not known before.
bool pass(flow::Table& t, std::uint64_t n, std::uint64_t now)
{
    flow::Packet p;
    p.key = key(n), p.length = 100;
    std::array<float, flow::n_features> f{};
    auto& s = t.find(p.key, now);
    const bool fresh = !s.started;
    flow::update(s, p, now, f);
    return fresh;
}

TEST(FlowTable, KnowsItsFlows)
{
    flow::Table t(1024, idle_us);
    EXPECT_EQ(t.capacity(), 1024u);
    for (std::uint64_t n = 0; n < 200; ++n) EXPECT_TRUE(pass(t, n, 1));
    for (std::uint64_t n = 0; n < 200; ++n) EXPECT_FALSE(pass(t, n, 2));
    EXPECT_EQ(t.counts().flows, 200u);
    EXPECT_EQ(t.counts().begun, 200u);
    EXPECT_EQ(t.counts().evicted, 0u);
}

TEST(FlowTable, RoundsItsCapacityUp)
{
    EXPECT_EQ(flow::Table(1, idle_us).capacity(), 8u);
    EXPECT_EQ(flow::Table(9, idle_us).capacity(), 16u);
}

TEST(FlowTable, LongestSilentMakesRoom)
{
    flow::Table t(8, idle_us); // one bucket
    for (std::uint64_t n = 0; n < 8; ++n) pass(t, n, 10 + n);
    pass(t, 0, 20); // now 1 is the longest silent
    EXPECT_TRUE(pass(t, 100, 21));
    EXPECT_EQ(t.counts().evicted, 1u);
    EXPECT_EQ(t.counts().flows, 8u);
    for (const auto n : {0, 2, 3, 4, 5, 6, 7, 100})
        EXPECT_FALSE(pass(t, static_cast<std::uint64_t>(n), 30)) << n;
    EXPECT_TRUE(pass(t, 1, 31));
    EXPECT_EQ(t.counts().begun, 10u);
}

TEST(FlowTable, SilenceStartsAFlowAnew)
{
    flow::Table t(8, idle_us);
    EXPECT_TRUE(pass(t, 1, 10));
    EXPECT_FALSE(pass(t, 1, 10 + idle_us));
    EXPECT_TRUE(pass(t, 1, 11 + 2 * idle_us));
    EXPECT_FALSE(pass(t, 1, 5)) << "time that goes back is no silence";
    EXPECT_EQ(t.counts().flows, 1u);
}

TEST(FlowTable, ManyMoreFlowsThanRoom)
{
    flow::Table t(64, ~std::uint64_t{0});
    for (std::uint64_t n = 0; n < 100'000; ++n) {
        ASSERT_TRUE(pass(t, n, n));
        ASSERT_FALSE(pass(t, n, n)) << "the newest is there";
    }
    const auto& c = t.counts();
    EXPECT_EQ(c.begun, 100'000u);
    EXPECT_EQ(c.flows, 64u);
    EXPECT_EQ(c.evicted, c.begun - c.flows);
}

} // namespace
