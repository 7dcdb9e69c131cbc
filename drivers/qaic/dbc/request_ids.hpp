// SPDX-License-Identifier: BSD-3-Clause
// A 16-bit request id is a slot and a generation (reliability.md 3.3): a late or doubled response then names
// a generation that is gone, and cannot complete somebody else's operation.
#pragma once
#include <bit>
#include <cstdint>

namespace qaic::dbc {

/// Never issued: consumed response elements are refilled with it (guard Q-STALE).
inline constexpr std::uint32_t poison_word = 0xffffffff;
inline constexpr unsigned min_generation_bits = 4;
inline constexpr std::uint32_t max_slots = 1u << (16 - min_generation_bits);

class IdFormat {
  public:
    constexpr IdFormat() noexcept = default;
    /// For `slots` slots, 1..max_slots.
    explicit constexpr IdFormat(std::uint32_t slots) noexcept
        : slot_bits_(static_cast<std::uint8_t>(std::bit_width(slots - 1))),
          slot_mask_(static_cast<std::uint16_t>((1u << slot_bits_) - 1))
    {}
    [[nodiscard]] constexpr std::uint16_t make(std::uint32_t slot, std::uint32_t generation) const noexcept
    {
        return static_cast<std::uint16_t>(generation << slot_bits_ | slot);
    }
    [[nodiscard]] constexpr std::uint32_t slot(std::uint16_t id) const noexcept { return id & slot_mask_; }
    /// Generations count 0 .. generations() - 1; the all-ones generation is left out, so no id is 0xffff.
    [[nodiscard]] constexpr std::uint32_t generations() const noexcept
    {
        return (1u << (16 - slot_bits_)) - 1;
    }
    /// The same slot's next id.
    [[nodiscard]] constexpr std::uint16_t next(std::uint16_t id) const noexcept
    {
        const auto up = static_cast<std::uint16_t>(id + (1u << slot_bits_));
        return (up | slot_mask_) == 0xffff ? static_cast<std::uint16_t>(up & slot_mask_) : up;
    }

  private:
    std::uint8_t slot_bits_ = 0;
    std::uint16_t slot_mask_ = 0;
};

} // namespace qaic::dbc
