// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/generator.hpp"
#include "pipeline/stages/pace.hpp"
#include "support/pipe_stage.hpp"
#include <gtest/gtest.h>
#include <set>

namespace {
using namespace pipeline;
using namespace support;
using Pixels = std::vector<std::uint8_t>;

std::vector<Pixels> made(PipePool& pool, const PipeOptions& options)
{
    PipeStage s(stage_generator, options, pool.get());
    std::vector<Pixels> all;
    for (auto items = s.source(3); !s.ended; items = s.source(3))
        for (auto* m : items) {
            all.push_back(tensor_of<std::uint8_t>(m));
            rte_pktmbuf_free(m);
        }
    EXPECT_EQ(pool.out(), 0U);
    return all;
}

TEST(GeneratorStage, Patterns)
{
    PipePool pool(8);
    EXPECT_EQ(made(pool, {{"bytes", 3}, {"items", 2}}), (std::vector<Pixels>{{0, 0, 0}, {0, 0, 0}}));
    const auto counted = made(pool, {{"bytes", 3}, {"items", 257}, {"pattern", "count"}});
    ASSERT_EQ(counted.size(), 257U);
    EXPECT_EQ(counted[0], (Pixels{0, 1, 2}));
    EXPECT_EQ(counted[254], (Pixels{254, 255, 0}));
    EXPECT_EQ(counted[256], (Pixels{0, 1, 2}));
    const PipeOptions random{{"bytes", 7}, {"items", 100}, {"pattern", "random"}, {"seed", 5}};
    const auto one = made(pool, random);
    EXPECT_EQ(std::set<Pixels>(one.begin(), one.end()).size(), 100U);
    EXPECT_EQ(made(pool, random), one) << "the same seed, the same bytes";
    auto other = random;
    other["seed"] = 6;
    EXPECT_NE(made(pool, other), one);
}

TEST(GeneratorStage, GoesOnForEverAndWaitsForItems)
{
    PipePool pool(4);
    PipeStage s(stage_generator, {{"bytes", 1}}, pool.get());
    for (int i = 0; i < 1000; ++i) {
        auto items = s.source(8);
        ASSERT_EQ(items.size(), 4U);
        for (auto* m : items) rte_pktmbuf_free(m);
    }
    EXPECT_FALSE(s.ended);
    PipePool narrow(1, 128);
    PipeStage n(stage_generator, {{"bytes", 1}}, narrow.get());
    EXPECT_TRUE(n.source(1).empty());
    EXPECT_EQ(narrow.out(), 0U);
}

TEST(GeneratorStage, SaysWhatIsWrong)
{
    const auto wrong = [](PipeOptions o) { return refusal(stage_generator, o); };
    EXPECT_EQ(wrong({}), "p.toml:2:1: stage s needs the option bytes");
    EXPECT_NE(wrong({{"bytes", 1}, {"rate", -1}}).find("rate takes a number from 0 to"), std::string::npos);
    EXPECT_NE(wrong({{"bytes", 1}, {"arrivals", "late"}}).find("arrivals takes one of: even, poisson"),
              std::string::npos);
    EXPECT_NE(wrong({{"bytes", 1}, {"pattern", "ones"}}).find("pattern takes one of: zero, count, random"),
              std::string::npos);
    EXPECT_NE(wrong({{"bytes", 1}, {"items", -1}}).find("items takes"), std::string::npos);
}

std::unique_ptr<Pace> pace(const PipeOptions& options)
{
    const PipeSetup s(options);
    return std::move(*Pace::make(Options(s.setup), 1e9));
}

TEST(PaceOfSources, EvenItemsFallDueOneGapApart)
{
    const auto p = pace({{"rate", 1e6}}); // one in 1000 ticks
    EXPECT_EQ(p->take(5000, 32), 0U) << "the clock starts here";
    EXPECT_EQ(p->take(5999, 32), 0U);
    EXPECT_EQ(p->take(6000, 32), 1U);
    EXPECT_EQ(p->take(6000, 32), 0U);
    EXPECT_EQ(p->take(15000, 4), 4U) << "no more than asked for; the rest is still due";
    EXPECT_EQ(p->take(15000, 32), 5U);
    p->give_back(2);
    EXPECT_EQ(p->take(15000, 1), 1U);
    EXPECT_EQ(p->take(16000, 32), 2U);
    const auto free = pace({});
    EXPECT_EQ(free->take(0, 32), 32U);
}

TEST(PaceOfSources, ByChanceTheMeanHolds)
{
    const auto p = pace({{"rate", 1e6}, {"arrivals", "poisson"}, {"seed", 3}});
    (void)p->take(0, 1);
    std::uint64_t items = 0, none = 0;
    const std::uint64_t steps = 100'000;
    for (std::uint64_t i = 1; i <= steps; ++i) {
        const auto n = p->take(i * 1000, 64);
        items += n;
        none += n == 0 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(items), 1e5, 5 * 316); // five standard deviations
    EXPECT_NEAR(static_cast<double>(none) / 1e5, 0.3679, 0.01) << "1/e of the steps see none";
}

} // namespace
