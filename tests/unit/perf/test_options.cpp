// SPDX-License-Identifier: BSD-3-Clause
#include "eal_setup.hpp"
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
    add_stop_options(app, p.options);
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
             "--model m@0",
             "--model m@x",
             "--model m@",
             "--model m --model n --input i",
             "--model m --rate 0",
             "--model m --rate nan",
             "--model m --rate 10 --schedule s",
             "--model m --rate 10 --arrivals sometimes",
             "--model m --rate 10 --whole-bursts",
             "--model m --schedule s --lcores 2",
             "--model m --lcores 0",
             "--model m --until p99",
             "--model m --error 0.02",
             "--model m --confidence 0.9",
             "--model m --until 99 --error 0.02",
             "--model m --until p0 --error 0.02",
             "--model m --until p100 --error 0.02",
             "--model m --until p99 --error 0.001",
             "--model m --until p99 --error nan",
             "--model m --until p99 --error 0.02 --confidence 1",
         })
        EXPECT_NE(parse(line).error, "") << line;
}

TEST(Options, SeveralModelsCardsAndCores)
{
    const auto p = parse("--model a.qpc --model b@2.5 --dev x --dev y --lcores 3 --rate 1e6");
    EXPECT_EQ(p.error, "");
    ASSERT_EQ(p.options.models.size(), 2u);
    EXPECT_EQ(p.options.models[0].path, "a.qpc");
    EXPECT_EQ(p.options.models[0].weight, 1);
    EXPECT_EQ(p.options.models[1].path, "b");
    EXPECT_EQ(p.options.models[1].weight, 2.5);
    EXPECT_EQ(p.options.devices, (std::vector<std::string>{"x", "y"}));
    EXPECT_TRUE(p.options.open_loop());
    EXPECT_FALSE(parse("--model a").options.open_loop());
    EXPECT_EQ(parse("--model a").options.devices, (std::vector<std::string>{"ml_qaic_emu0"}));
}

TEST(Options, UntilAPercentileIsKnown)
{
    const auto p = parse("--model m --until p99.9 --error 0.02");
    EXPECT_EQ(p.error, "");
    EXPECT_EQ(p.options.time, 60);
    const auto s = stop_settings(p.options);
    EXPECT_NEAR(s.fraction, 0.999, 1e-12);
    EXPECT_EQ(s.error, 0.02);
    EXPECT_EQ(s.confidence, 0.95);
    EXPECT_EQ(s.seconds, 60);
    const auto limited = parse("--model m --until p50 --error 0.1 --confidence 0.99 --count 500");
    EXPECT_EQ(limited.error, "");
    EXPECT_EQ(stop_settings(limited.options).confidence, 0.99);
    EXPECT_EQ(stop_settings(limited.options).count, 500u);
    EXPECT_EQ(limited.options.time, 0);
    EXPECT_EQ(parse("--model m").options.time, 2) << "without it the time stays what it was";
}

TEST(Options, HowManyOutputsAreChecked)
{
    EXPECT_EQ(parse("--model m").options.effective_check(), 1009U);
    EXPECT_EQ(parse("--model m").options.checksum, 0U);
    EXPECT_EQ(parse("--model m --checksum 1").options.checksum, 1U);
    EXPECT_EQ(parse("--model m --input i --expect e --check 1").options.effective_check(), 1U);
    EXPECT_EQ(parse("--model m --check 0").error, "");
    EXPECT_EQ(parse("--model m --check 0").options.effective_check(), 0U);
    EXPECT_EQ(parse("--model m --model n --checksum 1").error, "");
    EXPECT_NE(parse("--model m --check 5").error, "");
    EXPECT_NE(parse("--model m --input i --labels l --check -5").error, "");
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
    const auto s = qaic::eal::split_arguments(7, argv);
    EXPECT_EQ(s.ours, (std::vector<std::string>{"qaic-perf", "run"}));
    EXPECT_EQ(s.eal, (std::vector<std::string>{"-l", "1", "--", "x"}));
    EXPECT_TRUE(qaic::eal::split_arguments(2, argv).eal.empty());
}

} // namespace
