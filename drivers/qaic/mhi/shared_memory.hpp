// SPDX-License-Identifier: BSD-3-Clause
// Words that the card reads or writes at the same time as we do. Everything is moved as aligned 32-bit
// atomics, so that a torn value cannot be seen and a thread sanitizer can follow; 64-bit members of MHI
// contexts are only 4-byte aligned (aic100-device.md 2.7).
#pragma once
#include "base/bytes.hpp"
#include "base/endian.hpp"
#include <bit>
#include <cstdint>
#include <cstring>

namespace qaic::mhi {

static_assert(std::endian::native == std::endian::little, "rings are little-endian and used in place");

[[nodiscard]] inline std::uint32_t shared_load32(const std::byte* at) noexcept
{
    return __atomic_load_n(reinterpret_cast<const std::uint32_t*>(at), __ATOMIC_ACQUIRE);
}

inline void shared_store32(std::byte* at, std::uint32_t value) noexcept
{
    __atomic_store_n(reinterpret_cast<std::uint32_t*>(at), value, __ATOMIC_RELEASE);
}

/// Low word first with acquire: what the card stored before it is visible. The two halves of a ring pointer
/// cannot tear visibly, since a ring never crosses a 4 GiB line (it is aligned to its own length).
[[nodiscard]] inline std::uint64_t shared_load64(const std::byte* at) noexcept
{
    const auto low = shared_load32(at);
    return std::uint64_t{shared_load32(at + 4)} << 32 | low;
}

inline void shared_store64(std::byte* at, std::uint64_t value) noexcept
{
    shared_store32(at + 4, static_cast<std::uint32_t>(value >> 32));
    shared_store32(at, static_cast<std::uint32_t>(value));
}

/// Copy of a wire struct whose size is a multiple of four, out of or into shared memory.
template<class T>
requires(sizeof(T) % 4 == 0) [[nodiscard]] T shared_copy(const std::byte* at) noexcept
{
    std::uint32_t words[sizeof(T) / 4];
    for (std::size_t i = 0; i < sizeof(T) / 4; ++i) words[i] = shared_load32(at + 4 * i);
    T value;
    std::memcpy(static_cast<void*>(&value), words, sizeof value);
    return value;
}

template<class T>
requires(sizeof(T) % 4 == 0) void shared_put(std::byte* at, const T& value) noexcept
{
    std::uint32_t words[sizeof(T) / 4];
    std::memcpy(words, &value, sizeof value);
    for (std::size_t i = 0; i < sizeof(T) / 4; ++i) shared_store32(at + 4 * i, words[i]);
}

} // namespace qaic::mhi
