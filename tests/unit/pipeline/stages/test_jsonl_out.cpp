// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/jsonl_out.hpp"
#include "pipeline/stages/null_sink.hpp"
#include "pipeline/stages/top_k.hpp"
#include "support/pipe_stage.hpp"
#include "support/temp_folder.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rte_cycles.h>

namespace {
using namespace pipeline;
using namespace support;
using TopPairs = std::vector<TopPair>;
const auto pass = std::string("pass");

TEST(JsonlStage, ALineAnItemOfWhatIsAskedFor)
{
    const TempFolder folder;
    PipePool pool(4);
    PipeStage s(stage_jsonl_out, {{"path", folder.path("o")}, {"fields", "seq,top,label,score,source"}},
                pool.get());
    auto* const a = pool.item(3, TopPairs{{7, 0.1F}, {4294967295U, -INFINITY}});
    qaic_pipe_item_of(a)->label = 7, qaic_pipe_item_of(a)->score = 0.1F;
    auto* const b = pool.item(18446744073709551615ULL, TopPairs{});
    auto* const c = pool.item(4, TopPairs{{0, 1e-20F}});
    qaic_pipe_item_of(c)->label = 0, qaic_pipe_item_of(c)->score = NAN, qaic_pipe_item_of(c)->source = 65535;
    EXPECT_EQ(s.run({a, b, c}), (std::vector<std::string>{pass, pass, pass}));
    EXPECT_EQ(folder.text("o"), ""); // 64 KiB at once, or at the end
    EXPECT_EQ(s.finish(), "");
    EXPECT_EQ(folder.text("o"),
              "{\"seq\":3,\"top\":[[7,0.1],[4294967295,null]],\"label\":7,\"score\":0.1,\"source\":0}\n"
              "{\"seq\":18446744073709551615,\"top\":null,\"label\":null,\"score\":null,\"source\":0}\n"
              "{\"seq\":4,\"top\":[[0,1e-20]],\"label\":0,\"score\":null,\"source\":65535}\n");
}

TEST(JsonlStage, NumbersReadBackAsTheSame)
{
    const TempFolder folder;
    PipePool pool(1);
    PipeStage s(stage_jsonl_out, {{"path", folder.path("o")}}, pool.get());
    auto* const m = pool.item(0, TopPairs{});
    qaic_pipe_item_of(m)->label = 1;
    const std::vector<float> scores{1.0F / 3, 3.4028235e38F, 1e-45F, -0.0F, 16777217.0F, 0.98765432F};
    for (const float score : scores) {
        qaic_pipe_item_of(m)->score = score;
        EXPECT_EQ(s.run(m), pass);
    }
    EXPECT_EQ(s.finish(), "");
    std::istringstream lines(folder.text("o"));
    std::string line;
    for (const float score : scores) {
        ASSERT_TRUE(std::getline(lines, line));
        EXPECT_EQ(nlohmann::json::parse(line).at("score").get<float>(), score) << line;
        EXPECT_EQ(nlohmann::json::parse(line).size(), 3U) << "seq, label, score where nothing is said";
    }
}

TEST(JsonlStage, ManyOfTheLongestLinesComeWhole)
{
    const TempFolder folder;
    PipePool pool(1, 4096);
    PipeStage s(stage_jsonl_out,
                {{"path", folder.path("o")}, {"fields", "seq,source,label,score,top,latency_us"}},
                pool.get());
    auto* const m = pool.item(~0ULL, TopPairs(most_top, {4294967295U, -1.17549435e-38F}));
    auto& item = *qaic_pipe_item_of(m);
    item.label = 4294967294U, item.score = -1.17549435e-38F, item.source = 65535, item.born = 1;
    const int lines = 200; // six buffers
    for (int i = 0; i < lines; ++i) EXPECT_EQ(s.run(m), pass);
    EXPECT_GT(folder.text("o").size(), 65536U);
    EXPECT_EQ(s.finish(), "");
    std::istringstream text(folder.text("o"));
    int seen = 0;
    for (std::string line; std::getline(text, line); ++seen)
        EXPECT_EQ(nlohmann::json::parse(line).at("top").size(), most_top);
    EXPECT_EQ(seen, lines);
}

TEST(JsonlStage, LatencyIsInMicroseconds)
{
    const TempFolder folder;
    PipePool pool(1);
    PipeStage s(stage_jsonl_out, {{"path", folder.path("o")}, {"fields", "latency_us"}}, pool.get());
    auto* const m = pool.item(0, TopPairs{});
    const auto before = rte_rdtsc(); // the test's clock has 10^9 ticks a second
    qaic_pipe_item_of(m)->born = before - 5'000'000;
    EXPECT_EQ(s.run(m), pass);
    const auto at_most = static_cast<double>(rte_rdtsc() - before) / 1000 + 5000;
    qaic_pipe_item_of(m)->born = rte_rdtsc() + (1ULL << 40); // another core's clock is ahead
    EXPECT_EQ(s.run(m), pass);
    EXPECT_EQ(s.finish(), "");
    std::istringstream text(folder.text("o"));
    std::string line;
    std::getline(text, line);
    const auto us = nlohmann::json::parse(line).at("latency_us").get<double>();
    EXPECT_GE(us, 5000);
    EXPECT_LE(us, at_most);
    std::getline(text, line);
    EXPECT_EQ(line, "{\"latency_us\":0}");
}

TEST(JsonlStage, AFullDiskIsAReasonAndAnError)
{
    PipePool pool(1);
    PipeStage s(stage_jsonl_out, {{"path", "/dev/full"}}, pool.get());
    auto* const m = pool.item(0, TopPairs{});
    int passed = 0;
    for (std::string said = pass; said == pass && passed < 100'000; ++passed) said = s.run(m);
    EXPECT_GT(passed, 1000);
    EXPECT_LT(passed, 100'000);
    EXPECT_EQ(s.run(m), "write_failed");
    EXPECT_NE(s.finish().find("/dev/full: cannot write: No space left on device"), std::string::npos);
    PipeStage few(stage_jsonl_out, {{"path", "/dev/full"}}, pool.get());
    EXPECT_EQ(few.run(m), pass);
    EXPECT_NE(few.finish(), "") << "what was still buffered";
}

TEST(JsonlStage, OnlyCheckedItLeavesTheFileAlone)
{
    const TempFolder folder;
    folder.file("o", std::vector<char>{'x'});
    EXPECT_EQ(refusal(stage_jsonl_out, {{"path", folder.path("o")}}), "");
    EXPECT_EQ(folder.text("o"), "x");
    EXPECT_NE(refusal(stage_jsonl_out, {{"path", folder.path("none/o")}}).find("No such file"),
              std::string::npos);
    PipePool pool(1);
    EXPECT_EQ(refusal(stage_jsonl_out, {{"path", folder.path("o")}}, pool.get()), "");
    EXPECT_EQ(folder.text("o"), "");
    EXPECT_NE(
        refusal(stage_jsonl_out, {{"path", folder.path("none/o")}}, pool.get()).find("path takes a file"),
        std::string::npos);
    EXPECT_NE(refusal(stage_jsonl_out, {{"path", "-"}, {"fields", "seq,seq"}}).find("fields takes some of"),
              std::string::npos);
    EXPECT_NE(refusal(stage_jsonl_out, {{"path", "-"}, {"fields", "seq,"}}).find("fields takes"),
              std::string::npos);
}

TEST(JsonlStage, ATensorThatIsNotPairsIsWrongOnlyWhereItIsShown)
{
    PipePool pool(2, 4096);
    const TempFolder folder;
    auto* const odd = pool.item(0, std::vector<std::uint8_t>(7));
    auto* const many = pool.item(0, TopPairs(most_top + 1));
    PipeStage top(stage_jsonl_out, {{"path", folder.path("a")}, {"fields", "top"}}, pool.get());
    EXPECT_EQ(top.run({odd, many}), (std::vector<std::string>{"wrong_size", "wrong_size"}));
    PipeStage plain(stage_jsonl_out, {{"path", folder.path("b")}}, pool.get());
    EXPECT_EQ(plain.run({odd, many}), (std::vector<std::string>{pass, pass}));
}

TEST(NullStage, WhatComesHasGoneOut)
{
    PipePool pool(2);
    PipeStage s(stage_null);
    EXPECT_EQ(s.run({pool.item(0, TopPairs{}), pool.item(1, TopPairs{})}),
              (std::vector<std::string>{pass, pass}));
}

} // namespace
