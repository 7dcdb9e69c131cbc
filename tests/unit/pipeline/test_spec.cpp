// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/spec.hpp"
#include <gtest/gtest.h>

namespace {
using namespace pipeline;

constexpr std::string_view generator_options[] = {"rate", "bytes"}, infer_options[] = {"model", "retries"};
constexpr Kind kinds[] = {{"generator", Role::SOURCE, generator_options},
                          {"infer", Role::SHAPE, infer_options},
                          {"tee", Role::SHAPE, {}},
                          {"null", Role::SINK, {}}};

constexpr std::string_view good = R"(name = "demo"
[[stage]]
name = "out"
kind = "null"
[[stage]]
name = "net"
kind = "infer"
placement = "near card0"
replicas = 4
ordered = false
batch = 8
batch_wait_us = 12.5
deadline_us = 2000
[stage.options]
model = "digits.qpc"
retries = 3
[[stage]]
name = "in"
kind = "generator"
[stage.options]
rate = 1.5
[[link]]
from = "in"
to = "net"
depth = 64
when_full = "drop-oldest"
[[link]]
from = "net"
to = "out"
)";

Result<PipelineSpec> parse(std::string_view text) { return parse_pipeline(text, "p.toml", kinds); }

TEST(PipelineSpec, ReadsAWholeFile)
{
    const auto p = parse(good);
    ASSERT_TRUE(p) << p.error().text;
    EXPECT_EQ(p->name, "demo");
    ASSERT_EQ(p->stages.size(), 3U); // in the order of the flow, not of the file
    EXPECT_EQ(p->stages[0].name, "in");
    EXPECT_EQ(p->stages[2].name, "out");
    const auto& net = p->stages[1];
    EXPECT_EQ(net.wish.wish, place::Wish::NEAR_CARD);
    EXPECT_EQ(net.wish.of, "card0");
    EXPECT_EQ(net.wish.stage, "net");
    EXPECT_EQ(net.wish.replicas, 4U);
    EXPECT_EQ(net.wish.links, (std::vector<std::string>{"in", "out"}));
    EXPECT_FALSE(net.ordered);
    EXPECT_EQ(net.batch, 8U);
    EXPECT_EQ(net.batch_wait, Nanos(12500));
    EXPECT_EQ(net.deadline, Nanos(2'000'000));
    EXPECT_EQ(std::get<std::string>(net.options.at("model").value), "digits.qpc");
    EXPECT_EQ(std::get<std::int64_t>(net.options.at("retries").value), 3);
    EXPECT_EQ(net.options.at("retries").place, "p.toml:16:11");
    EXPECT_EQ(std::get<double>(p->stages[0].options.at("rate").value), 1.5);
    EXPECT_EQ(p->links[0].depth, 64U);
    EXPECT_EQ(p->links[0].when_full, WhenFull::DROP_OLDEST);
    EXPECT_EQ(p->links[1].depth, 1024U);
    EXPECT_EQ(word_of(p->links[1].when_full), "block");
}

