// SPDX-License-Identifier: BSD-3-Clause
#include "load/probability.hpp"
#include "load/stop_rule.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace {
using namespace qaic::load;
using qaic::stats::Histogram;

TEST(Probability, NormalQuantilesAreThoseOfTheTables)
{
    EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
    EXPECT_NEAR(normal_quantile(0.005), -2.575829303548901, 1e-12);
    EXPECT_NEAR(normal_quantile(0.5), 0, 1e-12);
    EXPECT_NEAR(normal_cdf(1), 0.841344746068543, 1e-14);
}

TEST(Probability, RanksAroundAMedianAreThoseOfTheTables)
{
    // Two-sided 95 % for the median: n = 6 (1, 6), n = 20 (6, 15), n = 100 (40, 61).
    for (const auto& [n, low, high] : {std::array{6, 1, 6}, std::array{20, 6, 15}, std::array{100, 40, 61}}) {
        const auto r = interval_ranks(static_cast<unsigned>(n), 0.5, 0.95);
        ASSERT_TRUE(r) << n;
        EXPECT_EQ(r->low, static_cast<unsigned>(low)) << n;
        EXPECT_EQ(r->high, static_cast<unsigned>(high)) << n;
    }
    EXPECT_FALSE(interval_ranks(5, 0.5, 0.95));
}

TEST(Probability, ATailNeedsSamplesBeyondIt)
{
    EXPECT_EQ(samples_for_interval(0.5, 0.95), 6u);
    EXPECT_EQ(samples_for_interval(0.99, 0.95), 368u); // 0.99^367 = 0.02501, 0.99^368 = 0.02476
    EXPECT_EQ(samples_for_interval(0.01, 0.95), 368u);
    EXPECT_FALSE(interval_ranks(367, 0.99, 0.95));
    ASSERT_TRUE(interval_ranks(368, 0.99, 0.95));
    EXPECT_EQ(interval_ranks(368, 0.99, 0.95)->high, 368u);
    EXPECT_FALSE(interval_ranks(0, 0.5, 0.95));
    EXPECT_FALSE(interval_ranks(100, 1, 0.95));
    EXPECT_FALSE(interval_ranks(100, std::nan(""), 0.95));
}

TEST(Probability, TheTwoWaysOfRankingMeet)
{
    // Deviation 4095.9 is counted exactly, 4096.1 approximated.
    const std::uint64_t n = 67108864; // 4 * 4096^2: deviation of the median 4096
    const auto exact = interval_ranks(n - 3000, 0.5, 0.95), near = interval_ranks(n + 3000, 0.5, 0.95);
    ASSERT_TRUE(exact && near);
    EXPECT_NEAR(static_cast<double>(near->low) - static_cast<double>(exact->low), 3000, 3);
    EXPECT_NEAR(static_cast<double>(near->high) - static_cast<double>(exact->high), 3000, 3);
}

TEST(MlperfQueries, AreThoseOfTheRules)
{
    EXPECT_EQ(*mlperf_queries(0.90), 24576u);
    EXPECT_EQ(*mlperf_queries(0.95), 57344u);
    EXPECT_EQ(*mlperf_queries(0.97), 90112u);
    EXPECT_EQ(*mlperf_queries(0.99), 270336u);
    for (const double bad : {0.0, 1.0, -1.0, std::nan("")}) EXPECT_FALSE(mlperf_queries(bad)) << bad;
}

StopRule rule_of(StopSettings s) { return *StopRule::make(s); }

TEST(StopRule, RefusesWhatMakesNoSense)
{
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    const std::pair<StopSettings, const char*> bad[] = {
        {{}, "neither --time nor --count"},
        {{.fraction = 0.99, .error = 0.05}, "neither --time nor --count"},
        {{.seconds = 1, .fraction = 0.99}, "belong together"},
        {{.seconds = 1, .error = 0.05}, "belong together"},
        {{.seconds = 1, .fraction = 1.5, .error = 0.05}, "--until p150"},
        {{.seconds = 1, .fraction = 0.99, .error = 0.001}, "--error 0.1 %: not between 0.39"},
        {{.seconds = 1, .fraction = nan, .error = 0.05}, "--until pnan"},
        {{.seconds = nan}, "--time nan"},
        {{.seconds = -1}, "--time -1"},
        {{.seconds = 1, .confidence = 0}, "--confidence 0"},
    };
    for (const auto& [settings, text] : bad) {
        const auto rule = StopRule::make(settings);
        ASSERT_FALSE(rule) << text;
        EXPECT_NE(rule.error().text.find(text), std::string::npos) << rule.error().text;
    }
}

