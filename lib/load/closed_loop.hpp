// SPDX-License-Identifier: BSD-3-Clause
// Hot: keeps every lane's operations in flight, all of them all the time. One thread.
#pragma once
#include "load/lane.hpp"
#include "load/round_clock.hpp"
#include <limits>

namespace qaic::load {

struct LoopPlan {
    std::uint64_t count =
        std::numeric_limits<std::uint64_t>::max(); ///< ops to submit at most, over all lanes
    std::uint64_t ticks = std::numeric_limits<std::uint64_t>::max(); ///< submit for that long at most
    std::uint64_t stall_ticks = 0; ///< give up when nothing moved for that long
    bool whole_bursts = false;     ///< wait until a whole burst is free; only the last may be smaller
};

/// `checkpoint(now)` is asked once a round; false ends the submitting.
template<OpQueue Queue, class Observer, class Checkpoint>
class ClosedLoop {
  public:
    ClosedLoop(Queue& clock, std::span<Lane<Queue, Observer>> lanes, const LoopPlan& plan, LoopStats& stats,
               Checkpoint& checkpoint)
        : clock_(clock), lanes_(lanes), plan_(plan), stats_(stats), checkpoint_(checkpoint),
          unclaimed_(plan.count)
    {}

    void run()
    {
        auto now = clock_.ticks();
        stats_.first_tick = stats_.last_tick = now;
        RoundClock rounds(stats_, now, plan_.stall_ticks);
        for (bool more = true;;) {
            more = more && now - stats_.first_tick < plan_.ticks && checkpoint_(now);
            const auto [moved, held, out, idle] = round(more, now);
            more = more && (unclaimed_ != 0 || held);
            if (!out && !more) return;
            if (!out && !moved) now = clock_.ticks(); // nothing was called
            if (rounds.gave_up(moved, false, idle, now)) return;
        }
    }

  private:
    struct Round {
        bool moved = false;     ///< an op was accepted or came back
        bool held = false;      ///< a lane has ops ready that did not go
        bool out = false;       ///< something is in flight
        std::uint64_t idle = 0; ///< ticks in polls that found nothing
    };

    Round round(bool more, std::uint64_t& now)
    {
        Round r;
        for (auto& lane : lanes_) {
            bool called = false;
            if (more) {
                fill(lane);
                called = may_go(lane);
                r.moved |= called && lane.template submit<LoopKind::CLOSED>(now) != 0;
                r.held |= lane.ready() != 0;
            }
            if (lane.in_flight() == 0) continue;
            if (!called) now = clock_.ticks();
            const auto before = now;
            if (lane.template collect<LoopKind::CLOSED>(now) != 0) {
                stats_.last_tick = now;
                r.moved = true;
            } else {
                r.idle += now - before;
            }
            r.out |= lane.in_flight() != 0;
        }
        return r;
    }

    void fill(Lane<Queue, Observer>& lane)
    {
        const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(unclaimed_, lane.room()));
        lane.prepare(0, n);
        unclaimed_ -= n;
    }
    [[nodiscard]] bool may_go(const Lane<Queue, Observer>& lane) const
    {
        return lane.ready() != 0 && (!plan_.whole_bursts || lane.burst_is_ready() || unclaimed_ == 0);
    }

    Queue& clock_;
    std::span<Lane<Queue, Observer>> lanes_;
    const LoopPlan plan_;
    LoopStats& stats_;
    Checkpoint& checkpoint_;
    std::uint64_t unclaimed_; ///< of the count: not yet made ready on any lane
};

} // namespace qaic::load
