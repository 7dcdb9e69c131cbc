// SPDX-License-Identifier: BSD-3-Clause
// DMA-Bridge request and response elements and the memory of a FIFO pair. aic100-device.md 4.8, 5.3, 5.5
#pragma once
#include "base/endian.hpp"
#include <cstddef>
#include <optional>

namespace aic100 {
using namespace qaic;

/// Request element, 64 bytes.
struct alignas(64) RequestElement {
    le16 req_id;
    std::uint8_t seq_id; ///< ignored by the card
    std::uint8_t cmd;
    le32 reserved0;
    le64 source;
    le64 destination;
    le32 length;
    le32 reserved1;
    le64 doorbell_addr;
    std::uint8_t doorbell_attr;
    std::uint8_t reserved2;
    le16 reserved3;
    le32 doorbell_data;
    le32 sem[4];
};
static_assert(sizeof(RequestElement) == 64);
static_assert(offsetof(RequestElement, seq_id) == 2 && offsetof(RequestElement, cmd) == 3 &&
              offsetof(RequestElement, source) == 0x08 && offsetof(RequestElement, destination) == 0x10 &&
              offsetof(RequestElement, length) == 0x18 && offsetof(RequestElement, doorbell_addr) == 0x20 &&
              offsetof(RequestElement, doorbell_attr) == 0x28 &&
              offsetof(RequestElement, doorbell_data) == 0x2c && offsetof(RequestElement, sem) == 0x30);

namespace req_cmd {
inline constexpr std::uint8_t FORCE_MSI = 1u << 7, RESPONSE = 1u << 4, BULK = 1u << 3, DIRECTION = 3;
inline constexpr std::uint8_t NO_TRANSFER = 0, TO_DEVICE = 1, FROM_DEVICE = 2, ILLEGAL = 3; // [1:0]
} // namespace req_cmd

namespace doorbell_attr {
inline constexpr std::uint8_t WRITE = 1u << 7, SIZE = 3;
inline constexpr std::uint8_t BITS32 = 0, BITS16 = 1, BITS8 = 2; // [1:0], 3 is reserved
} // namespace doorbell_attr

/// Semaphore command word (5.3).
namespace sem_word {
inline constexpr std::uint32_t ENABLE = 1u << 31, FENCE_TO_DEVICE = 1u << 30, FENCE_FROM_DEVICE = 1u << 29,
                               PRESYNC = 1u << 22;
inline constexpr std::uint32_t VALUE_MASK = 0xfff;
[[nodiscard]] constexpr std::uint32_t op(std::uint32_t w) noexcept { return w >> 24 & 7; }
[[nodiscard]] constexpr std::uint32_t index(std::uint32_t w) noexcept { return w >> 16 & 31; }
[[nodiscard]] constexpr std::uint32_t value(std::uint32_t w) noexcept { return w & VALUE_MASK; }
[[nodiscard]] constexpr std::uint32_t make(std::uint32_t op, std::uint32_t index, std::uint32_t value,
                                           bool presync) noexcept
{
    return (op != 0 ? ENABLE : 0) | (op & 7) << 24 | (presync ? PRESYNC : 0) | (index & 31) << 16 |
           (value & VALUE_MASK);
}
} // namespace sem_word

enum class SemOp : std::uint32_t {
    NOP = 0,
    INIT = 1,
    INC = 2,
    DEC = 3,
    WAIT_EQUAL = 4,
    WAIT_GREATER_EQUAL = 5,
    P = 6,
    RESERVED = 7
};
inline constexpr unsigned semaphore_count = 32;
inline constexpr std::uint32_t semaphore_max = 4095;

/// Response element, 4 bytes.
struct ResponseElement {
    le16 req_id;
    le16 code; ///< 0 = success
};
static_assert(sizeof(ResponseElement) == 4 && offsetof(ResponseElement, code) == 2);

// ---- memory of a FIFO pair (4.8)
// --------------------------------------------------------------------------------
inline constexpr std::uint64_t fifo_gap = 256, fifo_align = 4096;
inline constexpr std::uint32_t fifo_max_elements = 65536;

struct FifoLayout {
    std::uint64_t bytes;           ///< of the whole contiguous buffer
    std::uint64_t response_offset; ///< the response FIFO ends where the buffer ends
};
/// Layout for n elements; nullopt for n = 0 or n beyond fifo_max_elements.
[[nodiscard]] constexpr std::optional<FifoLayout> fifo_layout(std::uint64_t n) noexcept
{
    if (n == 0 || n > fifo_max_elements) return std::nullopt;
    const auto used = n * (sizeof(RequestElement) + sizeof(ResponseElement)) + fifo_gap;
    const auto bytes = (used + fifo_align - 1) / fifo_align * fifo_align;
    return FifoLayout{bytes, bytes - n * sizeof(ResponseElement)};
}

// ---- index arithmetic (5.2): indices 0..n-1, at most n - 1 elements in flight
// ------------------------------------
[[nodiscard]] constexpr std::uint32_t fifo_used(std::uint32_t head, std::uint32_t tail,
                                                std::uint32_t n) noexcept
{
    return tail >= head ? tail - head : n - (head - tail);
}

} // namespace aic100