TEST(StopRule, WithoutAPercentileTimeOrCountDecide)
{
    Histogram h;
    const auto by_count = rule_of({.count = 3}), by_time = rule_of({.seconds = 2});
    EXPECT_EQ(by_count.ask(h, 1e9).state, StopState::NOT_YET);
    for (int i = 0; i < 3; ++i) h.record(5);
    EXPECT_EQ(by_count.ask(h, 0).state, StopState::ENOUGH);
    EXPECT_EQ(by_time.ask(h, 1.9).state, StopState::NOT_YET);
    EXPECT_EQ(by_time.ask(h, 2).state, StopState::ENOUGH);
}

TEST(StopRule, OfUniformValuesNeedsWhatTheFormulaSays)
{
    // Median of a uniform distribution over 0..2m: ranks n / 2 + 1 + z * sqrt(n) / 2 above, each 2m / n
    // further up. Relative to the median z / sqrt(n) + 2 / n: 10.3 % at 400, where ranks are whole 10.5 %; 5
    // % at about 1620.
    const auto rule = rule_of({.count = 100000, .fraction = 0.5, .error = 0.05});
    const auto after = [&](unsigned n) {
        Histogram h;
        for (unsigned i = 0; i < n; ++i) h.record(2000000ULL * i / n);
        return rule.ask(h, 0);
    };
    EXPECT_EQ(after(1480).state, StopState::NOT_YET);
    EXPECT_EQ(after(1750).state, StopState::ENOUGH);
    const auto early = after(400);
    EXPECT_NEAR(early.error, 0.105, 0.002);
    EXPECT_NEAR(static_cast<double>(early.needed), 1764, 120);
    EXPECT_NEAR(early.value, 1e6, 6000);
    EXPECT_LT(early.low, early.value);
    EXPECT_GT(early.high, early.value);
}

TEST(StopRule, SaysHowManyItTakesWhenThereAreTooFewForAnInterval)
{
    Histogram h;
    h.record(7);
    const auto a = rule_of({.count = 100, .fraction = 0.99, .error = 0.05}).ask(h, 0);
    EXPECT_EQ(a.state, StopState::NOT_YET);
    EXPECT_LT(a.error, 0);
    EXPECT_EQ(a.needed, 368u);
}

TEST(StopRule, IsHopelessAtItsLimitAndNotBefore)
{
    Histogram h;
    std::mt19937_64 random(1);
    std::exponential_distribution<double> latency(1e-5);
    for (int i = 0; i < 500; ++i) h.record(static_cast<std::uint64_t>(latency(random)));
    EXPECT_EQ(rule_of({.count = 501, .fraction = 0.99, .error = 0.02}).ask(h, 0).state, StopState::NOT_YET);
    const auto a = rule_of({.count = 500, .fraction = 0.99, .error = 0.02}).ask(h, 0);
    EXPECT_EQ(a.state, StopState::HOPELESS);
    EXPECT_GT(a.needed, 500u);
    EXPECT_EQ(rule_of({.seconds = 2, .fraction = 0.99, .error = 0.02}).ask(h, 2).state, StopState::HOPELESS);
}

TEST(StopRule, EqualValuesAreKnownAtOnce)
{
    Histogram h;
    for (int i = 0; i < 368; ++i) h.record(0);
    EXPECT_EQ(rule_of({.seconds = 9, .fraction = 0.99, .error = 0.01}).ask(h, 0).state, StopState::ENOUGH);
}

/// Looking again and again until it fits costs confidence. How much: 200 runs, a look each 10 % more samples.
TEST(StopRule, HoldsItsPromiseWhenAskedAgainAndAgain)
{
    const auto rule = rule_of({.count = 1000000, .fraction = 0.99, .error = 0.05});
    const double truth = -std::log(0.01) * 1e6;
    int within = 0;
    for (unsigned run = 0; run < 200; ++run) {
        std::mt19937_64 random(run);
        std::exponential_distribution<double> latency(1e-6);
        Histogram h;
        StopAnswer a;
        for (double next = 400; a.state == StopState::NOT_YET; next *= 1.1) {
            while (static_cast<double>(h.count()) < next)
                h.record(static_cast<std::uint64_t>(latency(random)));
            a = rule.ask(h, 0);
        }
        ASSERT_EQ(a.state, StopState::ENOUGH);
        if (std::abs(a.value - truth) <= 0.05 * truth) ++within;
    }
    EXPECT_GE(within, 180) << "of 200";
}

} // namespace
