// SPDX-License-Identifier: BSD-3-Clause
// Arithmetic on values that somebody else chose (a card, a file, a peer). reliability.md 3.1 rules 3 and 8:
// check the wide value, then narrow; never add or multiply without looking.
#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

namespace qaic {

template<std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) noexcept
{
    T r{};
    if (__builtin_add_overflow(a, b, &r)) return std::nullopt;
    return r;
}

template<std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_mul(T a, T b) noexcept
{
    T r{};
    if (__builtin_mul_overflow(a, b, &r)) return std::nullopt;
    return r;
}

template<std::integral To, std::integral From>
[[nodiscard]] constexpr std::optional<To> checked_cast(From v) noexcept
{
    To r{};
    if (__builtin_add_overflow(v, From{0}, &r)) return std::nullopt;
    return r;
}

/// Does [offset, offset + length) lie inside [0, size)? Never overflows.
[[nodiscard]] constexpr bool range_inside(std::uint64_t offset, std::uint64_t length,
                                          std::uint64_t size) noexcept
{
    return offset <= size && length <= size - offset;
}

/// Rounds v up to a power of two `align`; nullopt when that overflows.
[[nodiscard]] constexpr std::optional<std::uint64_t> checked_align_up(std::uint64_t v,
                                                                      std::uint64_t align) noexcept
{
    const auto sum = checked_add<std::uint64_t>(v, align - 1);
    if (!sum) return std::nullopt;
    return *sum & ~(align - 1);
}

} // namespace qaic
