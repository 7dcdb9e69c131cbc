// SPDX-License-Identifier: BSD-3-Clause
// The histogram against sorted samples, and its bucket arithmetic at every power of two.
#include "stats/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

namespace {

using qaic::stats::Histogram;
using Samples = std::vector<std::uint64_t>;

constexpr double fractions[] = {0.0001, 0.01, 0.07, 0.1,   0.25,   0.5, 0.75,
                                0.9,    0.95, 0.99, 0.999, 0.9999, 1.0};

std::unique_ptr<Histogram> of(const Samples& samples)
{
    auto h = std::make_unique<Histogram>();
    for (const auto v : samples) h->record(v);
    return h;
}

/// Nearest rank in whole numbers: fractions are given in ten-thousandths.
std::uint64_t exact_quantile(Samples samples, double fraction)
{
    std::sort(samples.begin(), samples.end());
    const auto parts = static_cast<std::uint64_t>(std::llround(fraction * 10000));
    const auto rank = std::max<std::uint64_t>((samples.size() * parts + 9999) / 10000, 1);
    return samples[rank - 1];
}

void expect_all_quantiles(const Samples& samples)
{
    const auto h = of(samples);
    for (const double f : fractions) {
        const auto want = static_cast<double>(exact_quantile(samples, f));
        const auto got = static_cast<double>(h->quantile(f));
        EXPECT_LE(std::abs(got - want), want * Histogram::max_relative_error + 1e-9)
            << "fraction " << f << " of " << samples.size() << " samples: " << got << " instead of " << want;
    }
}

TEST(Histogram, ErrorBoundIsBelowOnePercent) { static_assert(Histogram::max_relative_error <= 0.01); }

TEST(Histogram, BucketsTileTheWholeRange)
{
    EXPECT_EQ(Histogram::bucket_low(0), 0U);
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
        const auto low = Histogram::bucket_low(i), high = Histogram::bucket_high(i);
        ASSERT_LE(low, high);
        ASSERT_EQ(Histogram::bucket_of(low), i);
        ASSERT_EQ(Histogram::bucket_of(high), i);
        if (i > 0) {
            ASSERT_EQ(low, Histogram::bucket_high(i - 1) + 1);
        }
    }
    EXPECT_EQ(Histogram::bucket_high(Histogram::buckets - 1), ~std::uint64_t{0});
}

TEST(Histogram, BucketMiddleIsWithinTheBoundOfBothEnds)
{
    for (std::size_t i = 1; i < Histogram::buckets; ++i) {
        const auto low = Histogram::bucket_low(i), high = Histogram::bucket_high(i);
        const auto half = static_cast<long double>((high - low) / 2 + (high - low) % 2);
        ASSERT_LE(half, static_cast<long double>(low) * Histogram::max_relative_error) << "bucket " << i;
    }
}

TEST(Histogram, EmptyAnswersZero)
{
    const auto h = of({});
    EXPECT_EQ(h->count(), 0U);
    EXPECT_EQ(h->min(), 0U);
    EXPECT_EQ(h->max(), 0U);
    EXPECT_EQ(h->mean(), 0.0);
    for (const double f : fractions) EXPECT_EQ(h->quantile(f), 0U);
}

TEST(Histogram, ExtremesAreExact)
{
    const std::uint64_t top = 1ULL << 63, all = ~std::uint64_t{0};
    for (const auto v :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128}, top, all}) {
        const auto h = of({v});
        EXPECT_EQ(h->min(), v);
        EXPECT_EQ(h->max(), v);
        EXPECT_EQ(h->mean(), static_cast<double>(v));
        for (const double f : fractions) EXPECT_EQ(h->quantile(f), v) << f;
    }
    const auto h = of({0, 1, top});
    EXPECT_EQ(h->quantile(0), 0U);
    EXPECT_EQ(h->quantile(0.5), 1U);
    EXPECT_EQ(h->quantile(1), top);
}

TEST(Histogram, MeanDoesNotOverflow)
{
    const auto h = of(Samples(1000, 1ULL << 63));
    EXPECT_EQ(h->mean(), std::ldexp(1.0, 63));
}

