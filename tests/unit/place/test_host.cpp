// SPDX-License-Identifier: BSD-3-Clause
#include "topo.hpp"
#include <algorithm>

namespace {
using namespace place;
using place::test::host_of;

TEST(CpuList, BothWays)
{
    EXPECT_EQ(*cpu_list("0-3,8"), (std::vector<unsigned>{0, 1, 2, 3, 8}));
    EXPECT_EQ(*cpu_list("5"), (std::vector<unsigned>{5}));
    EXPECT_EQ(*cpu_list("3,1-2,2"), (std::vector<unsigned>{1, 2, 3}));
    EXPECT_EQ(list_of({8, 3, 2, 1, 0}), "0-3,8");
    EXPECT_EQ(list_of({7}), "7");
    EXPECT_EQ(list_of({}), "");
    for (const char* bad :
         {"", ",", "1,", "-1", "1-", "3-1", "a", "1 2", "4096", "0-4096", "1,,2", "99999999999"})
        EXPECT_FALSE(cpu_list(bad)) << bad;
}

TEST(Host, TwoSockets)
{
    const auto h = host_of("two_sockets_16_cards");
    EXPECT_EQ(h.cpus.size(), 256U);
    EXPECT_EQ(h.cores(), 128U);
    EXPECT_EQ(h.cards.size(), 16U);
    ASSERT_NE(h.cpu(64), nullptr);
    EXPECT_EQ(h.cpu(64)->node, 1U);
    EXPECT_EQ(h.cpu(64)->core, h.cpu(192)->core); // its sibling
    EXPECT_NE(h.cpu(7)->l3, h.cpu(8)->l3);
    EXPECT_FALSE(h.cpu(7)->isolated);
    EXPECT_TRUE(h.cpu(8)->isolated);
    EXPECT_EQ(h.card("card8")->node, 1);
    EXPECT_EQ(h.card("card16"), nullptr);
}

TEST(Host, ThisOneHasWhatTheProcessMayUse)
{
    const auto h = this_host();
    ASSERT_TRUE(h) << h.error().text;
    EXPECT_FALSE(h->cpus.empty());
    EXPECT_TRUE(std::is_sorted(h->cpus.begin(), h->cpus.end(),
                               [](const Cpu& a, const Cpu& b) { return a.id < b.id; }));
}

TEST(HostFile, OnlyWhatIsAllowedIsThere)
{
    const auto h = parse_host("synthetic = \"core:4 pu:1\"\nallowed = \"1-2\"\n", "h.toml");
    ASSERT_TRUE(h) << h.error().text;
    EXPECT_EQ(h->cpus.size(), 2U);
    EXPECT_EQ(h->cpu(0), nullptr);
    EXPECT_EQ(h->name, "h.toml");
}

TEST(HostFile, ErrorsHaveTheirPlace)
{
    const struct {
        const char *text, *error;
    } bad[] = {
        {"", "h.toml: a host needs synthetic"},
        {"synthetic = \"kore:4\"", "h.toml:1:13: h.toml: hwloc does not understand \"kore:4\""},
        {"synthetic = \"core:4 pu:1\"\nallowed = \"9\"", "h.toml:2:11: allowed: the host has no CPU 9"},
        {"synthetic = \"core:4 pu:1\"\nisolated = \"x\"", "h.toml:2:12: \"x\" is no list of CPUs"},
        {"synthetic = \"core:4 pu:1\"\ncpus = 4", "h.toml:2:1: unknown key \"cpus\""},
        {"synthetic = \"core:4 pu:1\"\ncard = 4", "h.toml:2:8: card takes tables"},
        {"synthetic = \"core:4 pu:1\"\n[[card]]\nnode = 0", "h.toml:2:1: a card needs a name"},
        {"synthetic = \"core:4 pu:1\"\n[[card]]\nname = \"a\"\nnode = 3",
         "h.toml:2:1: card \"a\": the host has no node 3"},
        {"synthetic = \"core:4 pu:1\"\n[[card]]\nname = \"a\"\n[[card]]\nname = \"a\"",
         "h.toml:4:1: there is another card \"a\""},
        {"synthetic = \"core:70000 pu:1\"",
         "h.toml:1:13: h.toml: \"core:70000 pu:1\" has more than 65536 CPUs"},
        {"synthetic = ", "h.toml:1:"},
    };
    for (const auto& b : bad) {
        const auto h = parse_host(b.text, "h.toml");
        ASSERT_FALSE(h) << b.text;
        EXPECT_EQ(h.error().text.rfind(b.error, 0), 0U) << h.error().text;
        EXPECT_EQ(h.error().text.find('\n'), std::string::npos);
    }
}

} // namespace
