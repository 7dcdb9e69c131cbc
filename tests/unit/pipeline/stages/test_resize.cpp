// SPDX-License-Identifier: BSD-3-Clause
// Expected values by hand from the rule: centres at half, as cv::resize has it.
#include "pipeline/stages/resize.hpp"
#include "support/pipe_stage.hpp"
#include <gtest/gtest.h>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;
using Pixels = std::vector<std::uint8_t>;

template<class T>
std::vector<T> resized(const std::string& from, const std::string& to, const std::vector<T>& in)
{
    PipePool pool(1);
    PipeStage s(stage_resize, {{"from", from}, {"to", to}, {"type", sizeof(T) == 1 ? "u8" : "f32"}});
    auto* const m = pool.item(0, in);
    EXPECT_EQ(s.run(m), "pass");
    EXPECT_EQ(s.room(), qaic_pipe_item_of(m)->tensor_bytes + 63);
    return tensor_of<T>(m);
}

TEST(ResizeStage, TheSameSizeIsTheSameImage)
{
    EXPECT_EQ(resized("2x3x1", "2x3", Pixels{1, 2, 3, 4, 5, 255}), (Pixels{1, 2, 3, 4, 5, 255}));
}

TEST(ResizeStage, Larger)
{
    // Centres of the new ones at -0.25, 0.25, 0.75, 1.25 of the old.
    EXPECT_EQ(resized("1x2x1", "1x4", Floats{0, 100}), (Floats{0, 25, 75, 100}));
    EXPECT_EQ(resized("2x1x1", "4x1", Floats{0, 100}), (Floats{0, 25, 75, 100}));
    EXPECT_EQ(resized("1x1x2", "2x2", Floats{3, 7}), (Floats{3, 7, 3, 7, 3, 7, 3, 7}));
    EXPECT_EQ(resized("2x2x1", "2x4", Pixels{0, 10, 100, 110}), (Pixels{0, 2, 8, 10, 100, 102, 108, 110}))
        << "2.5 and 7.5 go to the even neighbour";
}

TEST(ResizeStage, Smaller)
{
    EXPECT_EQ(resized("1x4x1", "1x2", Floats{0, 2, 10, 20}), (Floats{1, 15}));
    EXPECT_EQ(resized("4x4x1", "1x1", Floats{9, 9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9, 9, 9, 9}), (Floats{2.5}))
        << "four neighbours alone";
    EXPECT_EQ(resized("1x3x1", "1x2", Floats{0, 10, 20}), (Floats{2.5, 17.5}));
}

TEST(ResizeStage, ChannelsStayApart)
{
    EXPECT_EQ(resized("1x2x3", "1x4", Floats{0, 10, 20, 100, 110, 220}),
              (Floats{0, 10, 20, 25, 35, 70, 75, 85, 170, 100, 110, 220}));
}

TEST(ResizeStage, WrongSizesAndNoRoom)
{
    PipePool pool(3), narrow(1, 192);
    PipeStage s(stage_resize, {{"from", "2x2x1"}, {"to", "16x16"}});
    EXPECT_EQ(s.run({pool.item(0, Pixels(3)), pool.item(1, Pixels(4)), pool.item(2, Pixels{})}),
              (std::vector<std::string>{"wrong_size", "pass", "wrong_size"}));
    EXPECT_EQ(s.run(narrow.item(0, Pixels(4))), "no_room");
    const auto wrong = [](const char* from, const char* to) {
        return refusal(stage_resize, {{"from", from}, {"to", to}});
    };
    EXPECT_NE(wrong("2x2", "2x2").find("from takes height, width and channels"), std::string::npos);
    EXPECT_NE(wrong("2x2x1", "2").find("to takes height and width"), std::string::npos);
    EXPECT_NE(wrong("2x2x4", "32768x32768").find("to takes what makes a tensor of at most"),
              std::string::npos);
    EXPECT_NE(wrong("2x2x1", "65536x65536").find("to takes"), std::string::npos);
}

} // namespace
