// SPDX-License-Identifier: BSD-3-Clause
// The three context arrays in host memory and the two rings every card has. Written by us, read by the card;
// the only word we ever read back is the event ring's rp (reliability.md 3.1 rule 2). aic100-device.md 2.7.
#pragma once
#include "aic100/wire/mhi.hpp"
#include "qaic/bus/bus.hpp"
#include "qaic/mhi/shared_memory.hpp"
#include <cstdint>

namespace qaic::mhi {

/// Place and size of one ring, `bytes` a power of two and `iova` aligned to it.
struct RingPlace {
    std::uint64_t iova = 0;
    std::uint64_t bytes = 0;
};

/// Contexts as step 1 of 2.14 and START want them (test vectors of appendix D).
[[nodiscard]] aic100::EventContext make_event_context(RingPlace ring) noexcept;
[[nodiscard]] aic100::CommandContext make_command_context(RingPlace ring) noexcept;
[[nodiscard]] aic100::ChannelContext make_channel_context(RingPlace ring, std::uint8_t channel,
                                                          aic100::ChannelState state) noexcept;
/// A channel without a ring: DISABLED, type and burst mode set.
[[nodiscard]] inline aic100::ChannelContext make_idle_context(std::uint8_t channel) noexcept
{
    return make_channel_context({}, channel, aic100::ChannelState::DISABLED);
}

class Contexts {
  public:
    /// Allocates once.
    [[nodiscard]] Result<void> allocate(Bus& bus);
    /// All contexts as before a start: no ring on any channel.
    void clear() noexcept;

    [[nodiscard]] std::uint64_t channels_iova() const noexcept { return memory_.iova().value; }
    [[nodiscard]] std::uint64_t event_iova() const noexcept { return memory_.iova().value + event_offset; }
    [[nodiscard]] std::uint64_t command_iova() const noexcept
    {
        return memory_.iova().value + command_offset;
    }

    void put(const aic100::EventContext& c) noexcept { shared_put(memory_.data() + event_offset, c); }
    void put(const aic100::CommandContext& c) noexcept { shared_put(memory_.data() + command_offset, c); }
    void put(std::uint8_t channel, const aic100::ChannelContext& c) noexcept
    {
        shared_put(channel_at(channel), c);
    }
    void set_event_wp(std::uint64_t wp) noexcept
    {
        shared_store64(memory_.data() + event_offset + wp_at, wp);
    }
    void set_command_wp(std::uint64_t wp) noexcept
    {
        shared_store64(memory_.data() + command_offset + wp_at, wp);
    }
    void set_channel_wp(std::uint8_t channel, std::uint64_t wp) noexcept
    {
        shared_store64(channel_at(channel) + wp_at, wp);
    }
    /// What the card says it has posted: unchecked.
    [[nodiscard]] std::uint64_t event_rp() const noexcept
    {
        return shared_load64(memory_.data() + event_offset + rp_at);
    }
    [[nodiscard]] DmaMemory& memory() noexcept { return memory_; }

  private:
    static constexpr std::size_t rp_at = 0x1c, wp_at = 0x24;
    static constexpr std::size_t event_offset = aic100::channel_contexts * sizeof(aic100::ChannelContext);
    static constexpr std::size_t command_offset = event_offset + 64;
    static_assert(event_offset % 64 == 0, "event rp and wp each within one cache line");

    [[nodiscard]] std::byte* channel_at(std::uint8_t channel) noexcept
    {
        return memory_.data() + channel * sizeof(aic100::ChannelContext);
    }
    DmaMemory memory_;
};

} // namespace qaic::mhi
