// SPDX-License-Identifier: BSD-3-Clause
// Little-endian integers as they lie in device-visible memory: alignment 1, so a packed wire struct is built
// from them without attributes, and every read or write converts.
#pragma once
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace qaic {

template<std::integral T>
class Le {
  public:
    constexpr Le() noexcept = default;
    constexpr Le(T v) noexcept { set(v); } // NOLINT: conversion is the point
    constexpr operator T() const noexcept { return get(); }
    [[nodiscard]] constexpr T get() const noexcept
    {
        return std::bit_cast<T>(std::endian::native == std::endian::little ? bytes_ : reversed(bytes_));
    }
    constexpr void set(T v) noexcept
    {
        const auto b = std::bit_cast<Bytes>(v);
        bytes_ = std::endian::native == std::endian::little ? b : reversed(b);
    }

  private:
    using Bytes = std::array<unsigned char, sizeof(T)>;
    static constexpr Bytes reversed(Bytes b) noexcept
    {
        for (std::size_t i = 0; i < sizeof(T) / 2; ++i) {
            const auto t = b[i];
            b[i] = b[sizeof(T) - 1 - i];
            b[sizeof(T) - 1 - i] = t;
        }
        return b;
    }
    Bytes bytes_{};
};

using le16 = Le<std::uint16_t>;
using le32 = Le<std::uint32_t>;
using le64 = Le<std::uint64_t>;
using les32 = Le<std::int32_t>;
using les64 = Le<std::int64_t>;
static_assert(sizeof(le64) == 8 && alignof(le64) == 1 && std::is_trivially_copyable_v<le64>);

} // namespace qaic
