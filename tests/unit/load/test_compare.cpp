// SPDX-License-Identifier: BSD-3-Clause
// Reference values: all orders counted, and the approximations computed, by a dozen lines of Python.
#include "load/compare.hpp"
#include "load/rank_test.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

namespace {
using namespace qaic::load;
using qaic::stats::Histogram;
using Sample = std::vector<double>;

TEST(RankTest, WithoutTiesIsExact)
{
    struct Case {
        Sample a, b;
        double u, p;
    };
    const Case cases[] = {
        {{1, 2, 3}, {4, 5, 6}, 9, 0.1},
        {{4, 5, 6}, {1, 2, 3}, 0, 0.1},
        {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}, 25, 2.0 / 252},
        {{1, 4, 6, 7, 10}, {2, 3, 5, 8, 9, 11, 12}, 22, 0.5303030303030303},
        {{19, 22, 16, 29, 24}, {20, 11, 17, 12}, 3, 1.0 / 9},
        {{1, 3}, {2}, 1, 1},
    };
    for (const auto& c : cases) {
        const auto t = mann_whitney(c.a, c.b);
        EXPECT_TRUE(t.exact);
        EXPECT_EQ(t.u, c.u);
        EXPECT_NEAR(t.p, c.p, 1e-12) << c.u;
    }
    EXPECT_NEAR(mann_whitney(Sample{1, 2, 3, 4}, Sample{0, 9, 8, 7}).smallest_p, 2.0 / 70, 1e-12);
}

TEST(RankTest, WithTiesOrManyIsApproximate)
{
    const auto tied = mann_whitney(Sample{1, 2, 2, 3, 4, 5, 5}, Sample{2, 3, 5, 6, 6, 7, 8, 8});
    EXPECT_FALSE(tied.exact);
    EXPECT_EQ(tied.u, 46.5);
    EXPECT_NEAR(tied.p, 0.03539060700656299, 1e-9);
    Sample even(30), odd(30);
    for (unsigned i = 0; i < 30; ++i) even[i] = 2 * i, odd[i] = 2 * i + 15;
    const auto many = mann_whitney(even, odd);
    EXPECT_FALSE(many.exact);
    EXPECT_EQ(many.u, 647);
    EXPECT_NEAR(many.p, 0.0036708933924506602, 1e-9);
}

TEST(RankTest, OfEqualOrNoFiguresSaysNothing)
{
    EXPECT_EQ(mann_whitney(Sample{1, 1, 1}, Sample{1, 1}).p, 1);
    EXPECT_EQ(mann_whitney(Sample{}, Sample{1, 1}).p, 1);
}

TEST(Compare, RatioOfMediansAndItsVerdict)
{
    const Sample slow{100, 101, 99, 100.5, 99.5}, fast{120, 121, 119, 120.5, 119.5};
    const auto up = compare_figures(slow, fast, {.better = Better::HIGHER});
    ASSERT_TRUE(up);
    EXPECT_EQ(up->first, 100);
    EXPECT_EQ(up->second, 120);
    EXPECT_DOUBLE_EQ(up->ratio, 1.2);
    EXPECT_NEAR(up->p, 2.0 / 252, 1e-12);
    EXPECT_GE(up->low, 119.0 / 101);
    EXPECT_LE(up->high, 121.0 / 99);
    EXPECT_LT(up->low, up->ratio);
    EXPECT_GT(up->high, up->ratio);
    EXPECT_EQ(up->verdict, Verdict::BETTER);
    EXPECT_EQ(compare_figures(slow, fast, {.better = Better::LOWER})->verdict, Verdict::WORSE);
    EXPECT_EQ(compare_figures(fast, slow, {.better = Better::HIGHER})->verdict, Verdict::WORSE);
    EXPECT_EQ(compare_figures(slow, slow, {.better = Better::HIGHER})->verdict, Verdict::SAME);
    EXPECT_EQ(compare_figures(slow, fast, {.better = Better::HIGHER, .threshold = 0.25})->verdict,
              Verdict::SAME);
}

TEST(Compare, NoiseAboveTheThresholdIsNotADifference)
{
    const Sample a{80, 130, 90, 125, 100}, b{85, 140, 95, 135, 110};
    const auto c = compare_figures(a, b, {.better = Better::LOWER});
    ASSERT_TRUE(c);
    EXPECT_DOUBLE_EQ(c->ratio, 1.1);
    EXPECT_EQ(c->verdict, Verdict::SAME);
}

