// SPDX-License-Identifier: BSD-3-Clause
// Hot: where the time of a loop's rounds went, and whether it still gets anywhere. A round is busy when it
// moved something: a poll that finds nothing is idling, whatever `top` says of the core.
#pragma once
#include "load/lane_stats.hpp"

namespace qaic::load {

class RoundClock {
  public:
    RoundClock(LoopStats& stats, std::uint64_t now, std::uint64_t stall_ticks) noexcept
        : stats_(stats), began_(now), alive_at_(now), stall_ticks_(stall_ticks)
    {}

    /// Ends a round that moved something or not. `at_rest`: nothing was there to be moved. True when neither
    /// has been so for so long that the loop is to give up.
    [[nodiscard]] bool gave_up(bool moved, bool at_rest, std::uint64_t now) noexcept
    {
        (moved ? stats_.busy_ticks : stats_.idle_ticks) += now - began_;
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
