// SPDX-License-Identifier: BSD-3-Clause
// Streams through rte_graph and rte_ring: what arrives, in which order, and what is lost by which policy.
#include "fixture.hpp"
#include <set>

namespace {
using namespace test;

using Engine_ = EngineTest;

std::string items(std::int64_t n) { return fmt::format("[stage.options]\nitems = {}", n); }

TEST_F(Engine_, OneLcoreRunsToCompletion)
{
    make(line_of(
             {{"in", "numbers", items(100'000)}, {"a", "work", ""}, {"b", "work", ""}, {"out", "seen", ""}}),
         {{"in", {1}}, {"a", {1}}, {"b", {1}}, {"out", {1}}});
    EXPECT_TRUE(engine->snapshot().links.empty()) << "one calls the other";
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 100'000U);
    EXPECT_TRUE(in_order());
    EXPECT_TRUE(world.finished);
    const auto s = engine->snapshot();
    EXPECT_EQ(s.stages[1].in, 100'000U);
    EXPECT_EQ(s.end_to_end.samples, 100'000U);
    EXPECT_GT(s.stages[1].latency.samples, 0U);
    EXPECT_GT(s.lcores.at(0).busy_cycles, 0U);
}

TEST_F(Engine_, BlockLosesNothingWhereTheSinkIsSlow)
{
    make(line_of({{"in", "numbers", items(20'000)}, {"a", "work", ""}, {"out", "seen", ""}}, "depth = 16"),
         {{"in", {1}}, {"a", {2}}, {"out", {3}}});
    world.sink_open = false;
    // all is full back to the source
    run_until([&] {
        const auto now = engine->snapshot();
        return now.links[0].high_water == 16 && now.links[1].full_bursts > 0;
    });
    world.sink_open = true;
    wait_until([&] { return engine->finished(); });
    stop();
    EXPECT_EQ(world.seen.size(), 20'000U);
    EXPECT_TRUE(in_order());
    const auto s = engine->snapshot();
    ASSERT_EQ(s.links.size(), 2U);
    EXPECT_EQ(s.links[1].high_water, 16U);
    EXPECT_GT(s.links[1].full_bursts, 0U) << "a full queue is seen";
    EXPECT_EQ(s.ledger.dropped, 0U);
}

/// The sink is shut until the source has ended: exactly one depth (and what the sink has taken) gets through.
class Overload : public EngineTest, public ::testing::WithParamInterface<const char*> {
  protected:
    void overload(const std::string& policy)
    {
        make(line_of({{"in", "numbers", items(10'000)}, {"out", "seen", "batch = 8"}},
                     fmt::format("depth = 64\nwhen_full = \"{}\"", policy)),
             {{"in", {1}}, {"out", {2}}}, 16384);
        world.sink_open = false;
        run_until([&] { return engine->snapshot().ledger.in == 10'000; });
        world.sink_open = true;
        wait_until([&] { return engine->finished(); });
        stop();
    }
};

TEST_F(Overload, DropNewestKeepsTheFirst)
{
    overload("drop-newest");
    EXPECT_GE(world.seen.size(), 64U);
    EXPECT_LE(world.seen.size(), 64U + 8);
    EXPECT_EQ(world.seen.at(63), 63U) << "a depth of items, and what came when the sink took its one burst";
    EXPECT_TRUE(in_order());
    EXPECT_EQ(dropped("in", "link_full"), 10'000 - world.seen.size());
    EXPECT_EQ(engine->snapshot().links[0].dropped, 10'000 - world.seen.size());
}

TEST_F(Overload, DropOldestKeepsTheLast)
{
    overload("drop-oldest");
    EXPECT_GE(world.seen.size(), 64U);
    EXPECT_LE(world.seen.size(), 64U + 8);
    EXPECT_EQ(world.seen.back(), 9'999U);
    EXPECT_TRUE(in_order());
    EXPECT_EQ(dropped("in", "link_full"), 10'000 - world.seen.size());
}

TEST_F(Overload, FailStopsThePipeline)
{
    make(line_of({{"in", "numbers", items(1'000'000'000)}, {"out", "seen", ""}},
                 "depth = 64\nwhen_full = \"fail\""),
         {{"in", {1}}, {"out", {2}}});
    world.sink_open = false;
    run_until([&] { return engine->failed(); });
    EXPECT_TRUE(engine->finished());
    world.sink_open = true;
    stop();
    EXPECT_GT(dropped("in", "link_full"), 0U);
}

TEST_F(Overload, BlockHoldsTheSourceBack)
{
    make(line_of({{"in", "numbers", items(10'000)}, {"out", "seen", "batch = 8"}}, "depth = 64"),
         {{"in", {1}}, {"out", {2}}}, 16384);
    world.sink_open = false;
    ASSERT_TRUE(engine->start());
    // what blocks is full: the queue, the burst the sink has, and one burst that waits
    wait_until([&] { return engine->snapshot().ledger.in >= 64 + 8; });
    std::this_thread::sleep_for(20ms);
    EXPECT_LE(engine->snapshot().ledger.in, 64U + 8 + 32);
    world.sink_open = true;
    wait_until([&] { return engine->finished(); });
    stop();
    EXPECT_EQ(world.seen.size(), 10'000U);
}

TEST_F(Engine_, FourReplicasKeepTheOrderOfAMillion)
{
    make(line_of({{"in", "numbers", items(1'000'000)},
                  {"work", "work", "replicas = 4\n[stage.options]\nwork_ns = 20000"},
                  {"out", "seen", ""}},
                 "depth = 256"),
         {{"in", {1}}, {"work", {2, 3, 4, 5}}, {"out", {6}}});
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 1'000'000U);
    EXPECT_TRUE(in_order());
    const std::set<std::uint32_t> who(world.labels.begin(), world.labels.end());
    EXPECT_EQ(who.size(), 4U) << "all replicas worked";
}

TEST_F(Engine_, ItemsDroppedByReplicasAreNotWaitedFor)
{
    make(line_of({{"in", "numbers", items(100'000)},
                  {"work", "work", "replicas = 4\n[stage.options]\nwork_ns = 2000\ndrop_each = 7"},
                  {"out", "seen", ""}},
                 "depth = 64\nwhen_full = \"drop-oldest\""),
         {{"in", {1}}, {"work", {2, 3, 4, 5}}, {"out", {1}}});
    run_to_the_end();
    EXPECT_TRUE(in_order());
    EXPECT_GT(dropped("work", "unlucky"), 0U);
}

TEST_F(Engine_, UnorderedReplicasLoseNothing)
{
    make(line_of({{"in", "numbers", items(100'000)},
                  {"work", "work", "replicas = 3\nordered = false\n[stage.options]\nwork_ns = 5000"},
                  {"more", "work", "replicas = 2\nordered = false"},
                  {"out", "seen", ""}},
                 "depth = 64"),
         {{"in", {1}}, {"work", {2, 3, 4}}, {"more", {5, 6}}, {"out", {1}}});
    run_to_the_end();
    EXPECT_EQ(std::set<std::uint64_t>(world.seen.begin(), world.seen.end()).size(), 100'000U);
}

TEST_F(Engine_, ReplicasThatKeepItemsComeOutInOrderToo)
{
    make(line_of({{"in", "numbers", items(200'000)},
                  {"keep", "keep", "replicas = 2"},
                  {"next", "work", "replicas = 2"},
                  {"out", "seen", ""}},
                 "depth = 128"),
         {{"in", {1}}, {"keep", {1, 2}}, {"next", {3, 4}}, {"out", {2}}});
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 200'000U);
    EXPECT_TRUE(in_order());
}

TEST_F(Engine_, StagesOfOneLcoreAroundAnotherDoNotBlockEachOther)
{
    // in and out share lcore 1, with lcore 2 between them: a full queue to 2 must not stop what comes back
    make(line_of({{"in", "numbers", items(50'000)}, {"a", "work", ""}, {"out", "seen", ""}}, "depth = 2"),
         {{"in", {1}}, {"a", {2}}, {"out", {1}}});
    run_to_the_end();
    EXPECT_EQ(world.seen.size(), 50'000U);
}

TEST_F(Engine_, LateItemsAreDropped)
{
    make(line_of({{"in", "numbers", items(10'000)}, {"out", "seen", "deadline_us = 500"}}, "depth = 1024"),
         {{"in", {1}}, {"out", {2}}});
    world.sink_delay_ns = 10'000;
    run_to_the_end();
    EXPECT_GT(dropped("out", "deadline"), 0U);
    EXPECT_GT(world.seen.size(), 0U);
}

TEST_F(Engine_, ABatchIsWaitedFor)
{
    make(line_of({{"in", "numbers", "batch = 1\n" + items(1'000)},
                  {"a", "work", "batch = 50\nbatch_wait_us = 10000000"},
                  {"out", "seen", ""}}),
         {{"in", {1}}, {"a", {2}}, {"out", {2}}});
    run_to_the_end();
    EXPECT_EQ(world.largest_burst, 50U);
    EXPECT_EQ(engine->snapshot().stages[1].bursts, 20U) << "whole batches only: 10 s were never up";
}

TEST_F(Engine_, BatchesHoldWhereAStageIsCalled)
{
    make(line_of({{"in", "numbers", "batch = 64\n" + items(1'000)},
                  {"a", "work", "batch = 5"},
                  {"out", "seen", ""}}),
         {{"in", {1}}, {"a", {1}}, {"out", {1}}});
    run_to_the_end();
    EXPECT_EQ(world.largest_burst, 5U);
    EXPECT_TRUE(in_order());
}

TEST_F(Engine_, ABatchIsWaitedForOnTheSameLcore)
{
    make(line_of({{"in", "numbers", "batch = 1\n" + items(1'000)},
                  {"a", "work", "batch = 50\nbatch_wait_us = 10000000"},
                  {"out", "seen", ""}}),
         {{"in", {1}}, {"a", {1}}, {"out", {1}}});
    run_to_the_end();
    EXPECT_EQ(world.largest_burst, 50U);
    EXPECT_EQ(engine->snapshot().stages[1].bursts, 20U) << "whole batches only: 10 s were never up";
}

TEST_F(Engine_, LateItemsAreDroppedWhereAStageIsCalled)
{
    // each round takes up to a millisecond in a, in a fifth of them less than the deadline
    make(line_of({{"in", "numbers", "batch = 64\n" + items(10'000)},
                  {"a", "work", "batch = 64\n[stage.options]\nwork_ns = 1000000"},
                  {"out", "seen", "deadline_us = 200"}}),
         {{"in", {1}}, {"a", {1}}, {"out", {1}}});
    run_to_the_end();
    EXPECT_GT(dropped("out", "deadline"), 0U);
    EXPECT_GT(world.seen.size(), 0U);
}

TEST_F(Engine_, DrainEmptiesAndStopCounts)
{
    make(line_of({{"in", "numbers", items(1'000'000'000)}, {"keep", "keep", ""}, {"out", "seen", ""}}),
         {{"in", {1}}, {"keep", {2}}, {"out", {2}}});
    run_until([&] { return engine->snapshot().ledger.out > 10'000; });
    ASSERT_TRUE(engine->reload());
    engine->drain();
    wait_until([&] { return engine->drained(); });
    stop();
    EXPECT_EQ(engine->snapshot().ledger.dropped, 0U);
}

TEST_F(Engine_, StopInMidStreamBalances)
{
    make(line_of({{"in", "numbers", items(1'000'000'000)},
                  {"keep", "keep", "replicas = 2"},
                  {"a", "work", ""},
                  {"out", "seen", ""}},
                 "depth = 512"),
         {{"in", {1}}, {"keep", {2, 3}}, {"a", {4}}, {"out", {5}}});
    world.sink_delay_ns = 2'000;
    run_until([&] { return engine->snapshot().ledger.out > 1'000; });
    stop();
    std::uint64_t stopped = 0;
    for (const auto* s : {"in", "keep", "a", "out"}) stopped += dropped(s, "stopped");
    EXPECT_GT(stopped, 0U) << "queues were not empty";
}

TEST_F(Engine_, ReloadReachesTheStages)
{
    make(line_of({{"in", "numbers", items(10)}, {"a", "work", ""}, {"out", "seen", ""}}),
         {{"in", {1}}, {"a", {1}}, {"out", {1}}});
    EXPECT_TRUE(engine->reload());
    EXPECT_EQ(world.reloads, 1);
    run_to_the_end();
}

TEST_F(Engine_, WhatCannotBeOrderedIsRefused)
{
    const auto refused = [](const std::string& text) {
        auto spec = parse_pipeline(text, "test.toml", known_kinds());
        EXPECT_TRUE(spec) << spec.error().text;
        place::Placement p;
        for (const auto& s : spec->stages)
            for (unsigned r = 0; r < s.replicas; ++r) p.choices.push_back({s.name, r, 0, 1, true, ""});
        auto made = Engine::make(*spec, p, {".", 0, true});
        return made ? std::string("made") : made.error().text;
    };
    EXPECT_NE(refused(line_of({{"in", "numbers", "replicas = 2\n" + items(1)},
                               {"a", "work", "replicas = 2"},
                               {"out", "seen", ""}}))
                  .find("stage a gets items from 2 places"),
              std::string::npos);
    EXPECT_NE(refused(line_of({{"in", "numbers", "[stage.options]\nitems = \"x\""}, {"out", "seen", ""}}))
                  .find("stage in: items takes a whole number from 0 to"),
              std::string::npos);
}

} // namespace