TEST(Compare, ThreeRepetitionsAreTooFewForTheRankTestAndJudgedByTheInterval)
{
    const auto c = compare_figures(Sample{100, 101, 102}, Sample{120, 121, 122}, {.better = Better::LOWER});
    ASSERT_TRUE(c);
    EXPECT_NEAR(c->p, 0.1, 1e-12);
    EXPECT_EQ(c->verdict, Verdict::WORSE);
}

TEST(Compare, SingleFiguresHaveNoInterval)
{
    const auto c = compare_figures(Sample{100}, Sample{90}, {.better = Better::HIGHER});
    ASSERT_TRUE(c);
    EXPECT_FALSE(c->interval);
    EXPECT_EQ(c->verdict, Verdict::WORSE);
    EXPECT_EQ(describe(*c, "A", "B"), "B is 0.9 times A (single figures: no interval): WORSE");
    EXPECT_EQ(compare_figures(Sample{100}, Sample{97}, {.better = Better::HIGHER})->verdict, Verdict::SAME);
}

TEST(Compare, SameSeedSameAnswer)
{
    const Sample a{1, 2, 3, 4, 5, 6}, b{2, 3, 4, 5, 6, 9};
    const auto one = compare_figures(a, b, {.seed = 5}), again = compare_figures(a, b, {.seed = 5});
    EXPECT_EQ(one->low, again->low);
    EXPECT_EQ(one->high, again->high);
}

TEST(Compare, RefusesFiguresThatAreNone)
{
    const CompareSettings s;
    EXPECT_NE(compare_figures(Sample{}, Sample{1}, s).error().text.find("first set is empty"),
              std::string::npos);
    EXPECT_NE(compare_figures(Sample{1}, Sample{0}, s).error().text.find("second set holds 0"),
              std::string::npos);
    EXPECT_FALSE(compare_figures(Sample{1}, Sample{std::nan("")}, s));
    EXPECT_FALSE(compare_figures(Sample{1}, Sample{INFINITY}, s));
    EXPECT_FALSE(compare_figures(Sample{1}, Sample{1}, {.threshold = -1}));
    EXPECT_FALSE(compare_figures(Sample{1}, Sample{1}, {.threshold = std::nan("")}));
    EXPECT_FALSE(compare_figures(Sample{1}, Sample{1}, {.confidence = 1}));
    EXPECT_FALSE(compare_figures(Sample{1}, Sample{1}, {.resamples = 1}));
    EXPECT_FALSE(compare_quantile({}, {}, 0.5, s));
    EXPECT_FALSE(compare_quantile({}, {}, 0, s));
}

Histogram exponential(double mean, unsigned n, unsigned seed)
{
    std::mt19937_64 random(seed);
    std::exponential_distribution<double> draw(1 / mean);
    Histogram h;
    for (unsigned i = 0; i < n; ++i) h.record(static_cast<std::uint64_t>(draw(random)));
    return h;
}

TEST(Compare, APercentileOfTwoHistograms)
{
    const auto a = Distribution::of(exponential(1e6, 20000, 1)),
               b = Distribution::of(exponential(1.3e6, 20000, 2));
    for (const double f : {0.5, 0.9, 0.99}) {
        const auto c = compare_quantile(a, b, f, {.better = Better::LOWER});
        ASSERT_TRUE(c);
        // Deviation of the log of an exponential's sample quantile: sqrt(f / (n (1 - f))) / -ln(1 - f); of a
        // ratio sqrt 2 times that. The interval is 1.96 of these each way.
        const double deviation = std::sqrt(2 * f / (20000 * (1 - f))) / -std::log(1 - f);
        EXPECT_NEAR(c->ratio, 1.3, 3.5 * 1.3 * deviation) << f;
        EXPECT_NEAR(std::log(c->high / c->low), 2 * 1.96 * deviation, 0.2 * 2 * 1.96 * deviation) << f;
        EXPECT_EQ(c->verdict, Verdict::WORSE) << f;
    }
}

TEST(Compare, TheIntervalHoldsItsPromise)
{
    int held = 0;
    for (unsigned run = 0; run < 200; ++run) {
        const auto a = Distribution::of(exponential(1e6, 2000, 2 * run)),
                   b = Distribution::of(exponential(1e6, 2000, 2 * run + 1));
        const auto c = compare_quantile(a, b, 0.9, {.resamples = 1000});
        held += c->low <= 1 && 1 <= c->high;
    }
    EXPECT_GE(held, 180) << "of 200, 190 expected";
    EXPECT_LE(held, 199);
}

} // namespace
