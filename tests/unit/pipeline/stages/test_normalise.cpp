// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/normalise.hpp"
#include "support/pipe_stage.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;
using Pixels = std::vector<std::uint8_t>;

template<class T>
Floats normalised(const PipeOptions& options, const std::vector<T>& in)
{
    PipePool pool(1);
    PipeStage s(stage_normalise, options);
    auto* const m = pool.item(0, in);
    EXPECT_EQ(s.run(m), "pass");
    return tensor_of<float>(m);
}

TEST(NormaliseStage, ChannelsByLayout)
{
    const PipeOptions nchw{{"shape", "1x2x1x2"}, {"scale", 2.0}, {"mean", "1, 3"}, {"std", "2,4"}};
    EXPECT_EQ(normalised(nchw, Floats{1, 2, 3, 4}), (Floats{0.5, 1.5, 0.75, 1.25}));
    PipeOptions nhwc = nchw;
    nhwc["shape"] = "1x1x2x2", nhwc["layout"] = "nhwc";
    EXPECT_EQ(normalised(nhwc, Floats{1, 2, 3, 4}), (Floats{0.5, 0.25, 2.5, 1.25}));
}

TEST(NormaliseStage, BatchesOfImagesGoOnWithTheFirstChannel)
{
    EXPECT_EQ(normalised({{"shape", "2x2x1x1"}, {"mean", "1,10"}}, Floats{1, 10, 2, 20}),
              (Floats{0, 0, 1, 10}));
    EXPECT_EQ(normalised({{"shape", "4"}, {"mean", "1"}}, Floats{1, 2, 3, 4}), (Floats{0, 1, 2, 3}));
}

TEST(NormaliseStage, BytesBecomeANewTensor)
{
    PipePool pool(1);
    PipeStage s(stage_normalise, {{"shape", "3"}, {"from", "u8"}, {"scale", 0.5}});
    EXPECT_EQ(s.room(), 12U + 63);
    auto* const m = pool.item(0, Pixels{0, 1, 255});
    EXPECT_EQ(s.run(m), "pass");
    EXPECT_EQ(tensor_of<float>(m), (Floats{0, 0.5, 127.5}));
}

TEST(NormaliseStage, WithoutOptionsNothingChanges)
{
    const auto inf = std::numeric_limits<float>::infinity();
    EXPECT_EQ(normalised({{"shape", "4"}}, Floats{-0.1F, 3e38F, 1e-40F, inf}),
              (Floats{-0.1F, 3e38F, 1e-40F, inf}));
    EXPECT_TRUE(std::isnan(normalised({{"shape", "1"}}, Floats{NAN})[0]));
}

TEST(NormaliseStage, LooseTensorsAreReadToo)
{
    PipePool pool(1);
    PipeStage s(stage_normalise, {{"shape", "2"}, {"scale", 3.0}});
    auto* const m = pool.item(0, Pixels(9));
    auto* const item = qaic_pipe_item_of(m);
    item->tensor_off += 1, item->tensor_bytes = 8; // as a field of a packet may lie
    const Floats in{1, 2};
    std::memcpy(qaic_pipe_tensor(m), in.data(), 8);
    EXPECT_EQ(s.run(m), "pass");
    EXPECT_EQ(tensor_of<float>(m), (Floats{3, 6}));
}

TEST(NormaliseStage, WrongSizesAreDroppedOneByOne)
{
    PipePool pool(4);
    PipeStage s(stage_normalise, {{"shape", "2"}});
    EXPECT_EQ(s.run({pool.item(0, Floats{1}), pool.item(1, Floats{1, 2}), pool.item(2, Floats{}),
                     pool.item(3, Floats{1, 2, 3})}),
              (std::vector<std::string>{"wrong_size", "pass", "wrong_size", "wrong_size"}));
    EXPECT_TRUE(s.run(PipeStage::Items{}).empty());
}

TEST(NormaliseStage, NoRoomIsAReason)
{
    PipePool pool(1, 192); // 64 bytes beside the headroom
    PipeStage s(stage_normalise, {{"shape", "4"}, {"from", "u8"}});
    EXPECT_EQ(s.run(pool.item(0, Pixels{1, 2, 3, 4})), "no_room");
}

TEST(NormaliseStage, SaysWhatIsWrong)
{
    const auto wrong = [](const PipeOptions& o) { return refusal(stage_normalise, o); };
    EXPECT_EQ(wrong({}), "p.toml:2:1: stage s needs the option shape");
    EXPECT_EQ(wrong({{"shape", "1x3x2x2"}, {"mean", "1,2"}}),
              "p.toml:9:1: stage s: mean takes 3 numbers like \"0.5,0.25\", or one for all");
    EXPECT_EQ(wrong({{"shape", "2"}, {"std", "0"}}),
              "p.toml:9:2: stage s: std takes numbers that scale and mean can be divided by");
    for (const char* list : {"1,", ",1", "a", "1 2", "inf", "nan", "1,2,3,4"})
        EXPECT_NE(wrong({{"shape", "1x3x2x2"}, {"std", list}}).find("std takes"), std::string::npos) << list;
    EXPECT_NE(wrong({{"shape", "2"}, {"layout", "hw"}}).find("layout takes one of: nchw, nhwc"),
              std::string::npos);
}

} // namespace
