// SPDX-License-Identifier: BSD-3-Clause
// IEEE 754 binary16 as bits: C++20 has no type for it, and processors without F16C no instruction.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace qaic {

/// Rounds to nearest even, beyond 65504 to infinity; a NaN stays one, quiet.
[[nodiscard]] inline std::uint16_t float_to_half(float value) noexcept
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
    const auto magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) // NaN: quiet, its upper bits kept
        return static_cast<std::uint16_t>(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) return static_cast<std::uint16_t>(sign | 0x7c00); // rounds beyond 65504
    if (magnitude < 0x33000001) return sign; // at most half the smallest
    if (magnitude < 0x38800000) {            // subnormal: shift the mantissa to 2^-24 units, nearest even
        const auto shift = 126 - (magnitude >> 23);
        const auto mantissa = (magnitude & 0x7fffff) | 0x800000;
        const auto half = mantissa >> shift, rest = mantissa & ((1u << shift) - 1), tie = 1u << (shift - 1);
        return static_cast<std::uint16_t>(sign | (half + (rest > tie || (rest == tie && (half & 1)))));
    }
    const auto rebased = magnitude - (112u << 23);
    const auto rounded = rebased + 0xfff + (rebased >> 13 & 1);
    return static_cast<std::uint16_t>(sign | rounded >> 13);
}

[[nodiscard]] inline float half_to_float(std::uint16_t half) noexcept
{
    const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
    const std::uint32_t exponent = half >> 10 & 31, mantissa = half & 0x3ff;
    if (exponent == 31) // a NaN becomes quiet
        return std::bit_cast<float>(sign | 0x7f800000 | (mantissa != 0 ? 0x400000u : 0u) | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const auto small = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -small : small;
}

} // namespace qaic
