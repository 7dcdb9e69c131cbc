// SPDX-License-Identifier: BSD-3-Clause
// Who is called by whom, who gets queues and from how many, and where order is restored.
#include "pipeline/engine/layout.hpp"
#include <gmock/gmock.h>

namespace {

using namespace pipeline;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A pipeline put together stage by stage, and what it is laid out as.
struct Case {
    PipelineSpec spec;
    place::Placement placement;
    std::vector<StageTraits> traits;

    StageSpec& stage(const std::string& name, const std::vector<unsigned>& lcores, StageTraits t = {})
    {
        for (unsigned r = 0; r < lcores.size(); ++r)
            placement.choices.push_back({name, r, lcores[r] + 100, lcores[r], false, ""});
        traits.push_back(t);
        StageSpec s;
        s.name = name, s.kind = "a-kind", s.place = "p.toml:1:1";
        s.replicas = static_cast<unsigned>(lcores.size());
        return spec.stages.emplace_back(s);
    }
    void source(const std::string& name, const std::vector<unsigned>& lcores) { stage(name, lcores, {true}); }
    void sink(const std::string& name, const std::vector<unsigned>& lcores)
    {
        stage(name, lcores, {false, true});
    }
    void link(const std::string& from, const std::string& to)
    {
        LinkSpec l;
        l.from = from, l.to = to, l.place = "p.toml:9:1";
        spec.links.push_back(l);
    }
    void links(const std::vector<std::string>& chain)
    {
        for (std::size_t i = 1; i < chain.size(); ++i) link(chain[i - 1], chain[i]);
    }
    [[nodiscard]] Layout good() const
    {
        auto made = lay_out(spec, placement, traits);
        EXPECT_TRUE(made) << made.error().text;
        return made ? *made : Layout{};
    }
    [[nodiscard]] std::string refused() const
    {
        const auto made = lay_out(spec, placement, traits);
        EXPECT_FALSE(made);
        if (made) return "";
        EXPECT_EQ(made.error().code, Code::E_UNSUPP);
        return made.error().text;
    }
};

std::vector<bool> called(const Layout& l)
{
    std::vector<bool> out;
    for (const auto& s : l.seats) out.push_back(s.called);
    return out;
}

std::vector<HandOver> ways(const Layout& l)
{
    std::vector<HandOver> out;
    for (const auto& s : l.seats) out.push_back(s.to);
    return out;
}

constexpr auto CALL = HandOver::CALL, QUEUES = HandOver::QUEUES, ORDER = HandOver::ORDER, END = HandOver::END;

TEST(Layout, OnOneLcoreEachCallsTheNext)
{
    Case c;
    c.source("in", {1}), c.stage("work", {1}), c.sink("out", {1});
    c.links({"in", "work", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(CALL, CALL, END));
    EXPECT_THAT(called(l), ElementsAre(false, true, true));
    EXPECT_THAT(l.queues, IsEmpty());
    EXPECT_THAT(l.gathers, IsEmpty());
    EXPECT_THAT(l.lcores, ElementsAre(1u));
}

TEST(Layout, BetweenLcoresThereIsAQueue)
{
    Case c;
    c.source("in", {2}), c.stage("work", {5}), c.sink("out", {5});
    c.links({"in", "work", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(QUEUES, CALL, END));
    EXPECT_THAT(called(l), ElementsAre(false, false, true));
    ASSERT_EQ(l.queues.size(), 1u);
    EXPECT_EQ(l.queues[0].link, 0u);
    EXPECT_EQ(l.queues[0].seat, 1u);
    EXPECT_EQ(l.queues[0].producers, 1u);
    EXPECT_THAT(l.lcores, ElementsAre(2u, 5u));
    EXPECT_EQ(l.seats[1].cpu, 105u);
}

TEST(Layout, WhoKeepsItemsGetsAQueueOnTheSameLcore)
{
    Case c;
    c.source("in", {1}), c.stage("keeps", {1}, {.keeps = true}), c.sink("out", {1});
    c.links({"in", "keeps", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(QUEUES, CALL, END));
    EXPECT_THAT(called(l), ElementsAre(false, false, true));
    ASSERT_EQ(l.queues.size(), 1u);
    EXPECT_EQ(l.queues[0].seat, 1u);
}

TEST(Layout, ReplicasGetAQueueEachAndTheNextOneInOrder)
{
    Case c;
    c.source("in", {1}), c.stage("work", {2, 3, 4}), c.sink("out", {5});
    c.links({"in", "work", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(QUEUES, ORDER, ORDER, ORDER, END));
    EXPECT_THAT(l.seats_of(1), ElementsAre(1u, 2u, 3u));
    ASSERT_EQ(l.gathers.size(), 1u);
    EXPECT_EQ(l.gathers[0].stage, 1u);
    EXPECT_EQ(l.gathers[0].lcore, 5u) << "where the next stage is";
    EXPECT_EQ(l.gathers[0].to, CALL);
    EXPECT_TRUE(l.seats[4].called) << "by the gather, not from a queue";
    ASSERT_EQ(l.queues.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(l.queues[i].seat, i + 1);
        EXPECT_EQ(l.queues[i].producers, 1u);
    }
    EXPECT_EQ(l.gather_of(1), &l.gathers[0]);
    EXPECT_EQ(l.gather_of(0), nullptr);
}

TEST(Layout, AGatherBeforeReplicasIsWithTheFirstOfItsOwn)
{
    Case c;
    c.source("in", {1}), c.stage("a", {2, 3}), c.stage("b", {4, 5}), c.sink("out", {6});
    c.links({"in", "a", "b", "out"});
    const auto l = c.good();
    ASSERT_EQ(l.gathers.size(), 2u);
    EXPECT_EQ(l.gathers[0].lcore, 2u);
    EXPECT_EQ(l.gathers[0].to, QUEUES);
    EXPECT_EQ(l.gathers[1].lcore, 6u);
    EXPECT_EQ(l.gathers[1].to, CALL);
    ASSERT_EQ(l.queues.size(), 4u);
    EXPECT_EQ(l.queues[2].producers, 1u) << "b gets from one gather, not from two replicas";
}

TEST(Layout, AGatherBeforeOneThatKeepsFeedsItsQueue)
{
    Case c;
    c.source("in", {1}), c.stage("work", {2, 3}), c.stage("keeps", {4}, {.keeps = true}), c.sink("out", {4});
    c.links({"in", "work", "keeps", "out"});
    const auto l = c.good();
    ASSERT_EQ(l.gathers.size(), 1u);
    EXPECT_EQ(l.gathers[0].lcore, 4u);
    EXPECT_EQ(l.gathers[0].to, QUEUES);
    ASSERT_EQ(l.queues.size(), 3u);
    EXPECT_EQ(l.queues[2].seat, 3u);
    EXPECT_EQ(l.queues[2].producers, 1u);
}

TEST(Layout, WithoutOrderEveryReplicaIsAProducer)
{
    Case c;
    c.source("in", {1}), c.stage("work", {2, 3, 4}).ordered = false, c.sink("out", {5});
    c.links({"in", "work", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(QUEUES, QUEUES, QUEUES, QUEUES, END));
    EXPECT_THAT(l.gathers, IsEmpty());
    ASSERT_EQ(l.queues.size(), 4u);
    EXPECT_EQ(l.queues[3].seat, 4u);
    EXPECT_EQ(l.queues[3].producers, 3u);
}

TEST(Layout, WithoutOrderReplicasOnTheLcoreOfTheNextCallIt)
{
    Case c;
    c.source("in", {1}), c.stage("work", {2, 2}).ordered = false, c.sink("out", {2});
    c.links({"in", "work", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(QUEUES, CALL, CALL, END));
    EXPECT_TRUE(l.seats[3].called);
    EXPECT_EQ(l.queues.size(), 2u);
}

TEST(Layout, ReplicasOfSourcesAndSinksHaveNoOrder)
{
    Case c;
    c.source("in", {1, 2}), c.stage("work", {3}), c.sink("out", {4, 5});
    c.links({"in", "work", "out"});
    const auto l = c.good();
    EXPECT_THAT(ways(l), ElementsAre(QUEUES, QUEUES, QUEUES, END, END));
    EXPECT_THAT(l.gathers, IsEmpty());
    ASSERT_EQ(l.queues.size(), 3u);
    EXPECT_EQ(l.queues[0].producers, 2u);
    EXPECT_EQ(l.queues[1].producers, 1u);
}

TEST(Layout, TwoLinksIntoOneStageAreTwoQueues)
{
    Case c;
    c.source("a", {1}), c.source("b", {2}), c.sink("out", {2});
    c.link("a", "out"), c.link("b", "out");
    const auto l = c.good();
    EXPECT_FALSE(l.seats[2].called) << "one of the two is on another lcore";
    ASSERT_EQ(l.queues.size(), 2u);
    EXPECT_EQ(l.queues[0].link, 0u);
    EXPECT_EQ(l.queues[1].link, 1u);
    EXPECT_EQ(l.queues[0].seat, 2u);
    EXPECT_EQ(l.queues[1].seat, 2u);

    Case same;
    same.source("a", {2}), same.source("b", {2}), same.sink("out", {2});
    same.link("a", "out"), same.link("b", "out");
    EXPECT_THAT(same.good().queues, IsEmpty());
}

TEST(Layout, WhatRegroupsCannotKeepAnOrder)
{
    Case c;
    c.source("in", {1}), c.stage("groups", {2, 3}, {.keeps = true, .regroups = true}), c.sink("out", {1});
    c.links({"in", "groups", "out"});
    EXPECT_THAT(c.refused(), HasSubstr("stage groups: replicas of a-kind give other items back"));
    c.spec.stages[1].ordered = false;
    EXPECT_EQ(c.good().queues.size(), 3u);

    Case one;
    one.source("in", {1}), one.stage("groups", {2}, {.keeps = true, .regroups = true}), one.sink("out", {1});
    one.links({"in", "groups", "out"});
    EXPECT_THAT(one.good().gathers, IsEmpty());
}

TEST(Layout, OrderNeedsOnePlaceThatNumbers)
{
    Case two_sources;
    two_sources.source("a", {1}), two_sources.source("b", {2}), two_sources.stage("work", {3, 4});
    two_sources.sink("out", {5});
    two_sources.link("a", "work"), two_sources.link("b", "work"), two_sources.link("work", "out");
    EXPECT_THAT(two_sources.refused(), HasSubstr("stage work gets items from 2 places"));

    Case replicas;
    replicas.source("in", {1, 2, 3}), replicas.stage("work", {4, 5}), replicas.sink("out", {6});
    replicas.links({"in", "work", "out"});
    EXPECT_THAT(replicas.refused(), HasSubstr("stage work gets items from 3 places"));
    replicas.spec.stages[1].ordered = false;
    EXPECT_EQ(replicas.good().queues.size(), 3u);
}

} // namespace
