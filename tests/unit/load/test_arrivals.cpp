// SPDX-License-Identifier: BSD-3-Clause
#include "load/arrivals.hpp"
#include <cmath>
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;

constexpr double nanoseconds = 1e9;

TEST(Arrivals, FixedOnesAreEvenlySpacedAndDoNotDrift)
{
    ArrivalPlan plan{.kind = ArrivalKind::FIXED, .per_second = 3e6};
    Arrivals a(plan, nanoseconds);
    for (std::uint64_t i = 1; i <= 3'000'000; ++i) {
        const auto at = static_cast<double>(a.next());
        ASSERT_NEAR(at, static_cast<double>(i) * 1e9 / 3e6, 1.5) << i;
    }
}

/// Mean, variance and the exponential's tail; and that counts in windows vary as a Poisson's do.
TEST(Arrivals, PoissonGapsAreExponential)
{
    ArrivalPlan plan{.kind = ArrivalKind::POISSON, .per_second = 1e4, .seed = 7};
    Arrivals a(plan, nanoseconds);
    constexpr int n = 1'000'000;
    constexpr double mean = 1e5;
    double sum = 0, squares = 0;
    int beyond[4] = {};
    std::uint64_t before = 0;
    for (int i = 0; i < n; ++i) {
        const auto at = a.next();
        ASSERT_GE(at, before);
        const auto gap = static_cast<double>(at - before);
        before = at;
        sum += gap, squares += gap * gap;
        for (int k = 0; k < 4; ++k) beyond[k] += gap > mean * (k + 1) ? 1 : 0;
    }
    EXPECT_NEAR(sum / n, mean, mean * 4 / std::sqrt(n)); // four standard errors
    const auto variance = squares / n - (sum / n) * (sum / n);
    EXPECT_NEAR(std::sqrt(variance), mean, mean * 0.01);
    for (int k = 0; k < 4; ++k) {
        const auto p = std::exp(-(k + 1.0));
        EXPECT_NEAR(beyond[k] / double{n}, p, 4 * std::sqrt(p * (1 - p) / n)) << k;
    }
}

TEST(Arrivals, TrainsFallDueTogetherAndKeepTheRate)
{
    ArrivalPlan plan{.kind = ArrivalKind::TRAINS, .per_second = 1000, .train = 5};
    Arrivals a(plan, nanoseconds);
    for (std::uint64_t train = 1; train <= 100; ++train)
        for (int i = 0; i < 5; ++i) ASSERT_EQ(a.next(), train * 5'000'000) << train << ' ' << i;
}

TEST(Arrivals, AScheduleIsReplayedAndEnds)
{
    ArrivalPlan plan{.kind = ArrivalKind::REPLAY, .times = {0, 10, 10, 500}};
    Arrivals a(plan, 2e9);
    for (const std::uint64_t at : {0, 20, 20, 1000}) EXPECT_EQ(a.next(), at);
    EXPECT_EQ(a.next(), Arrivals::never);
    EXPECT_EQ(a.next(), Arrivals::never);
}

TEST(Arrivals, TheSameSeedGivesTheSameTimes)
{
    ArrivalPlan plan{.per_second = 1e6, .seed = 3}, other = plan;
    other.seed = 4;
    Arrivals a(plan, nanoseconds), b(plan, nanoseconds), c(other, nanoseconds);
    int differ = 0;
    for (int i = 0; i < 100; ++i) {
        const auto at = a.next();
        EXPECT_EQ(at, b.next());
        differ += at != c.next() ? 1 : 0;
    }
    EXPECT_GT(differ, 90);
}

TEST(Arrivals, PlansThatMakeNoSenseAreRefused)
{
    const auto refused = [](ArrivalPlan p, const char* text) {
        const auto checked = check(p);
        ASSERT_FALSE(checked);
        EXPECT_NE(checked.error().message().find(text), std::string::npos) << checked.error().message();
    };
    refused({.per_second = 0}, "got=0");
    refused({.per_second = -1}, "got=-1");
    refused({.per_second = std::nan("")}, "got=nan");
    refused({.per_second = 2e9}, "got=2e+09");
    refused({.kind = ArrivalKind::TRAINS, .per_second = 1, .train = 0}, "a train is one operation or more");
    refused({.kind = ArrivalKind::REPLAY}, "holds no due time");
    refused({.kind = ArrivalKind::REPLAY, .times = {5, 4}}, "due time 2 of the schedule");
    EXPECT_TRUE(check({.per_second = 1e9}));
}

TEST(Schedule, IsReadLineByLine)
{
    const auto times = parse_schedule("# ns\n0\n 17 \r\n\n17 # twice\n900", "s.txt");
    ASSERT_TRUE(times);
    EXPECT_EQ(*times, (std::vector<std::uint64_t>{0, 17, 17, 900}));
}

TEST(Schedule, ErrorsNameTheLine)
{
    const auto error = [](const char* text) {
        const auto r = parse_schedule(text, "s.txt");
        return r ? std::string("accepted") : r.error().message();
    };
    EXPECT_NE(error("1\n2x\n").find("s.txt:2: not a number of nanoseconds got=\"2x\""), std::string::npos);
    EXPECT_NE(error("5\n\n4\n").find("s.txt:3: due times must not go back"), std::string::npos);
    EXPECT_NE(error("-1").find("s.txt:1: not a number"), std::string::npos);
    EXPECT_NE(error("99999999999999999999").find("s.txt:1: not a number"), std::string::npos);
    EXPECT_NE(error("9999999999999999999").find("s.txt:1: due time beyond"), std::string::npos);
    EXPECT_NE(error("# nothing\n").find("s.txt: holds no due time"), std::string::npos);
}

} // namespace
