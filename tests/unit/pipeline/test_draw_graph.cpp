// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/graph.hpp"
#include "pipeline/draw/layers.hpp"
#include <gtest/gtest.h>

namespace {
using namespace pipeline;

PipelineSpec diamond()
{
    PipelineSpec p;
    p.name = "demo";
    for (const auto* n : {"in", "left", "right", "out"}) {
        StageSpec s;
        s.name = n, s.kind = "kind-" + s.name;
        p.stages.push_back(s);
    }
    p.stages[1].replicas = 2;
    p.links = {{"in", "left", 64, WhenFull::DROP_OLDEST},
               {"in", "right"},
               {"left", "out"},
               {"right", "out"},
               {"in", "out"}};
    return p;
}

StageSnapshot stage(const char* name, unsigned replica, unsigned lcore, std::uint64_t out, std::uint64_t busy,
                    double p99)
{
    StageSnapshot s;
    s.name = name, s.replica = replica, s.lcore = s.cpu = lcore, s.out = out, s.busy_cycles = busy;
    s.latency = {10, p99 / 2, p99, p99, p99};
    return s;
}

PipelineSnapshot shot(double seconds, std::uint64_t scale)
{
    PipelineSnapshot s;
    s.seconds = seconds, s.tsc_hz = 1000;
    s.stages = {stage("in", 0, 0, 30 * scale, 0, 1), stage("left", 0, 1, 10 * scale, 2000 * scale, 4),
                stage("left", 1, 2, 5 * scale, 0, 8), stage("right", 0, 3, 15 * scale, 0, 2),
                stage("out", 0, 0, 30 * scale, 0, 1)};
    s.stages[1].dropped = {{"late", 3 * scale}, {"never", 0}};
    s.stages[2].dropped = {{"late", 4 * scale}, {"never", 0}};
    LinkSnapshot l;
    l.from = "in", l.to = "left", l.depth = 64, l.waiting = 5, l.high_water = 16, l.moved = 8 * scale;
    l.bursts = 100, l.full_bursts = 5, l.dropped = 2;
    s.links.push_back(l);
    l.replica = 1, l.high_water = 32, l.moved = 7 * scale, l.dropped = 0, l.full_bursts = 0;
    s.links.push_back(l);
    s.ledger = {30, 21, 9, 0};
    s.end_to_end = {1, 3, 4, 5, 6};
    return s;
}

bool holds(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

TEST(DrawGraph, DotOfAFileHasEveryStageAndLink)
{
    const auto p = diamond();
    EXPECT_EQ(draw::graph_dot({p}),
              R"(digraph "demo" {
  graph [label="demo", labelloc=t, bgcolor=white, fontname=monospace];
  node [shape=box, style="rounded,filled", fillcolor=white, fontname=monospace];
  edge [fontname=monospace, fontsize=10];
  "in" [label="in\nkind-in"];
  "left" [label="left\nkind-left, 2 copies"];
  "right" [label="right\nkind-right"];
  "out" [label="out\nkind-out"];
  "in" -> "left" [label="depth 64, drop-oldest"];
  "in" -> "right" [label="depth 1024, block"];
  "left" -> "out" [label="depth 1024, block"];
  "right" -> "out" [label="depth 1024, block"];
  "in" -> "out" [label="depth 1024, block"];
}
)");
}

TEST(DrawGraph, ARunningOneShowsWhatHappenedBetweenTwoLooks)
{
    const auto p = diamond();
    const auto before = shot(10, 1), now = shot(12, 3); // 2 s, in which twice `scale` came to pass
    for (const auto& text :
         {draw::graph_dot({p, nullptr, &now, &before}), draw::graph_svg({p, nullptr, &now, &before})}) {
        EXPECT_TRUE(holds(text, "15.0/s")) << text; // left: (45 - 15) / 2 s; its link the same
        EXPECT_TRUE(holds(text, "busy 100 %"));     // 4000 cycles of 2 s x 2 copies x 1000 Hz
        EXPECT_TRUE(holds(text, "lcores 1-2"));
        EXPECT_TRUE(holds(text, "p50 4.0 p99 8.0 us")) << "the worst copy's";
        EXPECT_TRUE(holds(text, "dropped late: 21"));
        EXPECT_FALSE(holds(text, "never"));
        EXPECT_TRUE(holds(text, "waiting 10, high 32 (50 %)"));
        EXPECT_TRUE(holds(text, "full 2.5 % of bursts"));
        EXPECT_TRUE(holds(text, "dropped 2"));
        EXPECT_TRUE(holds(text, "same lcore"));
        EXPECT_TRUE(holds(text, "in 30 = out 21 + dropped 9 + in flight 0"));
        EXPECT_TRUE(holds(text, "running for 12.0 s, rates of the last 2.0 s"));
        EXPECT_TRUE(holds(text, "p99.9 5.0 us"));
    }
    EXPECT_TRUE(holds(draw::graph_dot({p, nullptr, &now}), "3.8/s")) << "45 in 12 s, since the start";
    auto same = now;
    EXPECT_TRUE(holds(draw::graph_dot({p, nullptr, &now, &same}), "0.0/s")) << "two looks at one moment";
}

TEST(DrawGraph, TheSameInputGivesTheSameBytes)
{
    const auto p = diamond();
    const auto now = shot(1, 1);
    EXPECT_EQ(draw::graph_svg({p, nullptr, &now}), draw::graph_svg({p, nullptr, &now}));
}

TEST(DrawGraph, RatesForPeople)
{
    EXPECT_EQ(draw::rate_words(0), "0.0/s");
    EXPECT_EQ(draw::rate_words(99.94), "99.9/s");
    EXPECT_EQ(draw::rate_words(9999), "9999/s");
    EXPECT_EQ(draw::rate_words(123'456), "123 k/s");
    EXPECT_EQ(draw::rate_words(2.5e6), "2.5 M/s");
}

TEST(Layers, TheLongestWayDecidesAndLongArrowsPassBy)
{
    const auto l = draw::layers_of(4, {{0, 1}, {1, 2}, {2, 3}, {0, 3}});
    ASSERT_EQ(l.rows.size(), 4U);
    EXPECT_EQ(l.points, 6U);
    EXPECT_EQ(l.rows[1].size(), 2U);
    EXPECT_EQ(l.paths[3], (std::vector<std::size_t>{0, 4, 5, 3}));
    EXPECT_EQ(l.paths[0], (std::vector<std::size_t>{0, 1}));
}

TEST(Layers, CrossingsThatNeedNotBeAreUndone)
{
    // a -> d, b -> c: drawn in the order of numbers they cross.
    const auto l = draw::layers_of(4, {{0, 3}, {1, 2}});
    const auto at = [&](std::size_t row, std::size_t p) {
        return std::find(l.rows[row].begin(), l.rows[row].end(), p) - l.rows[row].begin();
    };
    EXPECT_EQ(at(0, 0) < at(0, 1), at(1, 3) < at(1, 2));
}

} // namespace