std::string with(std::string_view from, std::string_view to)
{
    std::string text(good);
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void refused(const std::string& text, std::string_view error)
{
    const auto p = parse(text);
    ASSERT_FALSE(p) << text;
    EXPECT_EQ(p.error().text.rfind(error, 0), 0U) << p.error().text << "\nwanted: " << error;
    EXPECT_EQ(p.error().text.find('\n'), std::string::npos);
}

TEST(PipelineSpec, EachWrongValueIsNamedWithItsPlace)
{
    refused(with("name = \"demo\"\n", ""), "p.toml: a pipeline needs a name");
    refused(with("name = \"demo\"", "name = \"De mo\""), "p.toml:1:8: name takes 1 to 40 of a-z");
    refused(with("name = \"demo\"", "name = \"demo\"\nspeed = 1"),
            "p.toml:2:1: unknown key \"speed\"; known: name, stage, link");
    refused(with("replicas = 4", "replicas = 65"), "p.toml:9:12: replicas takes 1 to 64");
    refused(with("near card0", "beside card0"), "p.toml:8:13: placement takes \"any\", \"own core\"");
    refused(with("batch = 8", "batch = 0"), "p.toml:11:9: batch takes 1 to 512 items");
    refused(with("batch_wait_us = 12.5", "batch_wait_us = -1"),
            "p.toml:12:17: batch_wait_us takes 0 to 10 minutes");
    refused(with("depth = 64", "depth = 65"), "p.toml:25:9: depth takes a power of two");
    refused(with("drop-oldest", "drop"),
            "p.toml:26:13: when_full takes block, drop-newest, drop-oldest or fail");
    refused(with("retries = 3", "retries = [3]"),
            "p.toml:16:11: retries takes a text, a number, true or false");
    refused(with("retries = 3", "retrys = 3"),
            "p.toml:16:10: a stage of kind infer has no option \"retrys\"; it has: model, retries");
    refused(with("kind = \"infer\"", "kind = \"inver\""),
            "p.toml:5:1: stage net: no kind \"inver\"; known: generator, infer, tee, null");
    refused(with("kind = \"infer\"\n", ""), "p.toml:5:1: a stage needs a kind");
    refused(with("to = \"net\"\n", ""), "p.toml:22:1: a link needs a \"to\"");
    refused("name = \"x\"\nstage = 1", "p.toml:2:9: stage takes tables: [[stage]]");
    refused("name = \"x\"", "p.toml: a pipeline needs a [[stage]]");
    refused("name = ", "p.toml:1:");
    // What the parser quotes, and what a key or a text may hold, stays on the line.
    refused("name = na\n", "p.toml:1:10: Error while parsing floating-point");
    refused("\"a\\nb\" = 1", "p.toml:1:1: unknown key \"a b\"");
    refused(with("\"infer\"", "\"in\\nfer\""), "p.toml:5:1: stage net: no kind \"in fer\"");
    refused(with("retries = 3", "\"re\\ntries\" = 3"), "p.toml:16:");
}

TEST(PipelineSpec, LinksMakeSense)
{
    refused(with("to = \"out\"", "to = \"outt\""), "p.toml:27:1: no stage \"outt\"; there are: out, net, in");
    refused(with("from = \"in\"\nto = \"net\"", "from = \"net\"\nto = \"out\""),
            "p.toml:27:1: net is linked to out already");
    refused(
        std::string(good) + "[[link]]\nfrom = \"in\"\nto = \"out\"\n",
        "p.toml:30:1: in hands on to net already; an item goes one way (for more cores: replicas of net)");
    refused(with("name = \"out\"", "name = \"net\""),
            "p.toml:27:1: no stage \"out\"; there are: net, net, in");
    refused(std::string(good) + "[[stage]]\nname = \"in\"\nkind = \"generator\"\n",
            "p.toml:30:1: there is another stage \"in\"");
    refused(with("to = \"net\"", "to = \"out\""), "p.toml:5:1: stage net gets nothing");
    refused(with("kind = \"null\"", "kind = \"tee\""), "p.toml:2:1: stage out leads nowhere");
    refused(std::string(good) + "[[link]]\nfrom = \"out\"\nto = \"net\"\n",
            "p.toml:2:1: stage out is a sink");
    refused(std::string(good) + "[[link]]\nfrom = \"net\"\nto = \"in\"\n",
            "p.toml:17:1: stage in is a source");
}

TEST(PipelineSpec, CirclesAreFound)
{
    std::string text(good);
    for (const auto& [name, kind] : {std::pair{"more", "generator"}, {"a", "tee"}, {"b", "tee"}})
        text += fmt::format("[[stage]]\nname = \"{}\"\nkind = \"{}\"\n", name, kind);
    for (const auto& [from, to] : {std::pair{"more", "a"}, {"a", "b"}, {"b", "a"}})
        text += fmt::format("[[link]]\nfrom = \"{}\"\nto = \"{}\"\n", from, to);
    refused(text, "p.toml: links go in a circle, or behind one: a, b");
}

TEST(PipelineSpec, TooManyOfAnythingIsRefused)
{
    std::string text = "name = \"x\"\n";
    for (int i = 0; i < 257; ++i) text += fmt::format("[[stage]]\nname = \"s{}\"\nkind = \"null\"\n", i);
    const auto p = parse(text);
    ASSERT_FALSE(p);
    EXPECT_EQ(p.error().code, Code::E_LIMIT);
    EXPECT_EQ(p.error().text, "p.toml: 257 tables [[stage]], limit 256");
}

} // namespace
