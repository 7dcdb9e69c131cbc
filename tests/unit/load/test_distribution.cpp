// SPDX-License-Identifier: BSD-3-Clause
#include "load/distribution.hpp"
#include <gtest/gtest.h>
#include <limits>

namespace {
using qaic::load::Distribution;
using qaic::stats::Histogram;
using Buckets = std::vector<Distribution::Bucket>;

TEST(Distribution, OfNothingIsZeroEverywhere)
{
    EXPECT_EQ(Distribution::of(Histogram{}).count(), 0u);
    EXPECT_EQ(Distribution::of(Histogram{}).value(0.5), 0);
}

TEST(Distribution, OfSmallValuesIsExact)
{
    Histogram h;
    for (unsigned v = 1; v <= 100; ++v) h.record(v);
    const auto d = Distribution::of(h);
    for (unsigned p = 1; p <= 100; ++p) EXPECT_EQ(d.value(p / 100.0), p);
    EXPECT_EQ(d.value(-1), 1);
    EXPECT_EQ(d.value(2), 100);
}

TEST(Distribution, MovesWithoutStepsInsideABucketAndEndsAtMinimumAndMaximum)
{
    Histogram h;
    for (unsigned v = 100000; v < 101000; ++v) h.record(v);
    const auto d = Distribution::of(h);
    EXPECT_EQ(d.value(0), 100000);
    EXPECT_NEAR(d.value(1), 100999, 1e-6);
    for (const double f : {0.1, 0.25, 0.5, 0.777}) EXPECT_NEAR(d.value(f), 100000 + 1000 * f, 2) << f;
}

TEST(Distribution, OfForeignBuckets)
{
    const auto d = Distribution::of(Buckets{{10, 20, 4}, {20, 30, 0}, {30, 50, 4}});
    ASSERT_TRUE(d);
    EXPECT_EQ(d->count(), 8u);
    EXPECT_NEAR(d->value(0.25), 15, 1e-9);
    EXPECT_NEAR(d->value(0.75), 40, 1e-9);
}

TEST(Distribution, RefusesBucketsThatAreNone)
{
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    constexpr auto all = std::numeric_limits<std::uint64_t>::max();
    const std::pair<Buckets, const char*> bad[] = {
        {{{5, 4, 1}}, "bucket 0: 5 to 4 is no range"},
        {{{-1, 4, 1}}, "bucket 0: -1 to 4 is no range"},
        {{{1, 2, 1}, {nan, 3, 1}}, "bucket 1: nan to 3 is no range"},
        {{{1, 5, 1}, {4, 6, 1}}, "bucket 1: starts at 4, below the end of the one before (5)"},
        {{{1, 5, all}, {6, 7, 1}}, "bucket 1: the counts add up to more"},
    };
    for (const auto& [buckets, text] : bad) {
        const auto d = Distribution::of(buckets);
        ASSERT_FALSE(d) << text;
        EXPECT_NE(d.error().text.find(text), std::string::npos) << d.error().text;
    }
}

} // namespace
