// SPDX-License-Identifier: BSD-3-Clause
// One MHI ring in host memory: arithmetic on bus addresses that the host chose. aic100-device.md 2.7, 2.9
#pragma once
#include "aic100/wire/mhi.hpp"
#include "base/checked.hpp"
#include <optional>

namespace card {
using namespace qaic;

/// Host memory as programmed by the host: MHICTRLBASE/LIMIT for contexts and rings, MHIDATABASE/LIMIT for
/// buffers (2.3). `limit` is the last byte.
struct Window {
    std::uint64_t base = 0, limit = 0;
    [[nodiscard]] bool holds(std::uint64_t at, std::uint64_t bytes) const noexcept
    {
        return bytes > 0 && at >= base && at <= limit && bytes - 1 <= limit - at;
    }
};

/// Longest ring the card takes, so that a host cannot make it remember without limit.
inline constexpr std::uint64_t max_ring_elements = 1024;

class Ring {
  public:
    Ring() = default;
    /// Nothing when the description cannot be a ring: size, alignment or address range.
    [[nodiscard]] static std::optional<Ring> make(std::uint64_t base, std::uint64_t bytes) noexcept
    {
        const bool good = bytes % aic100::ring_element_bytes == 0 &&
                          bytes >= 2 * aic100::ring_element_bytes &&
                          bytes <= max_ring_elements * aic100::ring_element_bytes &&
                          base % aic100::ring_element_bytes == 0 && checked_add(base, bytes).has_value();
        if (!good) return std::nullopt;
        Ring ring;
        ring.base_ = base, ring.bytes_ = bytes;
        return ring;
    }
    [[nodiscard]] std::uint64_t base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t elements() const noexcept { return bytes_ / aic100::ring_element_bytes; }
    /// Is `at` the address of one of its elements?
    [[nodiscard]] bool holds(std::uint64_t at) const noexcept
    {
        return at >= base_ && at - base_ < bytes_ && (at - base_) % aic100::ring_element_bytes == 0;
    }
    [[nodiscard]] std::uint64_t next(std::uint64_t at) const noexcept
    {
        const auto offset = at - base_ + aic100::ring_element_bytes;
        return base_ + (offset == bytes_ ? 0 : offset);
    }
    /// Elements from `from` up to, not including, `to`; both must be held.
    [[nodiscard]] std::uint64_t distance(std::uint64_t from, std::uint64_t to) const noexcept
    {
        return (to >= from ? to - from : to + bytes_ - from) / aic100::ring_element_bytes;
    }

  private:
    std::uint64_t base_ = 0, bytes_ = 0;
};

} // namespace card
