// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/live_table.hpp"
#include "support/pipe_snapshot.hpp"
#include <gtest/gtest.h>
#include <limits>
#include <sstream>

namespace test {
namespace {
using namespace pipeline::metrics;

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

std::vector<std::string> words_of(const std::string& line)
{
    std::istringstream in(line);
    return {std::istream_iterator<std::string>(in), {}};
}

/// Two seconds later than pipe_snapshot(), with known differences.
pipeline::PipelineSnapshot later()
{
    auto p = pipe_snapshot();
    p.seconds += 2;
    p.stages[1].in += 3'000'000;
    p.stages[1].out += 2'000'000;
    p.stages[1].busy_cycles += 2'100'000'000;
    p.links[1].moved += 500;
    p.links[1].bursts += 200;
    p.links[1].full_bursts += 50;
    return p;
}

TEST(LiveTable, RatesAreOfTheTimeBetween)
{
    const auto before = pipe_snapshot();
    const auto lines = lines_of(live_table(later(), &before));
    EXPECT_EQ(lines[0], "packets, 14.5 s");
    // name, replica, core, items/s, in, out, dropped, held, busy%, cycles an item, p50, p99
    EXPECT_EQ(words_of(lines[3]),
              (std::vector<std::string>{"features", "0", "2", "1.500", "M", "17,000,001", "16,000,002",
                                        "1,201", "14,003", "50.0", "700", "14.25", "21.5"}));
    EXPECT_EQ(words_of(lines[9]), (std::vector<std::string>{"features", "->", "infer", "0", "drop-oldest",
                                                            "18/512", "512", "25.0", "250", "8,123"}));
}

TEST(LiveTable, WhatDidNotMoveHasNoQuotients)
{
    const auto before = pipe_snapshot();
    auto now = before;
    now.seconds += 1;
    const auto lines = lines_of(live_table(now, &before));
    const auto words = words_of(lines[4]); // infer 0
    EXPECT_EQ(words[3], "0");
    EXPECT_EQ(words[8], "0.0");
    EXPECT_EQ(words[9], "-");
    EXPECT_EQ(words_of(lines[8])[7], "-"); // full%
}

TEST(LiveTable, AnotherRunIsNotBefore)
{
    const auto fresh = live_table(pipe_snapshot(), nullptr);
    const auto after = later(); // older than now: the pipeline was started again
    EXPECT_EQ(live_table(pipe_snapshot(), &after), fresh);
    auto other = pipe_snapshot();
    other.name = "digits";
    other.seconds = 1;
    EXPECT_EQ(live_table(pipe_snapshot(), &other), fresh);
    EXPECT_NE(fresh.find("1.120 M"), std::string::npos); // 14 million in 12.5 s
}

TEST(LiveTable, LastLinesAreTheLedgerAndTheLatency)
{
    auto lines = lines_of(live_table(pipe_snapshot(), nullptr));
    EXPECT_EQ(lines[lines.size() - 2], "in 15,000,002 = out 14,978,500 + dropped 21,202 + in flight 300");
    EXPECT_EQ(lines.back(),
              "end to end p50 21.5 us, p99 84.25 us, p99.9 402.1 us, highest 5.322 ms, of 14,400,007 items");
    auto p = pipe_snapshot();
    p.ledger.out -= 1;
    lines = lines_of(live_table(p, nullptr));
    EXPECT_TRUE(lines[lines.size() - 2].starts_with("in 15,000,002 IS NOT out")) << lines[lines.size() - 2];
}

TEST(LiveTable, FitsWhateverTheNumbersAre)
{
    static constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    static constexpr auto most32 = std::numeric_limits<std::uint32_t>::max();
    auto p = pipe_snapshot();
    p.name = std::string(90, 'n') + "\x1b[2J";
    for (auto& s : p.stages) {
        s.name = std::string(40, 's');
        s.replica = 255;
        s.lcore = 1023;
        s.in = s.out = s.held = s.busy_cycles = most;
        s.dropped = {{"a", most}};
        s.latency = {most, 1e12, 1e12, 1e12, 1e12};
    }
    for (auto& l : p.links) {
        l.from = l.to = std::string(39, 'l') + "\n";
        l.replica = 255;
        l.depth = l.waiting = l.high_water = most32;
        l.moved = l.bursts = l.full_bursts = l.dropped = most;
    }
    p.end_to_end = {most, 1e12, 1e12, 1e12, 1e12};
    p.tsc_hz = 1e9;
    p.seconds = 1e6;
    p.ledger = {99'999'999'999, 99'999'999'998, most, most};
    const auto lines = lines_of(live_table(p, nullptr));
    EXPECT_EQ(lines.size(), 1 + 6 + 5 + 2U);
    for (const auto& line : lines) {
        EXPECT_LE(line.size(), 100U) << line;
        for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << line;
    }
}

TEST(LiveTable, NumbersToRead)
{
    const std::pair<double, const char*> rows[] = {
        {0, "0"},          {0.5, "0.5"},        {7.25, "7.25"},    {12.345, "12.35"},   {99.996, "100"},
        {999.94, "999.9"}, {999.96, "1.000 k"}, {1234, "1.234 k"}, {99'996, "100.0 k"}, {1.5e9, "1.500 G"},
        {2e19, "20.00 E"}};
    for (const auto& [value, text] : rows) EXPECT_EQ(scaled(value), text);
    EXPECT_EQ(scaled(-1), "-");
    EXPECT_EQ(scaled(std::numeric_limits<double>::quiet_NaN()), "-");
    EXPECT_EQ(grouped(0, 7), "0");
    EXPECT_EQ(grouped(999, 7), "999");
    EXPECT_EQ(grouped(1000, 7), "1,000");
    EXPECT_EQ(grouped(999'999, 7), "999,999");
    EXPECT_EQ(grouped(1'234'567, 7), "1.235 M");
    EXPECT_EQ(grouped(1'234'567, 9), "1,234,567");
}

} // namespace
} // namespace test
