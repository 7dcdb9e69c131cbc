// SPDX-License-Identifier: BSD-3-Clause
// How an emulated card's write reaches memory that a driver polls meanwhile: short, word-aligned ones (ring
// pointers, ring elements, bursts of responses) word by word, in order, each word once. A memcpy is none of
// that: it stores the overlap of its two halves twice, so a word that the driver has taken and poisoned in
// between would come back.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace qaic {

/// Longest write that is ordered: 32 responses, the longest burst of them there is.
inline constexpr std::size_t ordered_copy_bytes = 128;

inline void ordered_copy(std::byte* to, const std::byte* from, std::size_t bytes) noexcept
{
    if (bytes > ordered_copy_bytes || reinterpret_cast<std::uintptr_t>(to) % 4 != 0 || bytes % 4 != 0) {
        std::memcpy(to, from, bytes);
        return;
    }
    for (std::size_t i = 0; i < bytes; i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, from + i, sizeof word);
        std::atomic_ref(*reinterpret_cast<std::uint32_t*>(to + i)).store(word, std::memory_order_release);
    }
}

} // namespace qaic
