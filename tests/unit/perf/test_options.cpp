// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace {

using namespace qaic::perf;

struct Parsed {
    RunOptions options;
    std::string error; ///< empty: taken
};

Parsed parse(const std::string& line)
{
    Parsed p;
    CLI::App app;
    add_run_options(app, p.options);
    try {
        app.parse(line);
    } catch (const CLI::ParseError& e) {
        p.error = e.what();
        return p;
    }
    if (auto settled = settle(p.options); !settled) p.error = settled.error().message();
    return p;
}

TEST(Options, Defaults)
{
    const auto p = parse("--model m.qpc");
    EXPECT_EQ(p.error, "");
    EXPECT_EQ(p.options.queue_depth, 32U);
    EXPECT_EQ(p.options.burst, 8U);
    EXPECT_EQ(p.options.time, RunOptions::default_time);
    EXPECT_EQ(p.options.format(), FileFormat::FLOAT32);
    EXPECT_EQ(p.options.effective_tolerance(), 1e-3);
    EXPECT_EQ(parse("--model m --device-io").options.effective_tolerance(), 0);
    EXPECT_EQ(parse("--model m --queue-depth 3").options.burst, 3U);
    EXPECT_EQ(parse("--model m --count 10").options.time, 0);
}

TEST(Options, RefusesWhatMakesNoSense)
{
    for (const char* line : {
             "",
             "--model m --queue-depth 0",
             "--model m --queue-depth 65536",
             "--model m --burst 0",
             "--model m --burst 64",
             "--model m --time 0",
             "--model m --time -1",
             "--model m --time nan",
             "--model m --time 1 --count 5",
             "--model m --count 0",
             "--model m --warmup -1",
             "--model m --wait-limit 0",
             "--model m --expect e",
             "--model m --labels l",
             "--model m --input i --tolerance 1",
             "--model m --input i --expect e --tolerance -1",
             "--model m --input i --expect e --tolerance nan",
             "--model m --float-io --device-io",
             "--model m --dev \"\"",
             "--model m --no-such",
             "--model m surplus",
             "--model m --queue-depth five",
         })
        EXPECT_NE(parse(line).error, "") << line;
}

TEST(Options, ErrorsAreOneLine)
{
    EXPECT_EQ(parse("--model m --burst 64").error, "E_INVAL: --burst 64 is more than --queue-depth 32");
    EXPECT_EQ(parse("--model m --time nan").error.find('\n'), std::string::npos);
    EXPECT_EQ(parse("--model m --queue-depth 0").error.find('\n'), std::string::npos);
}

TEST(Options, SplitsAtTheFirstDoubleDash)
{
    const char* argv[] = {"qaic-perf", "run", "--", "-l", "1", "--", "x"};
    const auto s = split_arguments(7, argv);
    EXPECT_EQ(s.ours, (std::vector<std::string>{"qaic-perf", "run"}));
    EXPECT_EQ(s.eal, (std::vector<std::string>{"-l", "1", "--", "x"}));
    EXPECT_TRUE(split_arguments(2, argv).eal.empty());
}

} // namespace