TEST(Histogram, AValueMayBeCountedManyTimesAtOnce)
{
    Histogram once, many;
    for (int i = 0; i < 7; ++i) once.record(1234567);
    many.record(1234567, 7);
    EXPECT_EQ(many.count(), once.count());
    EXPECT_EQ(many.mean(), once.mean());
    EXPECT_EQ(many.count_in(Histogram::bucket_of(1234567)), 7u);
}

TEST(Histogram, ScaledValuesStayWithinOnePercent)
{
    std::mt19937_64 rng(4);
    Samples ticks;
    for (int i = 0; i < 100000; ++i) ticks.push_back(1000 + rng() % (rng() % 2 == 0 ? 5000 : 90'000'000));
    const auto h = of(ticks);
    for (const double factor : {1 / 2.6, 1.0, 1e-3, 3.7}) {
        const auto scaled = std::make_unique<Histogram>(h->scaled(factor));
        EXPECT_EQ(scaled->count(), h->count());
        EXPECT_NEAR(scaled->mean(), h->mean() * factor, h->mean() * factor * 1e-9);
        EXPECT_EQ(scaled->max(), static_cast<std::uint64_t>(static_cast<double>(h->max()) * factor));
        for (const double f : {0.5, 0.9, 0.999}) {
            const auto exact = static_cast<double>(exact_quantile(ticks, f)) * factor;
            EXPECT_NEAR(static_cast<double>(scaled->quantile(f)), exact, 0.01 * exact + 1)
                << f << ' ' << factor;
        }
    }
    EXPECT_EQ(Histogram{}.scaled(2).count(), 0u);
    Histogram top;
    top.record(~std::uint64_t{0});
    EXPECT_EQ(top.scaled(10).max(), ~std::uint64_t{0});
}

TEST(Histogram, FractionsOutsideTheRangeAreClamped)
{
    const auto h = of({10, 20, 30});
    EXPECT_EQ(h->quantile(-1), 10U);
    EXPECT_EQ(h->quantile(2), 30U);
    EXPECT_EQ(h->quantile(std::nan("")), 10U);
}

TEST(Histogram, SmallValuesHaveExactQuantiles)
{
    Samples s;
    for (std::uint64_t v = 1; v <= 100; ++v) s.push_back(v);
    const auto h = of(s);
    for (unsigned p = 1; p <= 100; ++p) EXPECT_EQ(h->quantile(p / 100.0), p);
    EXPECT_EQ(h->mean(), 50.5);
}

TEST(Histogram, QuantilesMatchSortedSamples)
{
    std::mt19937_64 rng(20);
    for (const std::size_t n : {1U, 2U, 3U, 10U, 1000U, 20011U}) {
        Samples uniform, any_size, long_tail;
        std::lognormal_distribution<double> tail(10, 2);
        for (std::size_t i = 0; i < n; ++i) {
            uniform.push_back(rng() % 1000000);
            any_size.push_back(rng() >> (rng() % 64));
            long_tail.push_back(static_cast<std::uint64_t>(tail(rng)));
        }
        expect_all_quantiles(uniform);
        expect_all_quantiles(any_size);
        expect_all_quantiles(long_tail);
    }
}

TEST(Histogram, MergeEqualsRecordingEverythingInOne)
{
    std::mt19937_64 rng(21);
    Samples a, b, both;
    for (int i = 0; i < 5000; ++i) {
        a.push_back(rng() >> (rng() % 64));
        b.push_back(rng() >> (rng() % 64));
    }
    both = a;
    both.insert(both.end(), b.begin(), b.end());
    const auto merged = of(a), whole = of(both);
    merged->merge(*of(b));
    merged->merge(Histogram{});
    EXPECT_EQ(merged->count(), whole->count());
    EXPECT_EQ(merged->min(), whole->min());
    EXPECT_EQ(merged->max(), whole->max());
    EXPECT_EQ(merged->mean(), whole->mean());
    for (std::size_t i = 0; i < Histogram::buckets; ++i) ASSERT_EQ(merged->count_in(i), whole->count_in(i));
}

TEST(Histogram, MergeIntoAnEmptyOneAndReset)
{
    Histogram h;
    h.merge(*of({5, 7}));
    EXPECT_EQ(h.min(), 5U);
    EXPECT_EQ(h.max(), 7U);
    h.reset();
    EXPECT_EQ(h.count(), 0U);
    EXPECT_EQ(h.quantile(0.5), 0U);
}

} // namespace
