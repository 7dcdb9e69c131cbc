// SPDX-License-Identifier: BSD-3-Clause
#include "card/ddr.hpp"
#include <algorithm>
#include <gtest/gtest.h>

namespace qsm_test {
namespace {
using card::Ddr;
using card::Place;

TEST(Ddr, RegionsAreAlignedApartAndZero)
{
    Ddr ddr(0x1'0000'0000, 1u << 20);
    const auto a = ddr.allocate(100, 2048), b = ddr.allocate(5000, 4096),
               c = ddr.allocate(64, 256, Place::HIGH);
    ASSERT_TRUE(a && b && c);
    EXPECT_EQ(a->address(), 0x1'0000'0000u);
    EXPECT_EQ(b->address(), 0x1'0000'1000u);
    EXPECT_EQ(c->address(), 0x1'000f'ff00u);
    EXPECT_EQ(b->bytes().size(), 5000u);
    EXPECT_TRUE(std::all_of(b->bytes().begin(), b->bytes().end(), [](auto x) { return x == std::byte{0}; }));
    EXPECT_EQ(ddr.free(), (1u << 20) - 5164u);
}

TEST(Ddr, HolesAreUsedAgainAndReadAsZeros)
{
    Ddr ddr(0, 1u << 20);
    auto a = ddr.allocate(4096, 4096);
    const auto b = ddr.allocate(4096, 4096);
    ASSERT_TRUE(a && b);
    a->bytes()[17] = std::byte{1};
    a.reset();
    EXPECT_EQ(ddr.largest_hole(), (1u << 20) - 8192u);
    const auto c = ddr.allocate(4096, 4096);
    ASSERT_TRUE(c);
    EXPECT_EQ(c->address(), 0u);
    EXPECT_EQ(c->bytes()[17], std::byte{0});
}

TEST(Ddr, FullAndFragmented)
{
    Ddr ddr(0, 4 * 4096);
    auto a = ddr.allocate(4096, 4096), b = ddr.allocate(4096, 4096), c = ddr.allocate(4096, 4096),
         d = ddr.allocate(4096, 4096);
    ASSERT_TRUE(a && b && c && d);
    EXPECT_FALSE(ddr.allocate(1, 1));
    a.reset();
    c.reset();
    EXPECT_EQ(ddr.free(), 8192u);
    EXPECT_EQ(ddr.largest_hole(), 4096u);
    EXPECT_FALSE(ddr.allocate(8192, 4096));
    EXPECT_FALSE(ddr.allocate(8192, 4096, Place::HIGH));
    EXPECT_FALSE(ddr.allocate(0, 1));
    b.reset();
    EXPECT_TRUE(ddr.allocate(3 * 4096, 4096, Place::HIGH));
}

TEST(Ddr, ThirtyTwoGigabytesCostOnlyWhatIsWritten)
{
    Ddr ddr(0x1'0000'0000, 32ull << 30);
    const auto all = ddr.allocate(32ull << 30, 4096);
    ASSERT_TRUE(all);
    all->bytes().front() = all->bytes().back() = std::byte{7};
    EXPECT_EQ(all->bytes()[1ull << 34], std::byte{0});
    EXPECT_EQ(ddr.free(), 0u);
}

} // namespace
} // namespace qsm_test
