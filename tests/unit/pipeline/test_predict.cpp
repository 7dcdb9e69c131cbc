// SPDX-License-Identifier: BSD-3-Clause
// Every figure here was computed by hand; a CPU has 1 GHz.
#include "pipeline/predict.hpp"
#include <gtest/gtest.h>

namespace {
using namespace pipeline;

PipelineSpec chain(const std::vector<std::string>& names)
{
    PipelineSpec p;
    p.name = "p";
    for (const auto& n : names) {
        StageSpec s;
        s.name = n, s.kind = "k";
        p.stages.push_back(s);
        if (p.stages.size() > 1) p.links.push_back({p.stages[p.stages.size() - 2].name, n});
    }
    return p;
}

/// Each copy on the next of `cpus` CPUs; lcore and CPU have the same number.
place::Placement placed(const PipelineSpec& p, unsigned cpus)
{
    place::Placement out;
    for (const auto& s : p.stages)
        for (unsigned r = 0; r < s.replicas; ++r) {
            const auto cpu = static_cast<unsigned>(out.choices.size()) % cpus;
            out.choices.push_back({s.name, r, cpu, cpu, false, "why"});
        }
    return out;
}

Costs costs(std::map<std::string, StageCost> stages)
{
    Costs c;
    c.cpu_hz = 1e9, c.stages = std::move(stages);
    return c;
}

Prediction predicted(const PipelineSpec& p, unsigned cpus, const Costs& c)
{
    const auto out = predict(p, placed(p, cpus), c);
    EXPECT_TRUE(out) << out.error().text;
    return out ? *out : Prediction{};
}

bool warned(const std::vector<std::string>& warnings, const std::string& what)
{
    return std::find(warnings.begin(), warnings.end(), what) != warnings.end();
}

TEST(Predict, TheSlowestLcoreLimits)
{
    // 100 + 2 x 64 = 228 cycles; 1000 cycles: 1e6/s, and 22.8 % of lcore 0.
    const auto p = chain({"in", "work", "out"});
    const auto got = predicted(p, 3, costs({{"in", {100, 2, 64}}, {"work", {1000}}, {"out", {50}}}));
    EXPECT_DOUBLE_EQ(got.items_per_second, 1e6);
    ASSERT_EQ(got.limits.size(), 1U);
    EXPECT_EQ(got.limits[0].kind, Limit::Kind::LCORE);
    EXPECT_EQ(got.limits[0].why, "lcore 1 (CPU 1) has no cycle left for work");
    EXPECT_NEAR(got.lcores[0].share, 0.228, 1e-12);
    EXPECT_NEAR(got.lcores[1].share, 1, 1e-12);
    EXPECT_NEAR(got.lcores[2].share, 0.05, 1e-12);
    EXPECT_TRUE(got.warnings.empty());
}

TEST(Predict, StagesOnOneCpuAddUpAndItSaysSo)
{
    const auto p = chain({"in", "out"});
    const auto got = predicted(p, 1, costs({{"in", {300}}, {"out", {200}}}));
    EXPECT_DOUBLE_EQ(got.items_per_second, 2e6); // 500 cycles an item
    EXPECT_TRUE(warned(got.warnings, "CPU 0: in, out take turns"));
}

TEST(Predict, CopiesShareTheItems)
{
    auto p = chain({"in", "work", "out"});
    p.stages[1].replicas = 4;
    const auto got = predicted(p, 6, costs({{"in", {100}}, {"work", {2000}}, {"out", {100}}}));
    EXPECT_DOUBLE_EQ(got.items_per_second, 2e6);
    EXPECT_NEAR(got.lcores[0].share, 0.2, 1e-12);
    for (std::size_t i = 1; i <= 4; ++i) EXPECT_NEAR(got.lcores[i].share, 1, 1e-12);
    const auto one = predicted(p, 1, costs({{"in", {0}}, {"work", {2000}}, {"out", {0}}}));
    EXPECT_DOUBLE_EQ(one.items_per_second, 5e5) << "four copies on one CPU";
}

TEST(Predict, ACardAtDepthOneIsNamedWithTheDepthItNeeds)
{
    const auto p = chain({"in", "infer", "out"});
    auto c = costs({{"in", {100}}, {"infer", {100}}, {"out", {100}}});
    c.cards = {{"infer", "card0", 160'000, 50, 1}};
    auto got = predicted(p, 3, c);
    EXPECT_DOUBLE_EQ(got.items_per_second, 20'000);
    EXPECT_EQ(got.limits[0].what, "card0");
    EXPECT_EQ(got.limits[0].why,
              "card0 limits stage infer: 20000/s at depth 1 with 50 us each; depth 8 would allow "
              "160000/s");
    EXPECT_TRUE(warned(got.warnings,
                       "stage infer has one item in flight on card0: the card idles while it is fetched "
                       "and brought"));
    c.cards[0].depth = 32;
    got = predicted(p, 3, c);
    EXPECT_DOUBLE_EQ(got.items_per_second, 160'000);
    EXPECT_EQ(got.limits[0].why, "card0 limits: 160000/s is all that it computes");
    EXPECT_TRUE(got.warnings.empty());
}

TEST(Predict, CardsOfOneStageAddUpAndStagesOfOneCardShareIt)
{
    auto c = costs({{"in", {1}}, {"infer", {1}}, {"out", {1}}});
    c.cards = {{"infer", "card0", 10'000, 50, 64}, {"infer", "card1", 30'000, 50, 64}};
    EXPECT_DOUBLE_EQ(predicted(chain({"in", "infer", "out"}), 3, c).items_per_second, 40'000);
    c.stages["again"] = {1};
    c.cards = {{"infer", "card0", 10'000, 50, 64}, {"again", "card0", 10'000, 50, 64}};
    EXPECT_DOUBLE_EQ(predicted(chain({"in", "infer", "again", "out"}), 4, c).items_per_second, 5'000);
}

TEST(Predict, BatchesMakeFewerItems)
{
    const auto p = chain({"in", "batch", "infer", "out"});
    auto c = costs({{"in", {100}}, {"batch", {100, 0, 0, 0.125}}, {"infer", {4000}}, {"out", {10}}});
    const auto got = predicted(p, 4, c); // 250,000 batches/s: 2,000,000 items/s
    EXPECT_DOUBLE_EQ(got.stages[0].in, 2e6);
    EXPECT_DOUBLE_EQ(got.items_per_second, 250'000);
}

TEST(Predict, SourcesThatShareNothingDoNotWaitForEachOther)
{
    auto p = chain({"a", "left"});
    const auto q = chain({"b", "right"});
    p.stages.insert(p.stages.end(), q.stages.begin(), q.stages.end());
    p.links.insert(p.links.end(), q.links.begin(), q.links.end());
    auto c = costs({{"a", {1000}}, {"left", {1}}, {"b", {1}}, {"right", {1}}});
    c.offered = {{"b", 5e6}};
    const auto got = predicted(p, 4, c);
    EXPECT_DOUBLE_EQ(got.stages[0].in, 1e6);
    EXPECT_DOUBLE_EQ(got.stages[2].in, 5e6);
    ASSERT_EQ(got.limits.size(), 2U);
    EXPECT_EQ(got.limits[0].sources, std::vector<std::string>{"a"});
    EXPECT_EQ(got.limits[1].why, "source b has no more than 5000000/s");
}

TEST(Predict, AnOverloadedSourceIsToldWhatBecomesOfTheRest)
{
    auto p = chain({"in", "out"});
    p.links[0].when_full = WhenFull::DROP_NEWEST;
    auto c = costs({{"in", {1}}, {"out", {1000}}});
    c.offered = {{"in", 3e6}};
    EXPECT_TRUE(warned(predicted(p, 2, c).warnings,
                       "in has 3000000/s and 1000000/s go through: its link to out fills up (drop-newest)"));
    c.offered = {{"in", 1e6}};
    EXPECT_TRUE(predicted(p, 2, c).warnings.empty());
}

TEST(Predict, DoubtsNameWhatIsLikelyWrong)
{
    auto p = chain({"in", "work", "out"});
    p.links[0].depth = 1, p.links[1].depth = 16;
    p.stages[1].replicas = 2, p.stages[1].ordered = false;
    p.stages[1].batch_wait = 300us, p.stages[1].deadline = 200us;
    p.stages[2].batch_wait = 100us, p.stages[2].deadline = 350us;
    auto c = costs({{"in", {1}}, {"work", {1}}});
    c.need_order = {"out"};
    auto where = placed(p, 4);
    where.choices[2].cpu = where.choices[1].cpu;
    where.warnings = {"in: asked for a core of its own, and shares one"};
    const std::vector<std::string> wanted{
        "in: asked for a core of its own, and shares one",
        "link in -> work has depth 1: both ends wait for each other at every item",
        "link work -> out holds 16 items, and out takes 32 at once: depth 64 would do",
        "stage work: batch_wait_us 300 is longer than its deadline_us 200",
        "stage out: deadline_us 350 is below the 400 us that batches and cards may take up to there",
        "stage out needs items in their order, and the copies of work mix them: ordered = true",
        "CPU 1: 2 copies of work are no faster there than one",
        "stage out: its cost is not known, it counts as free"};
    EXPECT_EQ(doubts(p, where, c), wanted);
}

TEST(Predict, StagesThatShareACpuByTheirOwnWishAreNoDoubt)
{
    auto p = chain({"in", "out"});
    auto where = placed(p, 2);
    where.choices[1].cpu = where.choices[0].cpu;
    const auto c = costs({{"in", {1}}, {"out", {1}}});
    EXPECT_EQ(doubts(p, where, c), std::vector<std::string>{"CPU 0: in, out take turns"});
    p.stages[1].wish.wish = place::Wish::WITH;
    EXPECT_TRUE(doubts(p, where, c).empty());
}

TEST(Predict, WhatMakesNoSenseIsRefused)
{
    const auto p = chain({"in", "out"});
    const auto refused = [&](const Costs& c, std::string_view error) {
        const auto got = predict(p, placed(p, 2), c);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().text, error);
    };
    refused(costs({}), "nothing limits source in: its costs and its rate are not known");
    refused(costs({{"in", {-1}}}), "stage in: a cost must be 0 or more got=-1");
    auto c = costs({{"in", {1}}});
    c.offered = {{"out", 5}};
    refused(c, "rate 5 of \"out\": takes a source and a rate above 0");
    c.offered.clear(), c.cards = {{"infer", "card0", 1, 1, 1}};
    refused(c, "card0: no stage \"infer\" to work for");
    c.cpu_hz = 0;
    refused(c, "prediction: cpu_hz must be above 0");
    EXPECT_EQ(predict(p, {}, costs({})).error().text, "stage in: the placement has no CPU for it");
}

TEST(Predict, TheTextNamesTheBottleneck)
{
    const auto p = chain({"in", "out"});
    const auto text = prediction_text(p, predicted(p, 2, costs({{"in", {1}}, {"out", {1000}}})));
    EXPECT_EQ(text, "p: 1000000 items/s into its sinks\n\n"
                    "stage in                            1000000/s\n"
                    "stage out                           1000000/s\n"
                    "lcore 0 (CPU 0)                        0.1 %  in\n"
                    "lcore 1 (CPU 1)                      100.0 %  out\n\n"
                    "bottleneck of in: lcore 1 (CPU 1) has no cycle left for out\n");
}

} // namespace
