// SPDX-License-Identifier: BSD-3-Clause
// What the control side does with a lane whose process died, perhaps in the middle of a burst call: rings may
// be half a step behind the slots, so the slots alone say what is true. docs/adr/0010
#include "qaic/dbc/lane.hpp"
#include <bitset>
#include <limits>

namespace qaic::dbc {

std::uint32_t Lane::held() noexcept
{
    std::uint32_t n = 0;
    for (auto i = first_; i < first_ + count_; ++i)
        n += (channel->slots[i].state.load(std::memory_order_acquire) & live_bit) != 0 ? 1 : 0;
    done_.each([&n](const Done&) { ++n; });
    return n;
}

void Lane::abandon() noexcept
{
    (void)flush_outstanding(std::numeric_limits<std::uint32_t>::max(), 0, [](void*, bool) {});
    finished_.store(submitted_.load());
    unflushed_ = 0;
}

void Lane::restart(std::uint64_t now) noexcept
{
    free_.reset(count_), done_.reset(count_); // as large as they were: no memory is taken
    for (auto i = first_; i < first_ + count_; ++i) {
        auto& state = channel->slots[i].state;
        state.store(state.load() & 0xffff);
        (void)free_.push(static_cast<std::uint16_t>(i));
    }
    deadlines.restart(now);
    finished_.store(submitted_.load());
    unflushed_ = 0;
}

/// Every slot is free, live, held besides a live one or by one handed over, or it is lost.
void Lane::revive_lost() noexcept
{
    std::bitset<max_slots> known;
    const auto state_of = [this](std::size_t i) { return channel->slots[i].state.load(); };
    free_.each([&](std::uint16_t slot) { known.set(slot); });
    done_.each([&](const Done& done) { known.set(done.slot); });
    for (auto i = first_; i < first_ + count_; ++i)
        if (const auto state = state_of(i); !known.test(i) && (state & (live_bit | besides_bit)) == 0)
            channel->slots[i].state.store(state | live_bit);
}

} // namespace qaic::dbc
