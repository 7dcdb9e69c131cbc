// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/quantize.hpp"
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace qaic {
namespace {

template<class T>
T load(const std::byte* p) noexcept
{
    T v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
template<class T>
void store(std::byte* p, T v) noexcept
{
    std::memcpy(p, &v, sizeof v);
}

template<class T>
T to_integer(float x, float scale, std::int32_t zero_point) noexcept
{
    if (std::isnan(x)) return static_cast<T>(zero_point);
    const double q = std::round(static_cast<double>(x) / static_cast<double>(scale)) + zero_point;
    if (q <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    if (q >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(q);
}

template<class T>
void integers_from(const Tensor& t, const std::byte* from, std::byte* to) noexcept
{
    for (std::uint64_t i = 0; i < t.elements; ++i)
        store(to + i * sizeof(T), to_integer<T>(load<float>(from + i * 4), t.scale, t.zero_point));
}
template<class T>
void integers_to(const Tensor& t, const std::byte* from, std::byte* to) noexcept
{
    for (std::uint64_t i = 0; i < t.elements; ++i) {
        const auto q = static_cast<double>(load<T>(from + i * sizeof(T))) - t.zero_point;
        store(to + i * 4, static_cast<float>(q * static_cast<double>(t.scale)));
    }
}
void halves_from(const Tensor& t, const std::byte* from, std::byte* to) noexcept
{
    for (std::uint64_t i = 0; i < t.elements; ++i)
        store(to + i * 2, float_to_half(load<float>(from + i * 4)));
}
void halves_to(const Tensor& t, const std::byte* from, std::byte* to) noexcept
{
    for (std::uint64_t i = 0; i < t.elements; ++i)
        store(to + i * 4, half_to_float(load<std::uint16_t>(from + i * 2)));
}
void same(const Tensor& t, const std::byte* from, std::byte* to) noexcept { std::memcpy(to, from, t.bytes); }

using Convert = void (*)(const Tensor&, const std::byte*, std::byte*) noexcept;
struct Conversions {
    qpc::DataType type;
    Convert quantize, dequantize;
};
constexpr Conversions table[] = {
    {qpc::DataType::FLOAT32, same, same},
    {qpc::DataType::FLOAT16, halves_from, halves_to},
    {qpc::DataType::INT8_Q, integers_from<std::int8_t>, integers_to<std::int8_t>},
    {qpc::DataType::UINT8_Q, integers_from<std::uint8_t>, integers_to<std::uint8_t>},
    {qpc::DataType::INT16_Q, integers_from<std::int16_t>, integers_to<std::int16_t>},
    {qpc::DataType::INT32_Q, integers_from<std::int32_t>, integers_to<std::int32_t>},
    {qpc::DataType::INT32, integers_from<std::int32_t>, integers_to<std::int32_t>},
    {qpc::DataType::INT64, same, same},
    {qpc::DataType::INT8, integers_from<std::int8_t>, integers_to<std::int8_t>},
};
const Conversions& conversions(qpc::DataType type) noexcept
{
    for (const auto& row : table)
        if (row.type == type) return row;
    return table[0]; // not reached: a loaded model's types are known
}

std::uint64_t device_bytes(const std::vector<Tensor>& tensors) noexcept
{
    return tensors.empty() ? 0 : tensors.back().packed_at + tensors.back().bytes;
}

Result<void> too_short(std::string_view what, std::size_t got, std::uint64_t limit)
{
    return fail(Code::E_INVAL, "{} buffer too short got={} limit={}", what, got, limit);
}

} // namespace

std::uint64_t plain_bytes(const Tensor& t) noexcept
{
    return t.elements * (t.type == qpc::DataType::INT64 ? 8 : 4);
}
std::uint64_t plain_bytes(const std::vector<Tensor>& tensors) noexcept
{
    std::uint64_t n = 0;
    for (const auto& t : tensors) n += plain_bytes(t);
    return n;
}

Result<void> quantize(const std::vector<Tensor>& tensors, ConstSpan plain, MutSpan device)
{
    const auto need = plain_bytes(tensors), have = device_bytes(tensors);
    if (device.size() < have) return too_short("quantized", device.size(), have);
    if (plain.size() < need) {
        if (plain.size() < have) return too_short("float", plain.size(), need);
        std::memcpy(device.data(), plain.data(), have);
        return {};
    }
    const auto* from = plain.data();
    for (const auto& t : tensors) {
        conversions(t.type).quantize(t, from, device.data() + t.packed_at);
        from += plain_bytes(t);
    }
    return {};
}

Result<void> dequantize(const std::vector<Tensor>& tensors, ConstSpan device, MutSpan plain)
{
    const auto need = plain_bytes(tensors), have = device_bytes(tensors);
    if (device.size() < have) return too_short("quantized", device.size(), have);
    if (plain.size() < need) {
        if (plain.size() < have) return too_short("float", plain.size(), need);
        std::memcpy(plain.data(), device.data(), have);
        return {};
    }
    auto* to = plain.data();
    for (const auto& t : tensors) {
        conversions(t.type).dequantize(t, device.data() + t.packed_at, to);
        to += plain_bytes(t);
    }
    return {};
}

std::uint16_t float_to_half(float value) noexcept
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
    const auto magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return static_cast<std::uint16_t>(sign | 0x7e00);  // NaN
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

float half_to_float(std::uint16_t half) noexcept
{
    const std::uint32_t sign = std::uint32_t{half & 0x8000u} << 16;
    const std::uint32_t exponent = half >> 10 & 31, mantissa = half & 0x3ff;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const auto small = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -small : small;
}

} // namespace qaic
