// SPDX-License-Identifier: BSD-3-Clause
#include "a_report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace qaic::perf;
using qaic::perf::test::good_report;

TEST(ReportJson, HoldsTheFigures)
{
    const auto r = good_report();
    judge(*r);
    const auto j = nlohmann::json::parse(to_json(*r));
    EXPECT_EQ(j.at("schema_version"), 2);
    EXPECT_EQ(j.at("ok"), true);
    EXPECT_EQ(j.at("device").at("boot").at("boot_pbl_us"), 1234);
    EXPECT_EQ(j.at("model").at("inputs").at(0).at("shape"), (std::vector<int>{1, 1, 8, 8}));
    EXPECT_EQ(j.at("model").at("outputs").at(0).at("type"), "FP32");
    EXPECT_EQ(j.at("counts").at("total").at("submitted"), 154);
    EXPECT_EQ(j.at("counts").at("measure").at("balanced"), true);
    EXPECT_EQ(j.at("throughput").at("inferences_per_s"), 200.0);
    EXPECT_EQ(j.at("cycles").at("per_op"), 100.0);
    EXPECT_EQ(j.at("verification").at("accuracy"), 0.75);
    const auto& latency = j.at("latency"); // recorded 1..100 us at 2 GHz
    EXPECT_EQ(latency.at("min"), 1000);
    EXPECT_EQ(latency.at("max"), 100000);
    EXPECT_NEAR(latency.at("p50").get<double>(), 50000, 500);
    EXPECT_NEAR(latency.at("p99").get<double>(), 99000, 990);
    std::uint64_t counted = 0;
    for (const auto& bucket : latency.at("histogram")) counted += bucket.at(2).get<std::uint64_t>();
    EXPECT_EQ(counted, 100U);
}

TEST(ReportJson, SaysWhatBecameOfUntil)
{
    const auto r = good_report();
    EXPECT_FALSE(nlohmann::json::parse(to_json(*r)).contains("until"));
    r->options.until = "p99", r->options.error = 0.02;
    r->until = UntilReport{{qaic::load::StopState::ENOUGH, 99e3, 98e3, 100e3, 0.0101, 100}, true, true};
    const auto known = nlohmann::json::parse(to_json(*r)).at("until");
    EXPECT_EQ(known.at("percentile"), 99);
    EXPECT_EQ(known.at("wanted_error"), 0.02);
    EXPECT_EQ(known.at("confidence"), 0.95);
    EXPECT_EQ(known.at("reached"), true);
    EXPECT_EQ(known.at("samples"), 100);
    EXPECT_EQ(known.at("low_ns"), 98e3);
    EXPECT_EQ(known.at("error"), 0.0101);
    r->until->answer.error = -1;
    EXPECT_TRUE(nlohmann::json::parse(to_json(*r)).at("until").at("error").is_null());
}

TEST(ReportJson, QueriesHaveLatenciesOfTheirOwn)
{
    const auto r = good_report();
    r->options.interval_ns = 50'000'000, r->options.samples = 8;
    r->outcome.late = 3;
    r->lanes.push_back({});
    const auto j = nlohmann::json::parse(to_json(*r));
    EXPECT_EQ(j.at("queries").at("answered"), 100);
    EXPECT_EQ(j.at("queries").at("skipped_intervals"), 3);
    EXPECT_FALSE(j.at("open_loop").contains("late"));
    EXPECT_EQ(j.at("options").at("load").at("samples"), 8);
    EXPECT_NE(j.at("latency").at("from").get<std::string>().find("due time of a query"), std::string::npos);
    EXPECT_EQ(j.at("lanes").at(0).at("latency").at("from"), "enqueue call to return of the dequeue call");
}

TEST(ReportJson, HoldsWhatWasChecked)
{
    const auto r = good_report();
    r->options.checksum = 2;
    r->checksums = {50, 2000, 0, 0, {}};
    r->verification.special = {2, 1};
    const auto v = nlohmann::json::parse(to_json(*r)).at("verification");
    EXPECT_EQ(v.at("sample_period"), 1009);
    EXPECT_EQ(v.at("all").at("nan_elements"), 2);
    EXPECT_EQ(v.at("all").at("infinite_elements"), 1);
    EXPECT_EQ(v.at("checksums").at("period"), 2);
    EXPECT_EQ(v.at("checksums").at("checked"), 50);
    EXPECT_EQ(v.at("checksums").at("bytes"), 2000);
    EXPECT_FALSE(v.at("checksums").contains("first_mismatch"));
    r->checksums.mismatches = 1, r->checksums.first.op = 17;
    const auto with = nlohmann::json::parse(to_json(*r));
    EXPECT_EQ(with.at("verification").at("checksums").at("first_mismatch").at("op"), 17);
}

TEST(ReportJson, HoldsTheProblems)
{
    const auto r = good_report();
    r->measure.ledger.stray = 3;
    judge(*r);
    const auto j = nlohmann::json::parse(to_json(*r));
    EXPECT_EQ(j.at("ok"), false);
    EXPECT_EQ(j.at("problems").size(), 1U);
}

TEST(ReportJson, SurvivesNamesThatAreNotUtf8)
{
    const auto r = good_report();
    r->model.name = "\xff\xfe";
    EXPECT_TRUE(nlohmann::json::accept(to_json(*r)));
}

} // namespace
