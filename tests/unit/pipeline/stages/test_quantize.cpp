// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages/quantize.hpp"
#include "support/pipe_stage.hpp"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {
using namespace pipeline;
using namespace support;
using Floats = std::vector<float>;
using Bytes8 = std::vector<std::int8_t>;
using BytesU8 = std::vector<std::uint8_t>;
using Halves = std::vector<std::uint16_t>;
constexpr float infinite = std::numeric_limits<float>::infinity(),
                nan = std::numeric_limits<float>::quiet_NaN();

template<class To, class From>
std::vector<To> through(const qaic_pipe_stage& stage, PipeOptions options, const std::vector<From>& in)
{
    options["shape"] = std::to_string(in.size());
    PipePool pool(1, 16384);
    PipeStage s(stage, options);
    auto* const m = pool.item(0, in);
    EXPECT_EQ(s.run(m), "pass");
    EXPECT_EQ(s.room(), in.size() * sizeof(To) + 63);
    return tensor_of<To>(m);
}
template<class To>
std::vector<To> quantized(const PipeOptions& options, const Floats& in)
{
    return through<To>(stage_quantize, options, in);
}

TEST(QuantizeStage, HalvesGoToTheEvenNeighbour)
{
    EXPECT_EQ(
        quantized<std::int8_t>({{"to", "i8"}}, {0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997F, 3.5000002F}),
        (Bytes8{0, 2, 2, 0, -2, -2, 0, 4}));
    EXPECT_EQ(quantized<std::uint8_t>({{"to", "u8"}, {"scale", 0.5}, {"zero_point", 3}},
                                      {0.25, 0.75, -0.25, -0.75}),
              (BytesU8{3, 5, 3, 1}));
}

TEST(QuantizeStage, BeyondTheRangeItSaturates)
{
    EXPECT_EQ(quantized<std::int8_t>(
                  {{"to", "i8"}}, {127.4F, 127.5F, 128, 3e38F, infinite, -128.4F, -129, -3e38F, -infinite}),
              (Bytes8{127, 127, 127, 127, 127, -128, -128, -128, -128}));
    EXPECT_EQ(quantized<std::uint8_t>({{"to", "u8"}}, {-0.6F, -infinite, 254.6F, 256, infinite, -0.0F}),
              (BytesU8{0, 0, 255, 255, 255, 0}));
    // The zero point moves the range, not only the value.
    EXPECT_EQ(quantized<std::int8_t>({{"to", "i8"}, {"zero_point", -128}}, {254.6F, 300, -1, 0}),
              (Bytes8{127, 127, -128, -128}));
    EXPECT_EQ(quantized<std::uint8_t>({{"to", "u8"}, {"zero_point", 255}}, {1, 0, -254.6F, -300}),
              (BytesU8{255, 255, 0, 0}));
}

TEST(QuantizeStage, NotANumberIsTheZeroPoint)
{
    EXPECT_EQ(quantized<std::uint8_t>({{"to", "u8"}, {"zero_point", 7}}, {nan, -nan}), (BytesU8{7, 7}));
    EXPECT_EQ(quantized<std::int8_t>({{"to", "i8"}, {"zero_point", -7}}, {nan}), (Bytes8{-7}));
}

TEST(QuantizeStage, EveryValueAsTheFormulaHasIt)
{
    Floats in; // long enough for vector loops and what is left of them
    for (int i = -1003; i <= 1003; ++i) in.push_back(static_cast<float>(i) * 0.25F);
    const auto out = quantized<std::int8_t>({{"to", "i8"}, {"scale", 1.7}, {"zero_point", 5}}, in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const double steps = std::nearbyint(static_cast<double>(in[i] / 1.7F)) + 5;
        EXPECT_EQ(out[i], static_cast<int>(std::clamp(steps, -128.0, 127.0))) << in[i];
    }
}

