// SPDX-License-Identifier: BSD-3-Clause
// The histogram that is read while it is written: how near it keeps a value, and what a reader sees
// meanwhile.
#include "stats/live_histogram.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <thread>

namespace {

using qaic::stats::Histogram;
using qaic::stats::LiveCount;
using qaic::stats::LiveHistogram;

std::unique_ptr<Histogram> copy_of(const LiveHistogram& live)
{
    auto h = std::make_unique<Histogram>();
    live.copy_to(*h);
    return h;
}

/// As one value comes back: the smallest and largest of a copy are exact.
void expect_kept(std::uint64_t value)
{
    const auto live = std::make_unique<LiveHistogram>();
    live->record(value);
    const auto h = copy_of(*live);
    ASSERT_EQ(h->count(), 1u) << value;
    ASSERT_EQ(h->min(), h->max()) << value;
    const auto away = h->min() > value ? h->min() - value : value - h->min();
    ASSERT_LE(static_cast<long double>(away), static_cast<long double>(value) / 64)
        << value << " became " << h->min();
    ASSERT_EQ(live->highest(), value);
}

TEST(LiveHistogram, KeepsEveryValueWithinOnePointSixPercent)
{
    for (std::uint64_t v = 0; v < 5000; ++v) expect_kept(v);
    for (unsigned bit = 5; bit < 64; ++bit)
        for (const std::uint64_t beside : {0ULL - 1, 0ULL, 1ULL}) expect_kept((1ULL << bit) + beside);
    expect_kept(~std::uint64_t{0});
    std::mt19937_64 random(1);
    for (int i = 0; i < 5000; ++i) expect_kept(random() >> (random() % 64));
}

TEST(LiveHistogram, SmallValuesAreExact)
{
    const auto live = std::make_unique<LiveHistogram>();
    for (std::uint64_t v = 0; v < 64; ++v) live->record(v);
    const auto h = copy_of(*live);
    EXPECT_EQ(h->count(), 64u);
    for (std::uint64_t v = 0; v < 64; ++v) EXPECT_EQ(h->count_in(Histogram::bucket_of(v)), 1u) << v;
}

TEST(LiveHistogram, QuantilesOfManyStayNear)
{
    const auto live = std::make_unique<LiveHistogram>();
    for (std::uint64_t v = 1; v <= 100'000; ++v) live->record(v);
    const auto h = copy_of(*live);
    EXPECT_EQ(h->count(), 100'000u);
    for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999})
        EXPECT_NEAR(static_cast<double>(h->quantile(q)), q * 100'000,
                    q * 100'000 * (1.0 / 64 + Histogram::max_relative_error)) // its own, and the copy's
            << q;
    EXPECT_EQ(live->highest(), 100'000u);
}

TEST(LiveHistogram, CopiesAddUp)
{
    const auto a = std::make_unique<LiveHistogram>(), b = std::make_unique<LiveHistogram>();
    for (int i = 0; i < 10; ++i) a->record(7), b->record(9000);
    Histogram both;
    a->copy_to(both);
    b->copy_to(both);
    EXPECT_EQ(both.count(), 20u);
    EXPECT_EQ(both.quantile(0.5), 7u);
}

TEST(LiveHistogram, AReaderSeesAllThatWasWrittenBeforeAndNothingElse)
{
    constexpr std::uint64_t all = 300'000;
    const auto live = std::make_unique<LiveHistogram>();
    std::atomic<std::uint64_t> written{0};
    std::jthread writer([&] {
        for (std::uint64_t i = 0; i < all; ++i) {
            live->record(100 + i % 1000);
            written.store(i + 1, std::memory_order_release);
        }
    });
    std::uint64_t before = 0, copies = 0, last = 0;
    while (before < all) {
        before = written.load(std::memory_order_acquire);
        const auto h = copy_of(*live);
        ASSERT_GE(h->count(), before);
        ASSERT_GE(h->count(), last) << "counts only grow";
        ASSERT_LE(h->count(), all);
        if (h->count() != 0) {
            ASSERT_GE(h->min(), 98u);
            ASSERT_LE(h->max(), 1118u);
        }
        last = h->count();
        ++copies;
    }
    writer.join();
    EXPECT_EQ(copy_of(*live)->count(), all);
    EXPECT_EQ(live->highest(), 1099u);
    EXPECT_GT(copies, 0u);
}

TEST(LiveCount, AddsAndRises)
{
    LiveCount c;
    c.add(3);
    c.add(0);
    c.raise_to(2);
    EXPECT_EQ(c.get(), 3u);
    c.raise_to(10);
    EXPECT_EQ(c.get(), 10u);
}

} // namespace
