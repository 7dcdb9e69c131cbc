// SPDX-License-Identifier: BSD-3-Clause
// Conversions: rounding, saturation, odd values, buffer bounds.
#include "qaic/quantize.hpp"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

namespace qaic {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Tensor tensor(qpc::DataType type, std::size_t elements, float scale = 1, std::int32_t zero = 0,
              std::uint64_t at = 0)
{
    Tensor t;
    t.type = type, t.dims = {static_cast<std::uint32_t>(elements)};
    t.scale = scale, t.zero_point = zero;
    t.elements = elements;
    t.bytes = elements * qpc::element_bytes(type);
    t.packed_at = at;
    return t;
}
template<class T>
std::vector<T> quantized(qpc::DataType type, std::vector<float> in, float scale, std::int32_t zero)
{
    std::vector<T> out(in.size());
    const auto r = quantize({tensor(type, in.size(), scale, zero)}, std::as_bytes(std::span(in)),
                            std::as_writable_bytes(std::span(out)));
    EXPECT_TRUE(r) << r.error().message();
    return out;
}
template<class T>
std::vector<float> dequantized(qpc::DataType type, std::vector<T> in, float scale, std::int32_t zero)
{
    std::vector<float> out(in.size());
    const auto r = dequantize({tensor(type, in.size(), scale, zero)}, std::as_bytes(std::span(in)),
                              std::as_writable_bytes(std::span(out)));
    EXPECT_TRUE(r) << r.error().message();
    return out;
}

TEST(Quantize, Int8RoundsHalfAwayAndSaturates)
{
    EXPECT_EQ(quantized<std::int8_t>(qpc::DataType::INT8_Q,
                                     {0, 0.25f, -0.25f, 0.24f, 1, 63.5f, 1e9f, -1e9f, inf, -inf, nan}, 0.5f,
                                     0),
              (std::vector<std::int8_t>{0, 1, -1, 0, 2, 127, 127, -128, 127, -128, 0}));
    EXPECT_EQ(quantized<std::int8_t>(qpc::DataType::INT8_Q, {0, 10, nan}, 1, -3),
              (std::vector<std::int8_t>{-3, 7, -3}));
}
TEST(Quantize, Uint8UsesTheZeroPoint)
{
    EXPECT_EQ(quantized<std::uint8_t>(qpc::DataType::UINT8_Q, {-64, 0, 63.5f, 64, -64.6f}, 0.5f, 128),
              (std::vector<std::uint8_t>{0, 128, 255, 255, 0}));
    EXPECT_EQ(dequantized<std::uint8_t>(qpc::DataType::UINT8_Q, {0, 128, 255}, 0.5f, 128),
              (std::vector<float>{-64, 0, 63.5f}));
}
TEST(Quantize, WiderIntegers)
{
    EXPECT_EQ(quantized<std::int16_t>(qpc::DataType::INT16_Q, {-40000, 1.5f, 40000}, 1, 0),
              (std::vector<std::int16_t>{-32768, 2, 32767}));
    EXPECT_EQ(quantized<std::int32_t>(qpc::DataType::INT32, {3e9f, -3e9f, 7}, 1, 0),
              (std::vector<std::int32_t>{2147483647, -2147483647 - 1, 7}));
    EXPECT_EQ(dequantized<std::int32_t>(qpc::DataType::INT32_Q, {100, -100}, 0.25f, 4),
              (std::vector<float>{24, -26}));
}
TEST(Quantize, EveryInt8ComesBack)
{
    std::vector<std::int8_t> all;
    for (int i = -128; i < 128; ++i) all.push_back(static_cast<std::int8_t>(i));
    EXPECT_EQ(quantized<std::int8_t>(qpc::DataType::INT8_Q,
                                     dequantized(qpc::DataType::INT8_Q, all, 0.0371f, 5), 0.0371f, 5),
              all);
}

TEST(Quantize, EveryHalfComesBack)
{
    for (unsigned h = 0; h < 65536; ++h) {
        const auto half = static_cast<std::uint16_t>(h);
        const auto f = half_to_float(half);
        if (std::isnan(f))
            EXPECT_TRUE(std::isnan(half_to_float(float_to_half(f)))) << h;
        else
            EXPECT_EQ(float_to_half(f), half) << h;
    }
}
TEST(Quantize, HalfRoundsToNearestEven)
{
    EXPECT_EQ(float_to_half(1.0f), 0x3c00);
    EXPECT_EQ(float_to_half(65504.0f), 0x7bff);
    EXPECT_EQ(float_to_half(65519.9f), 0x7bff);
    EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
    EXPECT_EQ(float_to_half(-inf), 0xfc00);
    EXPECT_EQ(float_to_half(1.0f + 1.0f / 2048), 0x3c00) << "tie to even";
    EXPECT_EQ(float_to_half(1.0f + 3.0f / 2048), 0x3c02) << "tie to even";
    EXPECT_EQ(float_to_half(std::ldexp(1.0f, -24)), 0x0001);
    EXPECT_EQ(float_to_half(std::ldexp(1.0f, -25)), 0x0000) << "tie to even";
    EXPECT_EQ(float_to_half(std::ldexp(1.5f, -25)), 0x0001);
    EXPECT_EQ(float_to_half(std::ldexp(3.0f, -25)), 0x0002) << "tie to even";
    EXPECT_EQ(float_to_half(-0.0f), 0x8000);
    EXPECT_EQ(float_to_half(std::ldexp(1.0f, -14) * (1 - 1.0f / 4096)), 0x0400)
        << "up to the smallest normal";
}

TEST(Quantize, SeveralTensorsLieBackToBack)
{
    const std::vector<Tensor> tensors{tensor(qpc::DataType::INT8_Q, 3, 1, 0, 0),
                                      tensor(qpc::DataType::INT64, 2, 1, 0, 3),
                                      tensor(qpc::DataType::FLOAT32, 1, 1, 0, 19)};
    EXPECT_EQ(plain_bytes(tensors), 12u + 16 + 4);
    Bytes plain(32), device(23 + 8, std::byte{0x5a}), back(32);
    const float f[] = {1, 2, 3};
    const std::int64_t n[] = {-1, std::int64_t{1} << 60};
    const float last = 2.5f;
    std::memcpy(plain.data(), f, 12), std::memcpy(plain.data() + 12, n, 16),
        std::memcpy(plain.data() + 28, &last, 4);
    ASSERT_TRUE(quantize(tensors, plain, device));
    EXPECT_EQ(device[2], std::byte{3});
    EXPECT_EQ(std::memcmp(device.data() + 3, n, 16), 0);
    EXPECT_EQ(device[23], std::byte{0x5a}) << "nothing behind the last tensor";
    ASSERT_TRUE(dequantize(tensors, device, back));
    EXPECT_EQ(back, plain);
}

TEST(Quantize, BuffersAreBounded)
{
    const std::vector<Tensor> t{tensor(qpc::DataType::INT8_Q, 100)};
    Bytes plain(400), device(100);
    EXPECT_TRUE(quantize(t, plain, device));
    EXPECT_EQ(quantize(t, plain, MutSpan(device).first(99)).error().code, Code::E_INVAL);
    EXPECT_EQ(quantize(t, ConstSpan(plain).first(99), device).error().code, Code::E_INVAL);
    EXPECT_EQ(dequantize(t, ConstSpan(device).first(99), plain).error().code, Code::E_INVAL);
    EXPECT_EQ(dequantize(t, device, MutSpan(plain).first(50)).error().code, Code::E_INVAL);
}

TEST(Quantize, DataAlreadyQuantizedIsCopied) // test-mldev --quantized_io calls us all the same
{
    const std::vector<Tensor> t{tensor(qpc::DataType::INT8_Q, 4)};
    Bytes raw{std::byte{1}, std::byte{2}, std::byte{200}, std::byte{4}}, device(4), back(4);
    ASSERT_TRUE(quantize(t, raw, device));
    EXPECT_EQ(device, raw);
    ASSERT_TRUE(dequantize(t, device, back));
    EXPECT_EQ(back, raw);
}

} // namespace
} // namespace qaic
