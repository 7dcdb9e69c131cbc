// SPDX-License-Identifier: BSD-3-Clause
// The conversions as they are defined: fallback everywhere, and what the vector forms are compared with.
// Integers round as rte_ml_io_float32_to_int8() and its like do (float32 division, half away from zero) and
// differ where those leave the type's range: NaN is the zero point, and far values saturate on their own
// side.
#include "qaic/quantize.hpp"
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
T to_integer(float x, Scaling s) noexcept
{
    const float steps = std::round(x / s.scale);
    const double q = (std::isnan(steps) ? 0.0 : static_cast<double>(steps)) + s.zero_point;
    if (q <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    if (q >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return static_cast<T>(q);
}

template<class T>
void integers_from(const std::byte* from, std::byte* to, std::uint64_t n, Scaling s) noexcept
{
    for (std::uint64_t i = 0; i < n; ++i)
        store(to + i * sizeof(T), to_integer<T>(load<float>(from + i * 4), s));
}
template<class T>
void integers_to(const std::byte* from, std::byte* to, std::uint64_t n, Scaling s) noexcept
{
    for (std::uint64_t i = 0; i < n; ++i) {
        const auto steps = std::int64_t{load<T>(from + i * sizeof(T))} - s.zero_point;
        store(to + i * 4, static_cast<float>(steps) * s.scale);
    }
}
void halves_from(const std::byte* from, std::byte* to, std::uint64_t n, Scaling) noexcept
{
    for (std::uint64_t i = 0; i < n; ++i) store(to + i * 2, float_to_half(load<float>(from + i * 4)));
}
void halves_to(const std::byte* from, std::byte* to, std::uint64_t n, Scaling) noexcept
{
    for (std::uint64_t i = 0; i < n; ++i) store(to + i * 4, half_to_float(load<std::uint16_t>(from + i * 2)));
}
template<unsigned size>
void same(const std::byte* from, std::byte* to, std::uint64_t n, Scaling) noexcept
{
    if (n != 0) std::memcpy(to, from, n * size);
}

template<class T>
constexpr Kernel integers{integers_from<T>, integers_to<T>};

} // namespace

constinit const KernelTable scalar_kernels = [] {
    KernelTable t{};
    const auto set = [&t](qpc::DataType type, Kernel k) { t[static_cast<std::size_t>(type)] = k; };
    set(qpc::DataType::FLOAT32, {same<4>, same<4>});
    set(qpc::DataType::FLOAT16, {halves_from, halves_to});
    set(qpc::DataType::INT8_Q, integers<std::int8_t>);
    set(qpc::DataType::UINT8_Q, integers<std::uint8_t>);
    set(qpc::DataType::INT16_Q, integers<std::int16_t>);
    set(qpc::DataType::INT32_Q, integers<std::int32_t>);
    set(qpc::DataType::INT32, integers<std::int32_t>);
    set(qpc::DataType::INT64, {same<8>, same<8>});
    set(qpc::DataType::INT8, integers<std::int8_t>);
    return t;
}();

} // namespace qaic
