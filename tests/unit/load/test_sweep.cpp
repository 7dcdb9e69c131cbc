// SPDX-License-Identifier: BSD-3-Clause
#include "load/sweep.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;
using Numbers = std::vector<double>;
using Counts = std::vector<std::uint32_t>;

TEST(Sweep, ListsAndRanges)
{
    const std::pair<const char*, Numbers> good[] = {
        {"7", {7}},
        {"1,2,4", {1, 2, 4}},
        {"4,1", {4, 1}},
        {"1..64*2", {1, 2, 4, 8, 16, 32, 64}},
        {"1..60*2", {1, 2, 4, 8, 16, 32}},
        {"1000..4000+1000", {1000, 2000, 3000, 4000}},
        {"0..0.5+0.1", {0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5}},
        {"10k..1M*10", {10000, 100000, 1000000}},
        {"1.5k,2e3", {1500, 2000}},
        {"1,8..10+1,20", {1, 8, 9, 10, 20}},
        {"5..5+1", {5}},
    };
    for (const auto& [text, want] : good) {
        const auto got = parse_numbers("--rate", text, 0, 1e9);
        ASSERT_TRUE(got) << got.error().text;
        EXPECT_EQ(*got, want) << text;
    }
    EXPECT_EQ(*parse_counts("--depth", "1..8*2", 1, 64), (Counts{1, 2, 4, 8}));
}

TEST(Sweep, ErrorsNameTheOptionThePartAndTheRule)
{
    const std::pair<const char*, const char*> bad[] = {
        {"", "\"\" is no number"},
        {"1,,2", "\"\" is no number"},
        {"1,x", "\"x\" is no number"},
        {"1,2G", "\"2G\" is no number"},
        {"1, 2", "\" 2\" is no number"},
        {"nan", "\"nan\" is not between 1 and 100000"},
        {"inf", "is not between"},
        {"0", "\"0\" is not between 1 and 100000"},
        {"1M", "\"1M\" is not between"},
        {"1..8", "without a step"},
        {"8..1*2", "ends below its start"},
        {"1..8*1", "factor must be above 1"},
        {"1..8*0.5", "factor must be above 1"},
        {"1..8+0", "never grows"},
        {"1..8*", "\"\" is no number"},
        {"1..8*-2", "\"-2\" is not between"},
        {"..8*2", "\"\" is no number"},
        {"1,2,1", "has 1 twice"},
        {"1..100000+1", "more than 1000 values"},
        {"1..100000*1.000000001", "more than 1000 values"},
    };
    for (const auto& [text, rule] : bad) {
        const auto got = parse_numbers("--rate", text, 1, 1e5);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().text.rfind("--rate: ", 0), 0u) << got.error().text;
        EXPECT_NE(got.error().text.find(rule), std::string::npos) << text << ": " << got.error().text;
    }
    EXPECT_NE(parse_counts("--depth", "1..3*1.5", 1, 9).error().text.find("1.5, which is no whole"),
              std::string::npos);
    EXPECT_LT(parse_numbers("--rate", std::string(100000, 'x'), 1, 2).error().text.size(), 200u);
}

TEST(Sweep, RangesFromZeroByFactorNeverGrow)
{
    EXPECT_NE(parse_numbers("--rate", "0..8*2", 0, 10).error().text.find("never grows from 0"),
              std::string::npos);
}

TEST(Sweep, EveryCombinationInOrder)
{
    const auto grid = expand({.depths = {4, 16}, .bursts = {1, 8}, .lcores = {1, 2}, .rates = {100, 200}});
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->skipped, 4u); // burst 8 in depth 4
    ASSERT_EQ(grid->points.size(), 12u);
    EXPECT_EQ(grid->points[0], (SweepPoint{4, 1, 1, 100}));
    EXPECT_EQ(grid->points[1], (SweepPoint{4, 1, 1, 200}));
    EXPECT_EQ(grid->points[2], (SweepPoint{16, 1, 1, 100}));
    EXPECT_EQ(grid->points[5], (SweepPoint{16, 8, 1, 200}));
    EXPECT_EQ(grid->points[6], (SweepPoint{4, 1, 2, 100}));
}

TEST(Sweep, AnEmptyAxisIsItsDefaultAndTooManyOrNoRunsAreErrors)
{
    const auto one = expand({.depths = {}, .bursts = {}, .lcores = {}, .rates = {}});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->points, (std::vector<SweepPoint>{SweepPoint{}}));
    EXPECT_NE(expand({.depths = {1}, .bursts = {2}}).error().text.find("larger than every depth"),
              std::string::npos);
    const Numbers many(101);
    const auto huge = expand({.depths = Counts(100, 8), .rates = many});
    ASSERT_FALSE(huge);
    EXPECT_EQ(huge.error().code, qaic::Code::E_LIMIT);
    EXPECT_NE(huge.error().text.find("10100 runs, limit 10000"), std::string::npos) << huge.error().text;
}

TEST(Sweep, TheTableShowsWhatChanges)
{
    Outcome o;
    o.seconds = 2, o.succeeded = 2000, o.offered = 1000;
    for (unsigned i = 1; i <= 100; ++i) o.latency.record(100 * i); // 0.1 to 10 us
    std::vector<SweepRow> rows{{{32, 8, 1, 1000}, figures_of(o)}, {{32, 8, 1, 0}, figures_of(o)}};
    rows[1].figures.late = 3;
    EXPECT_EQ(sweep_table(rows), "offered/s  achieved/s  p50 us  p99 us  p99.9 us  max us  late\n"
                                 "     1000        1000    5.01    9.89     10.00   10.00     0\n"
                                 "   closed        1000    5.01    9.89     10.00   10.00     3\n");
    EXPECT_EQ(sweep_table({}), "");
}

TEST(SweepFigures, AreMicroseconds)
{
    Outcome o;
    o.seconds = 1, o.succeeded = 9, o.failed = 1;
    o.latency.record(64000), o.service.record(32000), o.lateness.record(16000);
    const auto f = figures_of(o);
    EXPECT_EQ(f.achieved, 10);
    for (const double q : f.latency_us) EXPECT_EQ(q, 64);
    EXPECT_EQ(f.max_us, 64);
    EXPECT_EQ(f.mean_us, 64);
    EXPECT_EQ(f.service_p99_us, 32);
    EXPECT_EQ(f.lateness_p99_us, 16);
    EXPECT_EQ(figures_of(Outcome{}).achieved, 0);
}

} // namespace