TEST(QuantizeStage, Halves)
{
    EXPECT_EQ(quantized<std::uint16_t>(
                  {{"to", "f16"}}, {1, -2, 65504, 65520, 1.00048828125F, 1.00146484375F, 6e-8F, infinite}),
              (Halves{0x3c00, 0xc000, 0x7bff, 0x7c00, 0x3c00, 0x3c02, 0x0001, 0x7c00}));
    // 1 + 2^-8 lies between two: to the even one; 1 + 3 * 2^-8 likewise goes up. The largest overflows.
    EXPECT_EQ(quantized<std::uint16_t>({{"to", "bf16"}},
                                       {1, -2, 1.00390625F, 1.01171875F, 3.4028235e38F, -infinite, 0}),
              (Halves{0x3f80, 0xc000, 0x3f80, 0x3f82, 0x7f80, 0xff80, 0}));
    const auto nans = quantized<std::uint16_t>(
        {{"to", "bf16"}}, {nan, std::bit_cast<float>(0x7f800001U), std::bit_cast<float>(0xffffffffU)});
    for (const auto h : nans) EXPECT_TRUE((h & 0x7f80) == 0x7f80 && (h & 0x7f) != 0) << h;
    EXPECT_EQ(quantized<std::uint16_t>({{"to", "f16"}}, {nan})[0] & 0x7e00, 0x7e00);
}

TEST(DequantizeStage, Back)
{
    EXPECT_EQ((through<float>(stage_dequantize, {{"from", "i8"}, {"scale", 0.5}, {"zero_point", 2}},
                              Bytes8{-128, 2, 127})),
              (Floats{-65, 0, 62.5}));
    EXPECT_EQ((through<float>(stage_dequantize, {{"from", "u8"}, {"zero_point", 255}}, BytesU8{0, 255})),
              (Floats{-255, 0}));
    EXPECT_EQ((through<float>(stage_dequantize, {{"from", "f16"}}, Halves{0x3c00, 0x7bff, 0x0001, 0xfc00})),
              (Floats{1, 65504, 5.9604645e-8F, -infinite}));
    EXPECT_EQ((through<float>(stage_dequantize, {{"from", "bf16"}}, Halves{0x3f80, 0xff80})),
              (Floats{1, -infinite}));
}

TEST(QuantizeStage, WrongSizesAndNoRoom)
{
    PipePool pool(4), narrow(1, 192);
    PipeStage s(stage_quantize, {{"to", "i8"}, {"shape", "2"}});
    EXPECT_EQ(s.run({pool.item(0, Floats{1}), pool.item(1, Floats{1, 2}), pool.item(2, Floats{}),
                     pool.item(3, BytesU8(7))}),
              (std::vector<std::string>{"wrong_size", "pass", "wrong_size", "wrong_size"}));
    EXPECT_TRUE(s.run(PipeStage::Items{}).empty());
    auto* const full = narrow.item(0, Floats{1, 2});
    qaic_pipe_item_of(full)->free_off = 192;
    EXPECT_EQ(s.run(full), "no_room");
    EXPECT_EQ(qaic_pipe_item_of(full)->tensor_bytes, 8U) << "left as it was";
}

TEST(QuantizeStage, SaysWhatIsWrong)
{
    const auto wrong = [](PipeOptions o) {
        o["shape"] = "2"; // the last one by name, but for "to" and "zero_point"
        return refusal(stage_quantize, o);
    };
    EXPECT_EQ(wrong({}), "p.toml:2:1: stage s needs the option to");
    EXPECT_EQ(wrong({{"to", "f32"}}), "p.toml:9:2: stage s: to takes one of: f16, bf16, i8, u8");
    EXPECT_EQ(wrong({{"to", "f16"}, {"scale", 2.0}}),
              "p.toml:9:1: stage s: scale takes no value with f16 and bf16");
    for (const double scale : {0.0, -1.0, 1e-45, static_cast<double>(nan)})
        EXPECT_NE(wrong({{"to", "i8"}, {"scale", scale}}).find("scale takes a number from"),
                  std::string::npos)
            << scale;
    EXPECT_NE(wrong({{"to", "i8"}, {"zero_point", 128}}).find("from -128 to 127"), std::string::npos);
    EXPECT_NE(wrong({{"to", "u8"}, {"zero_point", -1}}).find("from 0 to 255"), std::string::npos);
    EXPECT_EQ(refusal(stage_dequantize, {{"shape", "2"}}), "p.toml:2:1: stage s needs the option from");
}

} // namespace
