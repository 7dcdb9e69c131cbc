// SPDX-License-Identifier: BSD-3-Clause
// Hot: where the time of a loop's rounds went, and whether it still gets anywhere. A poll that finds nothing
// is idling, whatever `top` says of the core; and so is a round in which nothing moved.
#pragma once
#include "load/lane_stats.hpp"
#include <algorithm>

namespace qaic::load {

class RoundClock {
  public:
    RoundClock(LoopStats& stats, std::uint64_t now, std::uint64_t stall_ticks) noexcept
        : stats_(stats), began_(now), alive_at_(now), stall_ticks_(stall_ticks)
    {}

    /// Ends a round that moved something or not, with `idle` ticks of it in polls that found nothing.
    /// `at_rest`: nothing was there to be moved. True when neither has been so for so long that the loop is
    /// to give up.
    [[nodiscard]] bool gave_up(bool moved, bool at_rest, std::uint64_t idle, std::uint64_t now) noexcept
    {
        const auto took = now - began_;
        idle = moved ? std::min(idle, took) : took;
        stats_.busy_ticks += took - idle;
        stats_.idle_ticks += idle;
        began_ = now;
        if (moved || at_rest) alive_at_ = now;
        if (now - alive_at_ <= stall_ticks_) return false;
        stats_.stalled = true;
        stats_.waited_ticks = now - alive_at_;
        return true;
    }

  private:
    LoopStats& stats_;
    std::uint64_t began_, alive_at_;
    const std::uint64_t stall_ticks_;
};

} // namespace qaic::load
