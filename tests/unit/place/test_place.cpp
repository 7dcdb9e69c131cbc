// SPDX-License-Identifier: BSD-3-Clause
#include "place/place.hpp"
#include "topo.hpp"
#include <set>

namespace {
using namespace place;
using place::test::host_of;

StageWish wish(std::string stage, std::string_view words, std::vector<std::string> links = {},
               unsigned replicas = 1)
{
    auto w = *parse_wish(words);
    w.stage = std::move(stage), w.links = std::move(links), w.replicas = replicas;
    return w;
}

Placement placed(const Host& host, const std::vector<StageWish>& wishes)
{
    auto p = place_stages(host, wishes);
    EXPECT_TRUE(p) << p.error().text;
    return p ? *p : Placement{};
}

TEST(PlaceWish, Words)
{
    EXPECT_EQ(parse_wish("any")->wish, Wish::ANY);
    EXPECT_EQ(parse_wish("own core")->wish, Wish::OWN_CORE);
    EXPECT_EQ(parse_wish("near card3")->of, "card3");
    EXPECT_EQ(parse_wish("same L3 as infer")->of, "infer");
    EXPECT_EQ(parse_wish("cpus 2,4-5")->cpus, (std::vector<unsigned>{2, 4, 5}));
    for (const char* bad : {"", "Any", "near ", "cpus ", "cpus x", "own", "same L3 as "})
        EXPECT_FALSE(parse_wish(bad)) << bad;
}

TEST(Place, EachInferNearItsCardOnACoreOfItsOwn)
{
    const auto host = host_of("two_sockets_16_cards");
    std::vector<StageWish> wishes;
    for (int i = 0; i < 16; ++i)
        wishes.push_back(wish("infer" + std::to_string(i), "near card" + std::to_string(i)));
    const auto p = placed(host, wishes);
    ASSERT_EQ(p.choices.size(), 16U);
    std::set<unsigned> cores;
    for (std::size_t i = 0; i < 16; ++i) {
        const auto& c = *host.cpu(p.choices[i].cpu);
        EXPECT_EQ(c.node, i / 8);
        EXPECT_TRUE(c.isolated);
        EXPECT_FALSE(p.choices[i].shared);
        EXPECT_TRUE(cores.insert(c.core).second) << "a sibling is taken while cores are free";
    }
    EXPECT_TRUE(p.warnings.empty());
    EXPECT_EQ(
        p.choices[0].why,
        "infer0 runs on CPU 8 (core 8, L3 1, node 0): on the node of card0 (node 0), isolated from other "
        "processes.");
}

TEST(Place, WhatIsLinkedComesUnderOneL3)
{
    const auto host = host_of("two_sockets_16_cards");
    const auto p = placed(host, {wish("source", "any", {"shape"}), wish("shape", "any", {"source", "infer"}),
                                 wish("infer", "near card9", {"shape", "sink"}),
                                 wish("sink", "same L3 as infer", {"infer"})});
    const auto l3 = host.cpu(p.choices[2].cpu)->l3;
    for (const auto& c : p.choices) EXPECT_EQ(host.cpu(c.cpu)->l3, l3) << c.why;
    EXPECT_EQ(host.cpu(p.choices[0].cpu)->node, 1U);
    EXPECT_NE(p.choices[3].why.find("the L3 of what it is linked to"), std::string::npos) << p.choices[3].why;
}

TEST(Place, AFullL3SpillsOverAndSaysSo)
{
    const auto host = host_of("two_sockets_16_cards");
    const auto p =
        placed(host, {wish("infer", "near card0", {}), wish("post", "same L3 as infer", {"infer"}, 20)});
    std::set<unsigned> cpus;
    for (const auto& c : p.choices) EXPECT_TRUE(cpus.insert(c.cpu).second);
    EXPECT_EQ(p.warnings.size(), 5U); // 16 threads of an L3, and 21 copies
    EXPECT_EQ(p.warnings.front(), "post.15: no CPU was left on the L3 of infer");
}

TEST(Place, ALaptopFillsItsCoresBeforeTheirSiblings)
{
    const auto host = host_of("laptop");
    const auto p = placed(
        host, {wish("infer", "near card0"), wish("pre", "any", {"infer"}, 5), wish("own", "own core")});
    const auto& own = *host.cpu(p.choices.back().cpu);
    std::map<unsigned, int> on_core;
    for (const auto& c : p.choices) {
        EXPECT_FALSE(c.shared) << c.why;
        ++on_core[host.cpu(c.cpu)->core];
    }
    EXPECT_EQ(on_core[own.core], 1)
        << "nobody comes to the core that is somebody's own while others have room";
    EXPECT_TRUE(p.warnings.empty());
    EXPECT_NE(p.choices.back().why.find("a core of its own"), std::string::npos);
    EXPECT_NE(p.choices.front().why.find("card0 is on no node in particular"), std::string::npos);
}

TEST(Place, TwoCpusAreSharedAndItSaysSo)
{
    const auto host = host_of("two_cpus");
    const auto p =
        placed(host, {wish("source", "any", {"infer"}), wish("infer", "own core", {"source", "sink"}),
                      wish("sink", "any", {"infer"})});
    EXPECT_EQ(p.lcores, "0@(0-1),1@0,2@1");
    EXPECT_FALSE(p.choices[1].shared) << "the one that asked for it has a core";
    EXPECT_EQ(p.choices[0].cpu, p.choices[2].cpu);
    EXPECT_EQ(p.choices[0].lcore, p.choices[2].lcore);
    EXPECT_EQ(p.choices[2].why, "sink runs on CPU 0 (core 0, L3 0, node 0): the L3 of what it is linked to; "
                                "it takes turns there with "
                                "source, since 2 CPUs are there for all stages.");
}

TEST(Place, CpusThatAreNamedAreTaken)
{
    const auto host = host_of("laptop");
    const auto p = placed(host, {wish("a", "any"), wish("b", "cpus 0,3", {}, 2), wish("c", "cpus 3")});
    EXPECT_EQ(p.choices[1].cpu + p.choices[2].cpu, 3U);
    EXPECT_EQ(p.choices[3].cpu, 3U);
    EXPECT_TRUE(p.choices[3].shared);
    EXPECT_NE(p.choices[0].cpu, 0U);
    EXPECT_NE(p.choices[0].cpu, 3U);
}

TEST(Place, TheSameQuestionHasTheSameAnswer)
{
    const auto host = host_of("two_sockets_16_cards");
    const std::vector<StageWish> wishes{wish("a", "any", {"b"}, 7), wish("b", "near card3", {"a"}, 3)};
    const auto first = placed(host, wishes), again = placed(host, wishes);
    for (std::size_t i = 0; i < first.choices.size(); ++i)
        EXPECT_EQ(first.choices[i].why, again.choices[i].why);
}

TEST(Place, WhatNoHostCouldFulfilIsRefused)
{
    const auto host = host_of("laptop");
    const struct {
        StageWish wish;
        const char* error;
    } bad[] = {
        {wish("a", "near card7"), "stage a: near card7: a laptop has no such card; it has card0"},
        {wish("a", "same L3 as a"), "stage a: same L3 as a: no other stage is called so"},
        {wish("a", "cpus 8"), "stage a: CPU 8 is not there, or this process may not use it; it may use 0-7"},
        {wish("a", "any", {}, 0), "stage a: 0 replicas"},
        {wish("a", "cpus 1", {}, 2), "stage a: 1 CPUs for 2 replicas"},
    };
    for (const auto& b : bad) {
        const auto p = place_stages(host, std::span(&b.wish, 1));
        ASSERT_FALSE(p);
        EXPECT_EQ(p.error().code, Code::E_INVAL);
        EXPECT_EQ(p.error().text, b.error);
    }
}

TEST(Place, WithAnotherStageMeansOnItsCpu)
{
    const auto host = host_of("two_sockets_16_cards");
    auto net = wish("net", "own core", {"b"});
    net.replicas = 2;
    auto b = wish("b", "with net", {"a", "net"});
    b.replicas = 2;
    const auto p = placed(host, {wish("a", "with c", {"b"}), b, net, wish("c", "any", {})});
    EXPECT_EQ(p.choices[0].cpu, p.choices[5].cpu) << "a with c, which stands behind it";
    EXPECT_EQ(p.choices[1].cpu, p.choices[3].cpu) << "replica by replica";
    EXPECT_EQ(p.choices[2].cpu, p.choices[4].cpu);
    EXPECT_NE(p.choices[1].cpu, p.choices[2].cpu);
    EXPECT_NE(p.choices[0].why.find("with c, as the file says."), std::string::npos) << p.choices[0].why;
    EXPECT_NE(p.choices[5].why.find("; with it a."), std::string::npos) << p.choices[5].why;

    const std::vector<StageWish> circle{wish("a", "with b", {}), wish("b", "with a", {})};
    const auto refused = place_stages(host, circle);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("goes in a circle"), std::string::npos);
}

} // namespace
