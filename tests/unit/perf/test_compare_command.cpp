// SPDX-License-Identifier: BSD-3-Clause
#include "a_report.hpp"
#include "compare_command.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace {

using namespace qaic::perf;
using qaic::perf::test::good_report;

class CompareCommand : public testing::Test {
  protected:
    void SetUp() override
    {
        std::string name = (std::filesystem::temp_directory_path() / "qaic_compare_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// A report of 100 operations in so many seconds, with latencies of 1 to 100 us times a factor.
    [[nodiscard]] std::string report(const std::string& name, double seconds, std::uint64_t factor = 1) const
    {
        const auto r = good_report();
        r->measure.seconds = seconds;
        r->outcome.latency.reset();
        for (std::uint64_t i = 1; i <= 100; ++i) r->outcome.latency.record(i * 1000 * factor);
        judge(*r);
        const auto path = (folder_ / name).string();
        std::ofstream(path) << to_json(*r);
        return path;
    }
    /// Exit status and what was printed.
    static int run(const CompareOptions& options, std::string& out, std::string& err)
    {
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const int status = compare_command(options);
        std::fflush(stdout);
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return status;
    }
    std::filesystem::path folder_;
};

TEST_F(CompareCommand, ExitStatusSaysWhetherBIsWorse)
{
    const auto a = report("a", 1), slow = report("slow", 1.2), fast = report("fast", 0.8),
               late = report("late", 1, 3);
    std::string out, err;
    EXPECT_EQ(run({.first = a, .second = a}, out, err), 0) << err;
    EXPECT_EQ(err, "");
    EXPECT_NE(out.find("throughput A 100 /s, B 100 /s; B is 1 times A (single figures: no interval): SAME\n"),
              std::string::npos)
        << out;
    EXPECT_EQ(run({.first = a, .second = slow}, out, err), 1);
    EXPECT_EQ(run({.first = a, .second = fast}, out, err), 0);
    EXPECT_EQ(run({.first = a, .second = slow, .threshold = 25}, out, err), 0);
    EXPECT_EQ(run({.first = a, .second = late}, out, err), 1);
    EXPECT_EQ(run({.first = a, .second = late, .metrics = {"throughput"}}, out, err), 0);
    EXPECT_EQ(run({.first = a, .second = late, .metrics = {"p50"}}, out, err), 1);
    EXPECT_NE(out.find("B is 3"), std::string::npos) << out;
    EXPECT_NE(out.find("): WORSE\n"), std::string::npos) << out;
}

TEST_F(CompareCommand, SeveralReportsAreRepetitions)
{
    std::string a, b, out, err;
    for (int i = 0; i < 5; ++i) {
        a += (i > 0 ? "," : "") + report("a" + std::to_string(i), 1 + 0.01 * i);
        b += (i > 0 ? "," : "") + report("b" + std::to_string(i), 1.5 + 0.01 * i);
    }
    EXPECT_EQ(run({.first = a, .second = b, .metrics = {"throughput"}}, out, err), 1) << err;
    EXPECT_NE(out.find(", p 0.0079): WORSE"), std::string::npos) << out;
}

TEST_F(CompareCommand, WhatCannotBeUsedIsTwoAndOneLine)
{
    const auto a = report("a", 1);
    std::string out, err;
    for (const CompareOptions& o :
         {CompareOptions{.first = a, .second = a + "2"}, CompareOptions{.first = a + ",", .second = a},
          CompareOptions{.first = a, .second = folder_.string()},
          CompareOptions{.first = a, .second = a, .metrics = {"x"}},
          CompareOptions{.first = a, .second = a, .threshold = -1}}) {
        EXPECT_EQ(run(o, out, err), 2);
        EXPECT_EQ(out, "");
        EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
        EXPECT_EQ(err.rfind("qaic-perf: E_", 0), 0u) << err;
    }
}

} // namespace
