// SPDX-License-Identifier: BSD-3-Clause
// Inputs that conversions get wrong.
#pragma once
#include "qaic/quantize.hpp"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

namespace test {
using namespace qaic;

struct Form {
    qpc::DataType type;
    std::int32_t min, max;
};
inline constexpr Form integer_forms[] = {{qpc::DataType::INT8, -128, 127},
                                         {qpc::DataType::INT8_Q, -128, 127},
                                         {qpc::DataType::UINT8_Q, 0, 255},
                                         {qpc::DataType::INT16_Q, -32768, 32767},
                                         {qpc::DataType::INT32_Q, INT32_MIN, INT32_MAX}};

/// NaNs of both kinds and signs, infinities, zeros, denormals, the ends of float.
inline std::vector<float> odd_floats()
{
    std::vector<float> out;
    for (const std::uint32_t bits :
         {0x7fc00000u, 0x7f800001u, 0x7fabcdefu, 0x7f800000u, 0x7f7fffffu, 0x00000000u, 0x00000001u,
          0x00400000u, 0x007fffffu, 0x00800000u, 0x4f000000u, 0x4effffffu, 0x5f000000u, 0x3f000000u,
          0x3effffffu, 0x3f000001u, 0x4b000000u, 0x4affffffu}) {
        out.push_back(std::bit_cast<float>(bits));
        out.push_back(std::bit_cast<float>(bits | 0x80000000u));
    }
    return out;
}
/// All over the bit patterns, `stride` apart.
inline std::vector<float> patterns(std::uint32_t stride)
{
    std::vector<float> out;
    for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += stride)
        out.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    return out;
}
/// `x` and its neighbours, `reach` on each side.
inline void add_around(std::vector<float>& to, float x, int reach = 2)
{
    float below = x, above = x;
    to.push_back(x);
    for (int i = 0; i < reach; ++i) {
        below = std::nextafter(below, -std::numeric_limits<float>::infinity());
        above = std::nextafter(above, std::numeric_limits<float>::infinity());
        to.push_back(below), to.push_back(above);
    }
}
/// Where the rounded value changes, from a little below the type's range to a little above.
inline std::vector<float> edges(const Form& form, Scaling s)
{
    std::vector<float> out;
    const std::int64_t from = form.min < -40000 ? -40000 : form.min, to = form.max > 40000 ? 40000 : form.max;
    for (auto q = from - 2; q <= to + 2; ++q)
        for (const double half : {-0.5, 0.0, 0.5})
            add_around(out, static_cast<float>((static_cast<double>(q - s.zero_point) + half) * s.scale));
    return out;
}

inline std::vector<Isa> vector_forms()
{
    std::vector<Isa> out;
    for (const auto isa : {Isa::AVX2, Isa::AVX512})
        if (cpu_has(isa)) out.push_back(isa);
    return out;
}

template<class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values)
{
    std::vector<std::byte> out(values.size() * sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
    return out;
}

} // namespace test
