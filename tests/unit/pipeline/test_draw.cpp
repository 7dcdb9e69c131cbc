// SPDX-License-Identifier: BSD-3-Clause
// Plans and their pictures on the hosts of config/topo. That pictures are whole XML:
// tests/cli/qaic_pipe_test.py
#include "../place/topo.hpp"
#include "pipeline/draw/host_boxes.hpp"
#include "pipeline/draw/plan.hpp"
#include <algorithm>

namespace {
using namespace pipeline;

StageSpec stage(const std::string& name, const std::string& words, unsigned replicas = 1)
{
    StageSpec s;
    s.name = name, s.kind = "k", s.replicas = replicas;
    auto wish = place::parse_wish(words);
    EXPECT_TRUE(wish) << words;
    s.wish = *wish;
    s.wish.stage = name, s.wish.replicas = replicas;
    return s;
}

PipelineSpec example()
{
    PipelineSpec p;
    p.name = "demo";
    p.stages = {stage("nic", "own core"), stage("flows", "any", 2), stage("infer", "near card0", 2),
                stage("out", "same L3 as infer")};
    p.links = {{"nic", "flows"}, {"flows", "infer"}, {"infer", "out"}};
    for (std::size_t i = 0; i + 1 < p.stages.size(); ++i) {
        p.stages[i].wish.links.push_back(p.stages[i + 1].name);
        p.stages[i + 1].wish.links.push_back(p.stages[i].name);
    }
    return p;
}

place::Placement placed(const PipelineSpec& p, const place::Host& host)
{
    std::vector<place::StageWish> wishes;
    for (const auto& s : p.stages) wishes.push_back(s.wish);
    auto out = place::place_stages(host, wishes);
    EXPECT_TRUE(out) << out.error().text;
    return out ? *out : place::Placement{};
}

std::size_t count(const std::string& text, std::string_view what)
{
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

class DrawPlan : public testing::TestWithParam<const char*> {};

TEST_P(DrawPlan, ShowsEveryCopyItsCpuAndItsReason)
{
    const auto host = place::test::host_of(GetParam());
    const auto p = example();
    const auto where = placed(p, host);
    const auto svg = draw::plan_svg(p, host, where);
    const auto text = draw::plan_text(p, host, where);
    for (const auto& c : where.choices) {
        const auto& s = *p.stage(c.stage);
        const auto name = s.replicas > 1 ? fmt::format("{}.{}", s.name, c.replica) : s.name;
        EXPECT_EQ(count(svg, ">" + name + "</text>"), s.replicas > 1 ? 1U : 2U)
            << name; // and in the flow above
        EXPECT_EQ(count(svg, fmt::format(">CPU {}, lcore {}</text>", c.cpu, c.lcore)), 1U) << c.why;
        EXPECT_NE(svg.find(draw::escaped(c.why)), std::string::npos);
        EXPECT_NE(text.find(fmt::format("{:>5}  {:>3}  ", c.lcore, c.cpu)), std::string::npos);
        EXPECT_NE(text.find(c.why), std::string::npos);
    }
    for (const auto& card : host.cards) EXPECT_EQ(count(svg, ">" + card.name + "</text>"), 1U) << card.name;
    EXPECT_NE(text.find("EAL: --lcores '" + where.lcores + "'\n"), std::string::npos);
    for (const auto& w : where.warnings) EXPECT_NE(text.find("warning: " + w), std::string::npos);
    // 2 + 4 + 2 links between copies and a dashed line for each copy that asked for a card; the legend's own.
    const auto arrows = count(svg, "Z\" fill="),
               legend = count(svg, "within one lcore") + count(svg, "over one L3") +
                        count(svg, "from L3 to L3") + count(svg, "from node to node");
    EXPECT_EQ(arrows - legend, 8U);
    EXPECT_EQ(count(svg, "stroke=\"#8250df\" stroke-width"), 3U);
    EXPECT_EQ(svg, draw::plan_svg(p, host, where)) << "same bytes";
    EXPECT_EQ(count(svg, "href"), 0U);
}

INSTANTIATE_TEST_SUITE_P(Hosts, DrawPlan, testing::Values("two_cpus", "laptop", "two_sockets_16_cards"));

TEST(DrawPlan, ABigHostIsFolded)
{
    const auto host = place::test::host_of("two_sockets_16_cards");
    const auto p = example();
    const auto svg = draw::plan_svg(p, host, placed(p, host));
    EXPECT_EQ(count(svg, "64 cores idle (8 L3)"), 1U); // all of the second socket
    EXPECT_EQ(count(svg, "56 cores idle (7 L3)"), 1U);
    EXPECT_LT(count(svg, ">CPU "), 20U);
    const auto laptop = place::test::host_of("laptop");
    const auto small = draw::plan_svg(p, laptop, placed(p, laptop));
    EXPECT_EQ(count(small, "idle"), 0U);
    EXPECT_EQ(count(small, ">CPU "), 8U) << "all CPUs of a small host";
}

TEST(DrawPlan, ManyCopiesAreTiedTogetherAndStayNarrow)
{
    const auto host = place::test::host_of("two_sockets_16_cards");
    auto p = example();
    p.stages[1] = stage("flows", "any", 64);
    p.stages[2] = stage("infer", "near card0", 64);
    const auto where = placed(p, host);
    const auto svg = draw::plan_svg(p, host, where);
    EXPECT_LT(count(svg, "Z\" fill="), 300U) << "not 4096 arrows";
    auto root = draw::host_boxes(host, where);
    draw::arrange(root, 0, 0, 1560);
    EXPECT_LE(root.at.right(), 1560);
}

/// Boxes of one parent do not lie on each other and lie in it.
void tidy(const draw::Box& box)
{
    for (std::size_t i = 0; i < box.inside.size(); ++i) {
        const auto& a = box.inside[i].at;
        EXPECT_TRUE(a.x >= box.at.x && a.right() <= box.at.right() && a.y >= box.at.y &&
                    a.bottom() <= box.at.bottom())
            << box.inside[i].label << " sticks out of " << box.label;
        for (std::size_t j = 0; j < i; ++j) {
            const auto& b = box.inside[j].at;
            EXPECT_TRUE(a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y)
                << box.inside[i].label << " lies on " << box.inside[j].label;
        }
        tidy(box.inside[i]);
    }
}

TEST(DrawPlan, BoxesLieInTheirBoxes)
{
    for (const auto* name : {"two_cpus", "laptop", "two_sockets_16_cards"}) {
        const auto host = place::test::host_of(name);
        auto p = example();
        p.stages[1] = stage("flows", "any", 33);
        auto root = draw::host_boxes(host, placed(p, host));
        draw::arrange(root, 20, 60, 1560);
        tidy(root);
    }
}

TEST(DrawPlan, NamesOfHostsAndCardsMayHoldAnything)
{
    auto host = place::test::host_of("two_cpus");
    host.name = "<a> & \"b\"\n";
    host.cards.push_back({"x<y", 7});
    const auto p = example();
    const auto svg = draw::plan_svg(p, host, placed(p, host));
    EXPECT_NE(svg.find("&lt;a&gt; &amp; &quot;b&quot; "), std::string::npos);
    EXPECT_NE(svg.find(">x&lt;y</text>"), std::string::npos) << "a card of a node that is not ours is shown";
}

} // namespace
