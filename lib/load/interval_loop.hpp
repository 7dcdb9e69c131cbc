// SPDX-License-Identifier: BSD-3-Clause
// Hot: queries of several operations, one an interval, each spread over all lanes. An interval that begins
// while the query before is not wholly back is skipped and counted. A query's latency runs from its due time
// until its last operation is back. One thread.
#pragma once
#include "load/lane.hpp"
#include "load/round_clock.hpp"

namespace qaic::load {

/// Ticks.
struct IntervalPlan {
    std::uint64_t interval = 1;    ///< from one due time to the next; at least 1
    std::uint32_t samples = 1;     ///< operations of a query; at least 1
    std::uint64_t ticks = 0;       ///< intervals that begin within so long of the start
    std::uint64_t count = ~0ull;   ///< queries at most; skipped intervals have none
    std::uint64_t drain_ticks = 0; ///< how long after that the rest of a query may still go
    std::uint64_t stall_ticks = 0; ///< give up when nothing moved for that long with something out
};

/// Ticks; one value a query that was wholly accepted (lateness) or is wholly back (latency).
struct QueryStats {
    stats::Histogram latency; ///< from the due time to the return of the dequeue call with its last operation
    stats::Histogram lateness; ///< from the due time to the return of the enqueue call that took the last
    std::uint64_t queries = 0; ///< begun
    std::uint64_t skipped = 0; ///< intervals
};

/// Lanes record the service time of operations. They need not hold a whole query: what finds no slot waits,
/// and its query's latency says so.
/// `checkpoint(now)` is asked once a round; false ends the run for intervals that have not begun.
template<OpQueue Queue, class Observer, class Checkpoint>
class IntervalLoop {
  public:
    IntervalLoop(Queue& clock, std::span<Lane<Queue, Observer>> lanes, const IntervalPlan& plan,
                 LoopStats& stats, QueryStats& queries, Checkpoint& checkpoint)
        : clock_(clock), lanes_(lanes), plan_(plan), stats_(stats), queries_(queries),
          checkpoint_(checkpoint), horizon_(plan.ticks)
    {}

    /// Returns the operations that fell due, with those of skipped intervals; of begun queries those that
    /// never went are stats.unissued.
    std::uint64_t run()
    {
        auto now = clock_.ticks();
        first_ = stats_.first_tick = stats_.last_tick = now;
        RoundClock rounds(stats_, now, plan_.stall_ticks);
        due_from(now);
        for (;;) {
            if (due_ != never && !checkpoint_(now)) stop(now);
            const bool open = now - first_ < plan_.ticks + plan_.drain_ticks;
            if (away_ == 0 && due_ <= now) begin();
            Round r;
            if (open) issue(now, r);
            for (auto& lane : lanes_) visit(lane, open, now, r);
            if (!r.out && (!open || due_ == never)) break;
            now = clock_.ticks();
            if (rounds.gave_up(r.moved, !r.out && unsent_ == 0, r.idle, now)) break;
        }
        if (away_ != 0) skip_until(now);
        stats_.unissued += unsent_;
        return (queries_.queries + queries_.skipped) * plan_.samples;
    }

  private:
    static constexpr std::uint64_t never = ~0ull;
    struct Round {
        bool moved = false;     ///< an op was accepted or came back
        bool out = false;       ///< something is in flight
        std::uint64_t idle = 0; ///< ticks in polls that found nothing
    };

    /// Nothing falls due from the horizon on, nor after the last query of the count.
    void due_from(std::uint64_t tick)
    {
        due_ = tick - first_ < horizon_ && queries_.queries < plan_.count ? tick : never;
    }
    void begin()
    {
        ++queries_.queries;
        away_ = unsent_ = unready_ = plan_.samples;
    }

    /// One op to each lane in turn; a lane whose burst is full goes at once.
    void issue(std::uint64_t& now, Round& r)
    {
        for (std::size_t full = 0; unready_ != 0 && full < lanes_.size();) {
            auto& lane = lanes_[turn_];
            turn_ = turn_ + 1 < lanes_.size() ? turn_ + 1 : 0;
            if (lane.room() == 0) {
                ++full;
                continue;
            }
            full = 0;
            lane.prepare(due_);
            --unready_;
            if (lane.burst_is_ready()) send(lane, now, r);
        }
    }

    void send(Lane<Queue, Observer>& lane, std::uint64_t& now, Round& r)
    {
        const auto taken = lane.template submit<LoopKind::CLOSED>(now);
        if (taken == 0) return;
        r.moved = true;
        unsent_ -= taken;
        if (unsent_ == 0) queries_.lateness.record(now - due_);
    }

    void visit(Lane<Queue, Observer>& lane, bool open, std::uint64_t& now, Round& r)
    {
        const bool fresh = open && lane.ready() != 0;
        if (fresh) send(lane, now, r);
        if (lane.in_flight() == 0) return;
        if (!fresh) now = clock_.ticks();
        const auto before = now;
        if (const auto back = lane.template collect<LoopKind::CLOSED>(now); back != 0) {
            stats_.last_tick = now;
            r.moved = true;
            away_ -= back;
            if (away_ == 0) finish(now);
        } else {
            r.idle += now - before;
        }
        r.out |= lane.in_flight() != 0;
    }

    void finish(std::uint64_t now)
    {
        queries_.latency.record(now - due_);
        due_from(due_ + (skip_until(now) + 1) * plan_.interval);
    }

    /// Counts the intervals that began after that of the query that is out, and before `now`.
    std::uint64_t skip_until(std::uint64_t now)
    {
        if (queries_.queries >= plan_.count) return 0;
        const auto end = std::min(now - first_, horizon_), due = due_ - first_;
        const auto skipped = end > due ? (end - due - 1) / plan_.interval : 0;
        queries_.skipped += skipped;
        return skipped;
    }

    /// From here on nothing falls due.
    void stop(std::uint64_t now)
    {
        stats_.stopped_ticks = horizon_ = std::min(horizon_, now - first_);
        if (due_ > now) due_ = never;
    }

    Queue& clock_;
    std::span<Lane<Queue, Observer>> lanes_;
    const IntervalPlan plan_;
    LoopStats& stats_;
    QueryStats& queries_;
    Checkpoint& checkpoint_;
    std::uint64_t horizon_;                  ///< from the start: no interval begins later
    std::uint64_t first_ = 0, due_ = never;  ///< of the query that is out, else of the next
    std::uint64_t away_ = 0;                 ///< ops of the query that are not back ...
    std::uint64_t unsent_ = 0, unready_ = 0; ///< ... not accepted, not made ready on any lane
    std::size_t turn_ = 0;                   ///< lane that gets the next op
};

} // namespace qaic::load
