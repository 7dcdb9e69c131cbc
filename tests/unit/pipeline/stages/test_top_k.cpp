// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/top_k.hpp"
#include "support/pipe_stage.hpp"
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <random>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;
using Pairs = std::vector<std::pair<std::uint32_t, float>>;
constexpr float inf = std::numeric_limits<float>::infinity();

Pairs top_of(const PipeOptions& options, const Floats& in)
{
    PipePool pool(1, 8192);
    PipeStage s(stage_top_k, options);
    auto* const m = pool.item(0, in);
    EXPECT_EQ(s.run(m), "pass");
    Pairs pairs;
    for (const auto& p : tensor_of<TopPair>(m)) pairs.emplace_back(p.cls, p.score);
    if (!pairs.empty()) {
        EXPECT_EQ(qaic_pipe_item_of(m)->label, pairs[0].first);
        EXPECT_EQ(qaic_pipe_item_of(m)->score, pairs[0].second);
    }
    return pairs;
}

std::string verdict_of(const PipeOptions& options, const Floats& in)
{
    PipePool pool(1);
    PipeStage s(stage_top_k, options);
    auto* const m = pool.item(0, in);
    const auto said = s.run(m);
    if (said == "pass") return said;
    EXPECT_EQ(qaic_pipe_item_of(m)->label, QAIC_PIPE_NO_LABEL);
    return said;
}

TEST(TopKStage, BestFirstAndOfEqualOnesTheLowerClass)
{
    EXPECT_EQ(top_of({}, {1, 5, 3}), (Pairs{{1, 5}}));
    EXPECT_EQ(top_of({{"k", 3}}, {-1, 7, 7, 2}), (Pairs{{1, 7}, {2, 7}, {3, 2}}));
    EXPECT_EQ(top_of({{"k", 2}}, {0, -0.0F, 0}), (Pairs{{0, 0}, {1, 0}}));
    EXPECT_EQ(top_of({{"k", 2}}, {-inf, inf}), (Pairs{{1, inf}, {0, -inf}}));
}

TEST(TopKStage, AsASortWouldHaveIt)
{
    std::mt19937 random(7);
    for (const std::uint32_t n : {64U, 65U, 1000U}) {
        Floats in(n);
        for (auto& x : in) x = static_cast<float>(random() % 50); // many equal ones
        std::vector<std::uint32_t> order(n);
        std::iota(order.begin(), order.end(), 0U);
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return in[a] > in[b]; });
        for (const std::uint32_t k : {1U, 5U, 64U}) {
            Pairs wanted;
            for (std::uint32_t i = 0; i < k; ++i) wanted.emplace_back(order[i], in[order[i]]);
            EXPECT_EQ(top_of({{"k", static_cast<int>(k)}}, in), wanted) << n << ' ' << k;
        }
    }
}

TEST(TopKStage, SoftmaxIsOverAllClasses)
{
    const float log2 = std::log(2.0F), log5 = std::log(5.0F);
    const auto pairs = top_of({{"k", 2}, {"softmax", true}}, {0, log5, log2});
    ASSERT_EQ(pairs.size(), 2U);
    EXPECT_EQ(pairs[0].first, 1U);
    EXPECT_NEAR(pairs[0].second, 5.0 / 8, 1e-6);
    EXPECT_NEAR(pairs[1].second, 2.0 / 8, 1e-6);
    // Large scores do not overflow, and classes that cannot be have no share.
    EXPECT_EQ(top_of({{"k", 2}, {"softmax", true}}, {1000, -inf}), (Pairs{{0, 1}, {1, 0}}));
}

TEST(TopKStage, WhatIsNotANumberIsDropped)
{
    for (std::size_t at = 0; at < 4; ++at) {
        Floats in{4, 3, 2, 1};
        in[at] = NAN;
        EXPECT_EQ(verdict_of({{"k", 2}}, in), "not_a_number") << at;
    }
    EXPECT_EQ(verdict_of({{"softmax", true}}, {1, inf}), "not_a_number");
    EXPECT_EQ(verdict_of({{"softmax", true}}, {-inf, -inf}), "not_a_number");
    EXPECT_EQ(verdict_of({}, {1, inf}), "pass");
}

TEST(TopKStage, WrongSizesAreDropped)
{
    EXPECT_EQ(verdict_of({}, {}), "wrong_size");
    EXPECT_EQ(verdict_of({{"k", 3}}, {1, 2}), "wrong_size");
    PipePool pool(1);
    PipeStage s(stage_top_k);
    EXPECT_EQ(s.run(pool.item(0, std::vector<std::uint8_t>(7))), "wrong_size");
    EXPECT_TRUE(s.run(PipeStage::Items{}).empty());
    PipePool narrow(1, 192);
    EXPECT_EQ(s.run(narrow.item(0, Floats{1})), "no_room");
    EXPECT_NE(refusal(stage_top_k, {{"k", 65}}).find("k takes a whole number from 1 to 64"),
              std::string::npos);
    EXPECT_NE(refusal(stage_top_k, {{"softmax", 1}}).find("softmax takes true or false"), std::string::npos);
}

} // namespace
