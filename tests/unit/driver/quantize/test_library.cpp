// SPDX-License-Identifier: BSD-3-Clause
// DPDK's own conversions as a second opinion on the scalar form, and where the two differ on purpose.
#include "samples.hpp"
#include <rte_mldev.h>

namespace test {
namespace {

template<class T>
using Quantize = int (*)(const void*, void*, std::uint64_t, float, T);

template<class T>
std::vector<T> ours(qpc::DataType type, const std::vector<float>& in, Scaling s)
{
    std::vector<T> out(in.size());
    scalar_kernels[static_cast<std::size_t>(type)].quantize(reinterpret_cast<const std::byte*>(in.data()),
                                                            reinterpret_cast<std::byte*>(out.data()),
                                                            in.size(), s);
    return out;
}
template<class T>
std::vector<T> theirs(Quantize<T> f, const std::vector<float>& in, Scaling s)
{
    std::vector<T> out(in.size());
    EXPECT_EQ(f(in.data(), out.data(), in.size(), s.scale, static_cast<T>(s.zero_point)), 0);
    return out;
}
/// What the library's intermediate int32 holds: no NaN, nothing far out.
std::vector<float> tame(std::vector<float> in, Scaling s)
{
    std::erase_if(in, [&](float x) { return !(std::fabs(x / s.scale) < 2e9f); });
    return in;
}
template<class T>
void compare(const Form& form, Quantize<T> f)
{
    for (const auto scale : {1.0f, 0.0371f, 0.125f, 1.0f / 3})
        for (const auto zero : {0, 3, 100}) {
            const Scaling s{scale, zero};
            for (const auto& in :
                 {tame(patterns(40009), s), tame(edges(form, s), s), tame(odd_floats(), s)}) {
                ASSERT_GT(in.size(), 10u);
                const auto got = ours<T>(form.type, in, s), want = theirs(f, in, s);
                for (std::size_t i = 0; i < in.size(); ++i)
                    ASSERT_EQ(+got[i], +want[i])
                        << qpc::data_type_name(form.type) << " of " << in[i] << " / " << scale;
            }
        }
}

TEST(Library, IntegersAgree)
{
    compare<std::int8_t>(integer_forms[1], rte_ml_io_float32_to_int8);
    compare<std::uint8_t>(integer_forms[2], rte_ml_io_float32_to_uint8);
    compare<std::int16_t>(integer_forms[3], rte_ml_io_float32_to_int16);
    compare<std::int32_t>(integer_forms[4], rte_ml_io_float32_to_int32);
}

TEST(Library, IntegersDifferOnlyOutOfRange) // it converts to int32 first, where 3e9 and NaN have no value
{
    const std::vector<float> far{3e9f, std::numeric_limits<float>::infinity(), -3e9f, std::nanf("")};
    EXPECT_EQ(ours<std::int8_t>(qpc::DataType::INT8_Q, far, {1, 5}),
              (std::vector<std::int8_t>{127, 127, -128, 5}));
    EXPECT_EQ(theirs<std::int8_t>(rte_ml_io_float32_to_int8, far, {1, 5}),
              (std::vector<std::int8_t>{-128, -128, -128, -128}));
}

TEST(Library, FloatsFromIntegersAgree)
{
    std::vector<std::int16_t> q(65536);
    for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<std::int16_t>(i);
    for (const auto scale : {1.0f, 0.0371f, -3.0f, 1e-40f})
        for (const std::int16_t zero : {0, 3, -100}) {
            std::vector<float> want(q.size()), got(q.size());
            ASSERT_EQ(rte_ml_io_int16_to_float32(q.data(), want.data(), q.size(), scale, zero), 0);
            scalar_kernels[static_cast<std::size_t>(qpc::DataType::INT16_Q)].dequantize(
                reinterpret_cast<const std::byte*>(q.data()), reinterpret_cast<std::byte*>(got.data()),
                q.size(), {scale, zero});
            EXPECT_EQ(std::memcmp(want.data(), got.data(), q.size() * 4), 0) << scale << ' ' << zero;
        }
}

TEST(Library, HalvesFromFloatsAgree)
{
    auto in = patterns(1021);
    for (const float x : odd_floats()) in.push_back(x);
    std::vector<std::uint16_t> want(in.size());
    ASSERT_EQ(rte_ml_io_float32_to_float16(in.data(), want.data(), in.size()), 0);
    for (std::size_t i = 0; i < in.size(); ++i)
        ASSERT_EQ(float_to_half(in[i]), want[i]) << std::hex << std::bit_cast<std::uint32_t>(in[i]);
}

TEST(Library, FloatsFromEveryHalf)
{
    std::vector<std::uint16_t> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    std::vector<float> want(all.size());
    ASSERT_EQ(rte_ml_io_float16_to_float32(all.data(), want.data(), all.size()), 0);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(std::bit_cast<std::uint32_t>(half_to_float(all[i])), std::bit_cast<std::uint32_t>(want[i]))
            << i;
}

} // namespace
} // namespace test
