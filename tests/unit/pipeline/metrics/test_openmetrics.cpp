// SPDX-License-Identifier: BSD-3-Clause
// The text itself; that another's parser reads it and finds every number is tests/cli/pipe_metrics_test.py.
#include "pipeline/metrics/clean_text.hpp"
#include "pipeline/metrics/families.hpp"
#include "pipeline/metrics/openmetrics.hpp"
#include "pipeline/metrics/snapshot_json.hpp"
#include "support/pipe_snapshot.hpp"
#include <gtest/gtest.h>
#include <limits>
#include <set>

namespace test {
namespace {
using namespace pipeline::metrics;

std::string text_of(const pipeline::PipelineSnapshot& p) { return openmetrics(std::vector{p}); }

bool has_line(const std::string& text, const std::string& line)
{
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(OpenMetrics, ValuesOfLabelsAreEscaped)
{
    EXPECT_EQ(escaped("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
    auto p = pipe_snapshot();
    p.stages[1].dropped = {{"a\"b\\c\nd", 5}};
    EXPECT_TRUE(has_line(text_of(p),
                         "qaic_pipe_stage_dropped_items_total{pipeline=\"packets\",stage=\"features\","
                         "replica=\"0\",reason=\"a\\\"b\\\\c\\nd\"} 5"));
}

TEST(OpenMetrics, WhatIsNotUtf8IsMarked)
{
    for (const auto* good : {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_EQ(clean_text(good), good);
    const struct {
        std::string in, out;
    } rows[] = {
        {"a\x80", "a?"},              // continues nothing
        {"\xc3", "?"},                // ends too early
        {"\xc3\xa9\xff", "???"},      // one wrong byte: all of the others, too
        {"\xc0\x80", "??"},           // overlong
        {"\xe0\x80\x80", "???"},      // overlong
        {"\xed\xa0\x80", "???"},      // a surrogate
        {"\xf4\x90\x80\x80", "????"}, // beyond Unicode
        {"\xe2\x82"
         "b",
         "??b"}, // cut by another character
    };
    for (const auto& r : rows) EXPECT_EQ(clean_text(r.in), r.out);
}

TEST(OpenMetrics, LargeNumbersKeepEveryDigit)
{
    auto p = pipe_snapshot();
    p.ledger.in = std::numeric_limits<std::uint64_t>::max();
    EXPECT_TRUE(has_line(text_of(p), "qaic_pipe_in_items_total{pipeline=\"packets\"} 18446744073709551615"));
}

TEST(OpenMetrics, NoQuotientOfNothing)
{
    pipeline::PipelineSnapshot p;
    p.name = "idle";
    p.stages = {pipeline::StageSnapshot{}};
    p.links = {pipeline::LinkSnapshot{}};
    const auto text = text_of(p);
    EXPECT_EQ(text.find("quantile="), std::string::npos);
    EXPECT_EQ(text.find("qaic_pipe_stage_item_cycles{"), std::string::npos);
    EXPECT_EQ(text.find("qaic_pipe_link_full_ratio{"), std::string::npos);
    EXPECT_EQ(text.find("NaN"), std::string::npos);
    EXPECT_TRUE(has_line(text, "qaic_pipe_latency_seconds_count{pipeline=\"idle\"} 0"));
    const auto json = snapshot_json(p);
    EXPECT_TRUE(json["end_to_end_us"]["p99"].is_null());
    EXPECT_TRUE(json["stages"][0]["cycles_per_item"].is_null());
    EXPECT_TRUE(json["links"][0]["full_ratio"].is_null());
}

TEST(OpenMetrics, NotANumberIsWrittenAsTheFormatHasIt)
{
    auto p = pipe_snapshot();
    p.seconds = -std::numeric_limits<double>::quiet_NaN();
    p.tsc_hz = std::numeric_limits<double>::infinity();
    const auto text = text_of(p);
    EXPECT_TRUE(has_line(text, "qaic_pipe_uptime_seconds{pipeline=\"packets\"} NaN"));
    EXPECT_TRUE(has_line(text, "qaic_pipe_tsc_hertz{pipeline=\"packets\"} +Inf"));
}

TEST(OpenMetrics, SamplesOfAFamilyStandTogether)
{
    std::vector two{pipe_snapshot(), pipe_snapshot()};
    two[1].name = "digits";
    const auto text = openmetrics(two);
    EXPECT_NE(text.find("qaic_pipe_in_items_total{pipeline=\"packets\"} 15000002\n"
                        "qaic_pipe_in_items_total{pipeline=\"digits\"} 15000002\n# "),
              std::string::npos);
    EXPECT_EQ(text.find("# EOF\n"), text.size() - 6);
}

TEST(OpenMetrics, NoPipelineIsAnExpositionToo)
{
    const auto text = openmetrics({});
    EXPECT_TRUE(text.starts_with("# TYPE qaic_pipe info\n"));
    EXPECT_TRUE(text.ends_with("\n# EOF\n"));
}

TEST(OpenMetrics, NamesFollowTheFormat)
{
    std::set<std::string> taken; // by every sample there could be
    for (const auto& f : families()) {
        const std::string name(f.name);
        EXPECT_TRUE(f.unit.empty() || name.ends_with("_" + std::string(f.unit))) << name;
        for (const char* reserved : {"_total", "_count", "_sum", "_bucket", "_created", "_info"})
            EXPECT_FALSE(name.ends_with(reserved)) << name;
        EXPECT_TRUE(taken.insert(name).second) << name;
        const auto sample = name + std::string(suffix_of(f.type));
        EXPECT_TRUE(sample == name || taken.insert(sample).second) << name;
    }
}

TEST(SnapshotJson, NamesOfOthersAreMadeUtf8)
{
    auto p = pipe_snapshot();
    p.stages[0].counts = {{"bad\xff", 5}};
    const auto json = nlohmann::json::parse(snapshot_json(p).dump()); // would throw
    EXPECT_EQ(json["stages"][0]["counts"]["bad?"], 5);
}

} // namespace
} // namespace test
