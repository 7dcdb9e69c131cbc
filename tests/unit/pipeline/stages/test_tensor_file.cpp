// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/tensor_file.hpp"
#include "support/pipe_stage.hpp"
#include "support/temp_folder.hpp"
#include <gtest/gtest.h>
#include <numeric>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;

class TensorFileStage : public ::testing::Test {
  protected:
    TensorFileStage() : three(folder.file("three.f32", Floats{1, 2, 3, 4, 5, 6})) {}
    TempFolder folder;
    std::string three; ///< three tensors of two floats
    PipePool pool{8};
    void free(const PipeStage::Items& items)
    {
        for (auto* m : items) rte_pktmbuf_free(m);
    }
};

TEST_F(TensorFileStage, GivesEachTensorOnceThenEnds)
{
    PipeStage s(stage_tensor_file, {{"path", three}, {"shape", "1x2"}, {"type", "f32"}}, pool.get());
    EXPECT_EQ(s.room(), 8U + 63);
    auto items = s.source(2);
    ASSERT_EQ(items.size(), 2U);
    const auto more = s.source(4);
    ASSERT_EQ(more.size(), 1U);
    EXPECT_EQ(tensor_of<float>(items[0]), (Floats{1, 2}));
    EXPECT_EQ(tensor_of<float>(items[1]), (Floats{3, 4}));
    EXPECT_EQ(tensor_of<float>(more[0]), (Floats{5, 6}));
    EXPECT_EQ(qaic_pipe_item_of(more[0])->label, QAIC_PIPE_NO_LABEL);
    EXPECT_EQ(qaic_pipe_item_of(more[0])->weight, 1U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(qaic_pipe_tensor(more[0])) % 64, 0U);
    EXPECT_TRUE(s.source(1).empty());
    EXPECT_TRUE(s.ended);
    free(items), free(more);
    EXPECT_EQ(pool.out(), 0U);
}

TEST_F(TensorFileStage, RepeatsAsOftenAsToldOrForEver)
{
    PipeStage twice(stage_tensor_file, {{"path", three}, {"bytes", 8}, {"repeat", 2}}, pool.get());
    auto items = twice.source(8);
    ASSERT_EQ(items.size(), 6U);
    EXPECT_EQ(tensor_of<float>(items[3]), (Floats{1, 2}));
    free(items);
    EXPECT_TRUE(twice.source(8).empty());
    EXPECT_TRUE(twice.ended);

    PipeStage ever(stage_tensor_file, {{"path", three}, {"bytes", 8}, {"repeat", 0}}, pool.get());
    for (int i = 0; i < 100; ++i) {
        items = ever.source(5);
        ASSERT_EQ(items.size(), 5U);
        EXPECT_EQ(tensor_of<float>(items[0])[0], 1 + 2 * (i * 5 % 3));
        free(items);
    }
}

TEST_F(TensorFileStage, AnEmptyPoolOnlyMakesItWait)
{
    PipePool small(2);
    PipeStage s(stage_tensor_file, {{"path", three}, {"bytes", 8}}, small.get());
    auto items = s.source(3);
    ASSERT_EQ(items.size(), 2U);
    EXPECT_TRUE(s.source(3).empty());
    EXPECT_FALSE(s.ended);
    free(items);
    items = s.source(3);
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(tensor_of<float>(items[0]), (Floats{5, 6}));
    free(items);
    EXPECT_TRUE(s.source(0).empty());
    EXPECT_TRUE(s.ended);
}

TEST_F(TensorFileStage, ItemsTooSmallForATensorAreNotLost)
{
    PipePool narrow(1, 128); // all headroom
    PipeStage s(stage_tensor_file, {{"path", three}, {"bytes", 8}}, narrow.get());
    EXPECT_TRUE(s.source(1).empty());
    EXPECT_EQ(narrow.out(), 0U);
}

TEST_F(TensorFileStage, SaysWhatIsWrong)
{
    const auto wrong = [&](const PipeOptions& o) { return refusal(stage_tensor_file, o); };
    EXPECT_EQ(wrong({{"path", three}, {"bytes", 8}}), "");
    EXPECT_EQ(wrong({{"bytes", 8}}), "p.toml:2:1: stage s needs the option path");
    EXPECT_EQ(wrong({{"path", three}}),
              "p.toml:9:1: stage s: path takes one of bytes, or shape and type, beside it");
    EXPECT_EQ(wrong({{"path", three}, {"bytes", 8}, {"shape", "2"}}),
              "p.toml:9:1: stage s: bytes takes one of bytes, or shape and type, beside it");
    EXPECT_EQ(wrong({{"path", three}, {"bytes", 7}}),
              "p.toml:9:2: stage s: path takes whole tensors of 7 bytes; " + three + " has 24");
    EXPECT_EQ(wrong({{"path", folder.file("empty", Floats{})}, {"bytes", 4}}),
              "p.toml:9:2: stage s: path takes whole tensors of 4 bytes; " + folder.path("empty") + " has 0");
    EXPECT_NE(wrong({{"path", folder.path("none")}, {"bytes", 4}}).find("No such file"), std::string::npos);
    EXPECT_NE(wrong({{"path", three}, {"bytes", 0}}).find("bytes takes a whole number from 1 to"),
              std::string::npos);
    for (const char* shape : {"", "0x2", "2x", "x2", "1x2x3x4x5x6x7x8x9", "-1", "2 x 2", "40000x40000"})
        EXPECT_NE(wrong({{"path", three}, {"shape", shape}}).find("shape takes"), std::string::npos) << shape;
    EXPECT_NE(wrong({{"path", three}, {"shape", "1073741824"}}).find("a tensor of at most"),
              std::string::npos);
    EXPECT_NE(wrong({{"path", three}, {"shape", "2"}, {"type", "f64"}}).find("type takes one of: f32, f16"),
              std::string::npos);
}

} // namespace
