// SPDX-License-Identifier: BSD-3-Clause
// The vector forms give the scalar form's bits: odd values, every place where rounding changes, every length.
#include "samples.hpp"

namespace test {
namespace {

using Bytes = std::vector<std::byte>;
enum class Way : std::uint8_t { QUANTIZE, DEQUANTIZE };

Bytes convert(Isa isa, qpc::DataType type, Way way, const Bytes& in, std::uint64_t n, Scaling s)
{
    const auto kernel = kernel_for(isa, type, s.zero_point);
    const auto size = way == Way::QUANTIZE ? qpc::element_bytes(type) : 4;
    Bytes out(n * size + 1, std::byte{0x5a});
    (way == Way::QUANTIZE ? kernel.quantize : kernel.dequantize)(in.data(), out.data(), n, s);
    EXPECT_EQ(out.back(), std::byte{0x5a}) << "written behind the end";
    out.pop_back();
    return out;
}
void expect_same(Isa isa, qpc::DataType type, Way way, const Bytes& in, std::uint64_t n, Scaling s)
{
    const auto want = convert(Isa::SCALAR, type, way, in, n, s), got = convert(isa, type, way, in, n, s);
    if (got == want) return;
    const auto at =
        static_cast<std::size_t>(std::mismatch(got.begin(), got.end(), want.begin()).first - got.begin());
    ADD_FAILURE() << to_string(isa) << ' ' << qpc::data_type_name(type) << " differs at byte " << at << " of "
                  << want.size() << ", scale " << s.scale << " zero point " << s.zero_point;
}

constexpr float scales[] = {
    1, 0.5f, 0.0371f, 3.0f, 1e-3f, -0.25f, 1e-40f, 1e30f, std::numeric_limits<float>::infinity(), 0.0f};
constexpr std::int32_t zero_points[] = {0, 5, -128, 128, 255, 1000, vector_zero_point, -vector_zero_point};

TEST(Forms, ThisProcessorHasOne)
{
    EXPECT_EQ(isa_within(0), Isa::SCALAR);
    EXPECT_EQ(isa_within(128), Isa::SCALAR);
    EXPECT_NE(isa_within(256), Isa::AVX512) << "wider than allowed";
    if (vector_forms().empty()) GTEST_SKIP() << "no AVX2 here";
    EXPECT_EQ(isa_within(256), Isa::AVX2);
    EXPECT_EQ(isa_within(512), vector_forms().back());
}

TEST(Forms, IntegersFromFloats)
{
    auto floats = patterns(40009);
    const auto odd = odd_floats();
    floats.insert(floats.end(), odd.begin(), odd.end());
    const auto in = bytes_of(floats);
    for (const auto isa : vector_forms())
        for (const auto& form : integer_forms)
            for (const auto scale : scales)
                for (const auto zero : zero_points)
                    expect_same(isa, form.type, Way::QUANTIZE, in, floats.size(), {scale, zero});
}

TEST(Forms, IntegersWhereRoundingChanges)
{
    for (const auto isa : vector_forms())
        for (const auto& form : integer_forms)
            for (const auto scale : {1.0f, 0.0371f, 0.125f, 1.0f / 3})
                for (const auto zero : {0, 3, -128, 128}) {
                    const Scaling s{scale, zero};
                    const auto floats = edges(form, s);
                    expect_same(isa, form.type, Way::QUANTIZE, bytes_of(floats), floats.size(), s);
                }
}

TEST(Forms, FloatsFromIntegers)
{
    std::vector<std::uint16_t> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    const auto in = bytes_of(all);
    for (const auto isa : vector_forms())
        for (const auto& form : integer_forms)
            for (const auto scale : scales)
                for (const auto zero : zero_points)
                    expect_same(isa, form.type, Way::DEQUANTIZE, in,
                                in.size() / qpc::element_bytes(form.type), {scale, zero});
}

TEST(Forms, HalvesFromFloats)
{
    auto floats = patterns(509);
    for (std::uint32_t h = 0; h < 0x7c00; ++h) { // each half, and what lies between it and the next
        const auto a = half_to_float(static_cast<std::uint16_t>(h)),
                   b = h == 0x7bff ? 65536.0f : half_to_float(static_cast<std::uint16_t>(h + 1));
        for (const float sign : {1.0f, -1.0f})
            add_around(floats, sign * a), add_around(floats, sign * (a + b) / 2);
    }
    const auto odd = odd_floats();
    floats.insert(floats.end(), odd.begin(), odd.end());
    const auto in = bytes_of(floats);
    for (const auto isa : vector_forms())
        expect_same(isa, qpc::DataType::FLOAT16, Way::QUANTIZE, in, floats.size(), {});
}

TEST(Forms, FloatsFromEveryHalf)
{
    std::vector<std::uint16_t> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    for (const auto isa : vector_forms())
        expect_same(isa, qpc::DataType::FLOAT16, Way::DEQUANTIZE, bytes_of(all), all.size(), {});
}

TEST(Forms, EveryLength) // whole steps and what is left of them, from odd addresses
{
    const auto floats = patterns(6700417); // 641
    for (const auto isa : vector_forms())
        for (std::uint64_t n = 0; n <= 200; ++n)
            for (const auto type : {qpc::DataType::INT8, qpc::DataType::UINT8_Q, qpc::DataType::INT16_Q,
                                    qpc::DataType::FLOAT16, qpc::DataType::INT64, qpc::DataType::FLOAT32})
                for (const auto way : {Way::QUANTIZE, Way::DEQUANTIZE}) {
                    const auto size =
                        way == Way::DEQUANTIZE || type == qpc::DataType::INT64 ? qpc::element_bytes(type) : 4;
                    const auto all = bytes_of(floats);
                    const Bytes exact(all.begin() + 1,
                                      all.begin() + 1 + static_cast<std::ptrdiff_t>(n * size));
                    if (type == qpc::DataType::INT64 && way == Way::DEQUANTIZE)
                        continue; // 8 bytes on both sides
                    expect_same(isa, type, way, exact, n, {0.5f, 1});
                }
}

TEST(Forms, FarZeroPointsTakeTheScalarForm) // a file may hold any
{
    for (const auto zero : {vector_zero_point + 1, -vector_zero_point - 1, INT32_MAX, INT32_MIN})
        EXPECT_EQ(kernel_for(Isa::AVX512, qpc::DataType::INT8, zero).quantize,
                  scalar_kernels[static_cast<std::size_t>(qpc::DataType::INT8)].quantize);
    const float x = 1;
    std::int8_t q = 0;
    kernel_for(Isa::AVX512, qpc::DataType::INT8, INT32_MAX)
        .quantize(reinterpret_cast<const std::byte*>(&x), reinterpret_cast<std::byte*>(&q), 1,
                  {1, INT32_MAX});
    EXPECT_EQ(q, 127);
}

} // namespace
} // namespace test
