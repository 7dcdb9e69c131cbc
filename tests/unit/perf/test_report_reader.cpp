// SPDX-License-Identifier: BSD-3-Clause
#include "a_report.hpp"
#include "report_reader.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace qaic::perf;
using qaic::perf::test::good_report;
using Json = nlohmann::json;

std::vector<Metric> metrics_of(std::initializer_list<const char*> names)
{
    std::vector<Metric> out;
    for (const auto* name : names) out.push_back(*metric_named(name));
    return out;
}

Json good_json()
{
    const auto r = good_report();
    judge(*r);
    return Json::parse(to_json(*r));
}

TEST(ReportReader, ReadsWhatTheReportWrites)
{
    const auto read = parse_report(
        good_json().dump(), metrics_of({"throughput", "p50", "p99", "p99.9", "mean", "max", "cycles"}));
    ASSERT_TRUE(read) << read.error().text;
    const double want[] = {200, 50000, 99000, 100000, 50500, 100000, 100};
    for (std::size_t i = 0; i < std::size(want); ++i)
        EXPECT_NEAR(read->values.at(i), want[i], 0.01 * want[i]) << i;
    EXPECT_EQ(read->latency.count(), 100u);
    ASSERT_EQ(read->setting.size(), setting_names().size());
    EXPECT_EQ(read->setting[0], "\"digits\"");
}

TEST(ReportReader, NamesTheKeyThatIsWrong)
{
    struct Case {
        const char* pointer;
        Json value;
        const char* text;
    };
    const Case cases[] = {
        {"/schema_version", 1, "/schema_version: is 1, this tool reads 2"},
        {"/schema_version", "1", "/schema_version: is \"1\", this tool reads 2"},
        {"/schema_version", {1}, "/schema_version: is array, this tool reads 2"},
        {"/ok", "yes", "/ok: missing, or neither"},
        {"/throughput", nullptr, "/throughput/inferences_per_s: missing"},
        {"/throughput/inferences_per_s", "fast", "/throughput/inferences_per_s: is string, not a number"},
        {"/throughput/inferences_per_s", 0, "/throughput/inferences_per_s: is 0, not above 0"},
        {"/throughput/inferences_per_s", -5, "/throughput/inferences_per_s: is -5, not above 0"},
        {"/latency", Json::object(), "/latency/histogram: missing"},
        {"/latency/histogram", 5, "/latency/histogram: is number, not a list"},
        {"/latency/histogram", Json::array(), "/latency/histogram: nothing was measured"},
        {"/latency/histogram/0", {1, 2}, "/latency/histogram: entry 0 is not [lowest, highest, count]"},
        {"/latency/histogram/1/2", -1, "/latency/histogram: entry 1 is not"},
        {"/latency/histogram/1/2", 1.5, "/latency/histogram: entry 1 is not"},
        {"/latency/histogram/1/0", 0, "/latency/histogram: bucket 1: starts at 0"},
        {"/latency/histogram", Json(70000, {1, 1, 1}), "/latency/histogram: 70000 buckets, limit 65536"},
        {"/latency/histogram", {{0, 0, 5}}, "/latency/histogram: its p99 is 0, not above 0"},
    };
    for (const auto& c : cases) {
        auto json = good_json();
        json[Json::json_pointer(c.pointer)] = c.value;
        const auto read = parse_report(json.dump(), metrics_of({"throughput", "p99"}));
        ASSERT_FALSE(read) << c.text;
        EXPECT_EQ(read.error().text.rfind(c.text, 0), 0u) << read.error().text;
    }
}

TEST(ReportReader, WhatNobodyAskedForMayBeMissing)
{
    auto json = good_json();
    json.erase("latency"), json.erase("cycles"), json.erase("environment");
    EXPECT_TRUE(parse_report(json.dump(), metrics_of({"throughput"})));
}

TEST(ReportReader, RefusesRunsThatFailedWithTheirReason)
{
    auto json = good_json();
    json["ok"] = false;
    json["problems"] = {"measure: it broke\nin two\x1b[31m lines", "and more"};
    auto read = parse_report(json.dump(), {});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().text, "the run failed: measure: it broke in two [31m lines");
    json["problems"] = 5;
    EXPECT_EQ(parse_report(json.dump(), {}).error().text, "the run failed: no reason is given");
}

TEST(ReportReader, RefusesWhatIsNoReport)
{
    const std::pair<std::string, const char*> bad[] = {
        {"", "is no JSON: wrong at byte 1"},
        {"{\"schema_version\": 1", "is no JSON: wrong at byte"},
        {"[1]", "is array, not a report"},
        {"null", "is null, not a report"},
        {"{}", "/schema_version: missing"},
        {"{\"a\": 1e999}", "is no JSON that can be read: "},
        {std::string(100000, '['), "is no JSON: wrong at byte 100001"},
        {"\xff\xfe", "is no JSON: wrong at byte 1"},
    };
    for (const auto& [text, want] : bad) {
        const auto read = parse_report(text, metrics_of({"throughput"}));
        ASSERT_FALSE(read) << want;
        EXPECT_EQ(read.error().text.rfind(want, 0), 0u) << read.error().text;
        EXPECT_EQ(read.error().text.find('\n'), std::string::npos);
    }
}

TEST(ReportReader, MetricNames)
{
    EXPECT_DOUBLE_EQ(metric_named("p99.9")->fraction, 0.999);
    EXPECT_EQ(metric_named("throughput")->better, qaic::load::Better::HIGHER);
    for (const char* bad : {"", "p", "p0", "p100", "p-5", "pnan", "p99x", "px", "P99", "speed"})
        EXPECT_FALSE(metric_named(bad)) << bad;
}

} // namespace
