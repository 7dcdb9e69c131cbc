// SPDX-License-Identifier: BSD-3-Clause
#include "load/mlperf.hpp"
#include "load/stop_rule.hpp"
#include <gtest/gtest.h>

namespace {
using namespace qaic::load;

/// A run that keeps every rule, with all latencies the same.
Outcome good(std::uint64_t queries, std::uint64_t latency_ns)
{
    Outcome o;
    o.seconds = 600, o.succeeded = o.submitted = queries;
    o.offered = static_cast<double>(queries) / 600;
    for (std::uint64_t i = 0; i < queries; ++i) o.latency.record(latency_ns);
    return o;
}

TEST(Mlperf, TheTableIsInTheOrderOfTheEnumAndItsCountsComeFromTheFormula)
{
    for (std::size_t i = 0; i < scenarios.size(); ++i)
        EXPECT_EQ(static_cast<std::size_t>(scenarios[i].scenario), i);
    EXPECT_EQ(rules_of(Scenario::SERVER).queries, *mlperf_queries(0.99));
    EXPECT_EQ(rules_of(Scenario::MULTI_STREAM).queries, *mlperf_queries(0.99));
    EXPECT_EQ(rules_of(Scenario::OFFLINE).queries, *mlperf_queries(0.90));
}

TEST(Mlperf, NamesInAnyCase)
{
    EXPECT_EQ(*scenario_named("server"), Scenario::SERVER);
    EXPECT_EQ(*scenario_named("SingleStream"), Scenario::SINGLE_STREAM);
    EXPECT_NE(scenario_named("serve").error().text.find("no scenario \"serve\""), std::string::npos);
    EXPECT_FALSE(scenario_named(""));
}

TEST(Mlperf, ValidRunsAndTheirMetrics)
{
    const auto single = judge(Scenario::SINGLE_STREAM, {}, good(1024, 1000000));
    EXPECT_TRUE(single.valid && single.by_the_rules);
    EXPECT_EQ(single.metric, 1000000);
    const auto server = judge(Scenario::SERVER, {.limit_ns = 15000000}, good(270336, 13400000));
    EXPECT_TRUE(server.valid);
    EXPECT_NEAR(server.metric, 450.56, 1e-9);
    EXPECT_EQ(describe(Scenario::SERVER, server), "Server: VALID, 450.56 scheduled queries/s");
    const auto multi =
        judge(Scenario::MULTI_STREAM, {.limit_ns = 50000000, .samples_per_query = 8}, good(270336, 1));
    EXPECT_TRUE(multi.valid);
    EXPECT_EQ(multi.metric, 8);
    const auto offline = judge(Scenario::OFFLINE, {}, good(24576, 1));
    EXPECT_TRUE(offline.valid);
    EXPECT_NEAR(offline.metric, 40.96, 1e-9);
}

TEST(Mlperf, EachBrokenRuleIsAReason)
{
    const MlperfSettings limit{.limit_ns = 15000000};
    const auto expect = [&](Scenario s, const Outcome& o, const MlperfSettings& settings,
                            const char* reason) {
        const auto j = judge(s, settings, o);
        EXPECT_FALSE(j.valid) << reason;
        ASSERT_EQ(j.reasons.size(), 1u) << reason;
        EXPECT_EQ(j.reasons[0], reason);
    };
    auto o = good(270336, 1000000);
    o.seconds = 599.5;
    expect(Scenario::SERVER, o, limit, "ran for 599.500 s, at least 600 s are needed");
    expect(Scenario::SERVER, good(270335, 1000000), limit, "270335 queries, at least 270336 are needed");
    expect(Scenario::OFFLINE, good(24575, 1), {}, "24575 samples, at least 24576 are needed");
    o = good(270336, 1000000), o.failed = 1;
    expect(Scenario::SERVER, o, limit, "1 of 270337 samples failed");
    o = good(270336, 1000000), o.unfinished = 2;
    expect(Scenario::SERVER, o, limit, "2 samples never came back");
    expect(Scenario::SERVER, good(270336, 15728640), limit, "p99 latency is 15.729 ms, limit 15.000 ms");
    expect(Scenario::SERVER, good(270336, 1), {}, "no latency limit was given: there is nothing to judge by");
    EXPECT_EQ(judge(Scenario::SERVER, limit, Outcome{}).reasons.size(), 2u);
}

TEST(Mlperf, OnePercentMayBeOverTheLimitAndSkippedIntervalsCountAsThat)
{
    auto o = good(267633, 1000000); // 99.0001 % of 270336
    for (int i = 0; i < 2703; ++i) o.latency.record(60000000);
    EXPECT_TRUE(judge(Scenario::MULTI_STREAM, {.limit_ns = 50000000}, o).valid);
    o.late = 1000;
    const auto j = judge(Scenario::MULTI_STREAM, {.limit_ns = 50000000}, o);
    ASSERT_EQ(j.reasons.size(), 1u);
    EXPECT_NE(j.reasons[0].find("p99 latency is 59.9"), std::string::npos) << j.reasons[0];
    o.late = 100000;
    EXPECT_NE(judge(Scenario::MULTI_STREAM, {.limit_ns = 50000000}, o)
                  .reasons.at(0)
                  .find("100000 of 370336 intervals"),
              std::string::npos);
    EXPECT_TRUE(judge(Scenario::SERVER, {.limit_ns = 50000000}, o).valid) << "late is something else there";
}

TEST(Mlperf, ShortenedRunsSaySo)
{
    auto o = good(1000, 1);
    o.seconds = 2;
    const auto j = judge(Scenario::SERVER, {.limit_ns = 1000, .seconds = 2, .queries = 1000}, o);
    EXPECT_TRUE(j.valid);
    EXPECT_FALSE(j.by_the_rules);
    EXPECT_NE(describe(Scenario::SERVER, j).find("VALID (by less than the rules' time or queries)"),
              std::string::npos);
}

} // namespace
