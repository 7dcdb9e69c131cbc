// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/ports/player.hpp"
#include <gtest/gtest.h>

using namespace pipeline::ports;

namespace {

Capture capture_at(std::initializer_list<std::uint64_t> times)
{
    Capture c;
    for (const auto t : times) c.records.push_back({0, 1, t});
    const auto [low, high] = std::minmax(times);
    c.span_ns = high - low;
    return c;
}

constexpr Playing how(std::uint64_t repeat, double rate = 0, bool as_captured = false)
{
    return {repeat, rate, as_captured, 1'000'000'000}; // a cycle is a nanosecond
}

} // namespace

TEST(Player, AsFastAsPossible)
{
    const auto c = capture_at({100, 200, 300});
    Player p(c, how(1));
    EXPECT_EQ(p.due(0, 32), 32u);
    for (const std::uint64_t t : {100u, 200u, 300u}) {
        ASSERT_FALSE(p.ended());
        EXPECT_EQ(p.next().captured_ns, t);
    }
    EXPECT_TRUE(p.ended());
    EXPECT_EQ(p.due(1, 32), 0u);
}

TEST(Player, TimeGoesForwardsOverRepeats)
{
    const auto c = capture_at({100, 300, 200});
    Player p(c, how(3));
    std::uint64_t lap = 0;
    for (int k = 0; k < 3; ++k, lap += 200 + Player::LAP_NS)
        for (const std::uint64_t t : {100u, 300u, 200u}) {
            ASSERT_FALSE(p.ended());
            EXPECT_EQ(p.next().captured_ns, t + lap);
        }
    EXPECT_TRUE(p.ended());
}

TEST(Player, ForEver)
{
    const auto c = capture_at({7});
    Player p(c, how(0));
    for (std::uint64_t k = 0; k < 100'000; ++k) {
        ASSERT_FALSE(p.ended());
        EXPECT_EQ(p.next().captured_ns, 7 + k * Player::LAP_NS);
    }
}

TEST(Player, AnEmptyCaptureEndsAtOnce)
{
    const Capture c;
    EXPECT_TRUE(Player(c, how(1)).ended());
    EXPECT_TRUE(Player(c, how(0)).ended());
}

TEST(Player, ByRate)
{
    const auto c = capture_at({1, 2, 3, 4, 5, 6, 7, 8});
    Player p(c, how(0, 1e6)); // one a microsecond
    constexpr std::uint64_t start = 5'000'000'000;
    EXPECT_EQ(p.due(start, 32), 1u);
    p.next();
    EXPECT_EQ(p.due(start + 900, 32), 0u);
    EXPECT_EQ(p.due(start + 1100, 32), 1u);
    EXPECT_EQ(p.due(start + 10'100, 32), 10u);
    EXPECT_EQ(p.due(start + 10'100, 4), 4u);
    EXPECT_EQ(p.due(start + 1'000'000'000, 32), 32u); // one who was held up catches up
    for (int k = 0; k < 10; ++k) p.next();
    EXPECT_EQ(p.due(start + 10'100, 32), 0u);
}

TEST(Player, AsCaptured)
{
    const auto c = capture_at({10'000, 12'000, 11'000, 20'000});
    Player p(c, how(2, 0, true));
    constexpr std::uint64_t start = 77;
    EXPECT_EQ(p.due(start, 32), 1u);
    p.next();
    EXPECT_EQ(p.due(start + 1999, 32), 0u);
    EXPECT_EQ(p.due(start + 2000, 32), 2u); // with the earlier one that stands behind it
    p.next(), p.next();
    EXPECT_EQ(p.due(start + 9999, 32), 0u);
    EXPECT_EQ(p.due(start + 10'000, 32), 1u); // no further than the end: next time begins later
    p.next();
    EXPECT_EQ(p.due(start + 10'000, 32), 0u);
    EXPECT_EQ(p.due(start + 10'000 + Player::LAP_NS, 32), 1u);
}
