// SPDX-License-Identifier: BSD-3-Clause
// Hot: operations go when they fall due, not when an earlier one is back. What cannot go at once (every slot
// is out, the driver's queue is full) waits, and its latency runs from the due time on: a stall shows in
// every operation that it held up. One thread.
#pragma once
#include "load/arrivals.hpp"
#include "load/lane.hpp"
#include "load/mix.hpp"
#include "load/round_clock.hpp"

namespace qaic::load {

/// Ticks.
struct OpenPlan {
    std::uint64_t ticks = 0;       ///< what falls due within so long of the start is issued
    std::uint64_t count = ~0ull;   ///< and no more than so many
    std::uint64_t drain_ticks = 0; ///< how long after that a backlog may still go
    std::uint64_t stall_ticks = 0; ///< give up when nothing moved for that long with something out
    std::uint64_t late_limit = 0;  ///< from due to enqueue: more is late
};

/// `mix` says which lanes may take an arrival; of those with a free slot the one with the least load does,
/// of equals another one each time.
/// Arrivals go in their order: one that finds no slot holds up those behind it, of other models too.
/// `checkpoint(now)` is asked once a round; false ends the run for what is not due yet.
template<OpQueue Queue, class Observer, class Checkpoint>
class OpenLoop {
  public:
    OpenLoop(Queue& clock, std::span<Lane<Queue, Observer>> lanes, Mix& mix, Arrivals& arrivals,
             const OpenPlan& plan, LoopStats& stats, Checkpoint& checkpoint)
        : clock_(clock), lanes_(lanes), mix_(mix), arrivals_(arrivals), plan_(plan), stats_(stats),
          checkpoint_(checkpoint), horizon_(plan.ticks)
    {}

    /// Returns the operations that fell due; those of them that never went are stats.unissued.
    std::uint64_t run()
    {
        auto now = clock_.ticks();
        first_ = stats_.first_tick = stats_.last_tick = now;
        RoundClock rounds(stats_, now, plan_.stall_ticks);
        advance();
        for (;;) {
            if (due_ != Arrivals::never && !checkpoint_(now)) stop(now);
            const bool open = now - first_ < plan_.ticks + plan_.drain_ticks;
            Round r;
            if (open) issue(now, r);
            for (auto& lane : lanes_) visit(lane, open, now, r);
            if (!r.out && (!open || (due_ == Arrivals::never && !r.held))) break;
            now = clock_.ticks();
            if (rounds.gave_up(r.moved, !r.out && !r.held, r.idle, now)) break;
        }
        for (; due_ != Arrivals::never; advance()) ++stats_.unissued;
        const auto fell_due = prepared_ + stats_.unissued;
        for (const auto& lane : lanes_) stats_.unissued += lane.ready();
        return fell_due;
    }

  private:
    struct Round {
        bool moved = false;     ///< an op was accepted or came back
        bool held = false;      ///< something is due and has not gone
        bool out = false;       ///< something is in flight
        std::uint64_t idle = 0; ///< ticks in polls that found nothing
    };

    /// Everything that is due, as far as there are slots; a lane whose burst is full goes at once.
    void issue(std::uint64_t& now, Round& r)
    {
        while (due_ <= now) {
            auto* const lane = choose();
            if (lane == nullptr) {
                r.held = true;
                return;
            }
            lane->prepare(due_);
            ++prepared_;
            advance();
            if (lane->burst_is_ready())
                r.moved |= lane->template submit<LoopKind::OPEN>(now, plan_.late_limit) != 0;
        }
    }

    void visit(Lane<Queue, Observer>& lane, bool open, std::uint64_t& now, Round& r)
    {
        bool fresh = false;
        if (open && lane.ready() != 0) {
            r.moved |= lane.template submit<LoopKind::OPEN>(now, plan_.late_limit) != 0;
            r.held |= lane.ready() != 0;
            fresh = true;
        }
        if (lane.in_flight() == 0) return;
        if (!fresh) now = clock_.ticks();
        const auto before = now;
        if (lane.template collect<LoopKind::OPEN>(now) != 0) {
            stats_.last_tick = now;
            r.moved = true;
        } else {
            r.idle += now - before;
        }
        r.out |= lane.in_flight() != 0;
    }

    /// Null when no lane of the arrival's model can take it now.
    [[nodiscard]] Lane<Queue, Observer>* choose()
    {
        if (eligible_.empty()) eligible_ = mix_.draw();
        const auto n = static_cast<std::uint32_t>(eligible_.size());
        if (n == 1) return lanes_[eligible_.front()].room() != 0 ? &lanes_[eligible_.front()] : nullptr;
        Lane<Queue, Observer>* best = nullptr;
        std::uint64_t least = ~0ull;
        if (++turn_ >= n) turn_ = 0; // of equals another one each time
        for (std::uint32_t k = 0, at = turn_; k < n; ++k, at = at + 1 < n ? at + 1 : 0) {
            auto& lane = lanes_[eligible_[at]];
            if (lane.load() >= least || lane.room() == 0) continue;
            best = &lane;
            least = lane.load();
        }
        return best;
    }

    void advance()
    {
        eligible_ = {};
        const auto next = drawn_ < plan_.count ? arrivals_.next() : Arrivals::never;
        ++drawn_;
        due_ = next < horizon_ ? first_ + next : Arrivals::never;
    }

    /// From here on nothing falls due.
    void stop(std::uint64_t now)
    {
        stats_.stopped_ticks = horizon_ = std::min(horizon_, now - first_);
        if (due_ > now) due_ = Arrivals::never;
    }

    Queue& clock_;
    std::span<Lane<Queue, Observer>> lanes_;
    Mix& mix_;
    Arrivals& arrivals_;
    const OpenPlan plan_;
    LoopStats& stats_;
    Checkpoint& checkpoint_;
    std::uint64_t horizon_; ///< from the start: what falls due later does not count
    std::uint32_t turn_ = 0;
    std::uint64_t first_ = 0, due_ = Arrivals::never, drawn_ = 0, prepared_ = 0;
    std::span<const std::uint32_t> eligible_; ///< lanes of the pending arrival's model, once drawn
};

} // namespace qaic::load
