// SPDX-License-Identifier: BSD-3-Clause
// Loops of `quantize` and `dequantize`, without branches so that compilers make vectors of them. Nearest
// even, as ONNX's QuantizeLinear; the driver's own conversions (qaic/quantize.hpp) round halves away from
// zero, as rte_mldev's do. They need the processor's rounding mode to be the default one. HOT
#pragma once
#include "base/half.hpp"
#include "pipeline/stages/tensor_options.hpp"

namespace pipeline {

// g++ drops the attributes of a using.
// NOLINTNEXTLINE(modernize-use-using)
typedef std::uint16_t LooseHalf __attribute__((aligned(1), may_alias));

struct Steps {
    float scale = 1;
    std::int32_t zero_point = 0; ///< within the type
};

using TensorKernel = void (*)(const void* from, void* to, std::size_t n, Steps steps);

template<class T>
void to_integers(const void* from, void* to, std::size_t n, Steps s)
{
    const auto* const x = static_cast<const LooseFloat*>(from);
    auto* const q = static_cast<T*>(to);
    const auto low = static_cast<float>(std::numeric_limits<T>::min() - s.zero_point);
    const auto high = static_cast<float>(std::numeric_limits<T>::max() - s.zero_point);
    // Added to a small number this leaves no bits for a fraction: the processor rounds, and the number stands
    // in the lowest bits.
    constexpr float no_fraction = 12582912.0F; // 1.5 * 2^23
    for (std::size_t i = 0; i < n; ++i) {
        float v = x[i] / s.scale;
        v = v == v ? v : 0.0F;
        v = v < low ? low : v;
        v = v > high ? high : v;
        const auto steps =
            std::bit_cast<std::int32_t>(v + no_fraction) - std::bit_cast<std::int32_t>(no_fraction);
        q[i] = static_cast<T>(steps + s.zero_point);
    }
}

template<class T>
void from_integers(const void* from, void* to, std::size_t n, Steps s)
{
    const auto* const q = static_cast<const T*>(from);
    auto* const x = static_cast<LooseFloat*>(to);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(q[i] - s.zero_point) * s.scale;
}

[[nodiscard]] inline std::uint16_t float_to_bf16(float value) noexcept
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return static_cast<std::uint16_t>(value == value ? rounded : bits >> 16 | 0x40); // a NaN: quiet
}

[[nodiscard]] inline float bf16_to_float(std::uint16_t half) noexcept
{
    return std::bit_cast<float>(std::uint32_t{half} << 16);
}

template<std::uint16_t (*Narrow)(float)>
void to_halves(const void* from, void* to, std::size_t n, Steps)
{
    const auto* const x = static_cast<const LooseFloat*>(from);
    auto* const h = static_cast<LooseHalf*>(to);
    for (std::size_t i = 0; i < n; ++i) h[i] = Narrow(x[i]);
}

template<float (*Widen)(std::uint16_t)>
void from_halves(const void* from, void* to, std::size_t n, Steps)
{
    const auto* const h = static_cast<const LooseHalf*>(from);
    auto* const x = static_cast<LooseFloat*>(to);
    for (std::size_t i = 0; i < n; ++i) x[i] = Widen(h[i]);
}

} // namespace pipeline
