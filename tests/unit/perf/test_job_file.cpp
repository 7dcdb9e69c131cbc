// SPDX-License-Identifier: BSD-3-Clause
#include "job_file.hpp"

#include <gtest/gtest.h>

namespace {

using namespace qaic::perf;
using Words = std::vector<std::string>;

std::string job_error(const std::string& text)
{
    const auto job = parse_job(text, "j.toml");
    return job ? std::string("accepted") : job.error().message();
}

TEST(JobFile, BecomesACommandLine)
{
    const auto job = parse_job(R"(
model = ["a.qpc", "b.qpc@2"]
rate = 1e5
queue-depth = 64
device-io = true
whole-bursts = false
eal = ["-l", "1"]
)",
                               "j.toml");
    ASSERT_TRUE(job) << job.error().message();
    EXPECT_EQ(job->eal, (Words{"-l", "1"}));
    const auto good = [](const Words&) { return std::string(); };
    const auto line = with_job(*job, {"run", "--rate=7", "--time", "1"}, good);
    ASSERT_TRUE(line);
    EXPECT_EQ(*line, (Words{"run", "--rate=7", "--time", "1", "--device-io", "--model=a.qpc",
                            "--model=b.qpc@2", "--queue-depth=64"}));
}

TEST(JobFile, ErrorsNameLineAndColumn)
{
    EXPECT_NE(job_error("a = 1\nb = \n").find("E_FORMAT: j.toml:2:"), std::string::npos)
        << job_error("a = 1\nb = \n");
    EXPECT_NE(job_error("a = 1\n\n b = { c = 1 }\n").find("j.toml:3:6: a value is a text or a number"),
              std::string::npos);
    EXPECT_NE(job_error("x = [1, [2]]").find("j.toml:1:9: a value"), std::string::npos);
    EXPECT_NE(job_error("x = 2026-01-01").find("j.toml:1:5: a value"), std::string::npos);
    EXPECT_NE(job_error(std::string((1u << 20) + 1, ' ')).find("E_LIMIT: j.toml"), std::string::npos);
}

TEST(JobFile, AnOptionThatIsRefusedIsNamedWithItsPlace)
{
    const auto job = parse_job("\n  burst = 0\n", "j.toml");
    ASSERT_TRUE(job);
    const auto refuse = [](const Words& words) { return "not " + words.front(); };
    const auto line = with_job(*job, {"run"}, refuse);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().message(), "E_FORMAT: j.toml:2:3: not --burst=0");
}

} // namespace
