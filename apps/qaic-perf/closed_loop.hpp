// SPDX-License-Identifier: BSD-3-Clause
// The hot loop: keep a fixed number of ops in flight on one queue pair, count and time everything. One
// thread. A template over the queue, so that tests run it on a fake and the real one costs no indirection.
#pragma once
#include "loop_stats.hpp"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <rte_mldev.h>
#include <span>
#include <vector>

namespace qaic::perf {

/// One op and what belongs to it. op->user_u64 holds the slot's index.
struct Slot {
    rte_ml_op* op = nullptr;
    std::uint64_t start = 0;  ///< tick of the enqueue call
    std::uint32_t tensor = 0; ///< which input it carries
    bool out = false;         ///< accepted and not yet back
    bool sampled = false;     ///< the observer's mark
};

struct LoopPlan {
    std::uint64_t count = std::numeric_limits<std::uint64_t>::max(); ///< ops to submit at most
    std::uint64_t ticks = std::numeric_limits<std::uint64_t>::max(); ///< submit for that long at most
    std::uint64_t stall_ticks = 0; ///< give up when nothing moved for that long
    std::uint16_t burst = 1;       ///< ops per call at most, 1 or more
    bool whole_bursts = false;     ///< wait until a whole burst is free; only the last may be smaller
    std::uint32_t tensors = 1;     ///< inputs to cycle through
};

template<class Q>
concept OpQueue = requires(Q q, rte_ml_op** ops, std::uint16_t n)
{
    {
        q.enqueue(ops, n)
        } -> std::same_as<std::uint16_t>;
    {
        q.dequeue(ops, n)
        } -> std::same_as<std::uint16_t>;
    {
        q.ticks()
        } -> std::same_as<std::uint64_t>;
};

/// submitting: the slot is about to go, set its input. completed: its op is back, successful or not.
template<class O>
concept LoopObserver = requires(O o, Slot& slot)
{
    o.submitting(slot);
    o.completed(slot);
};

template<OpQueue Queue, LoopObserver Observer>
class ClosedLoop {
  public:
    /// Slots that are still out (after a stalled loop) are left alone.
    ClosedLoop(Queue& queue, std::span<Slot> slots, const LoopPlan& plan, Observer& observer,
               LoopStats& stats)
        : queue_(queue), slots_(slots), plan_(plan), observer_(observer), stats_(stats), ready_(plan.burst),
          back_(plan.burst)
    {
        for (std::size_t i = slots.size(); i > 0; --i)
            if (!slots[i - 1].out) free_.push_back(static_cast<std::uint32_t>(i - 1));
    }

    void run()
    {
        auto now = queue_.ticks();
        stats_.first_tick = stats_.last_tick = moved_ = now;
        for (;;) {
            const bool more = stats_.ledger.submitted < plan_.count && now - stats_.first_tick < plan_.ticks;
            if (!more && stats_.ledger.in_flight == 0) return;
            if (more) submit();
            now = collect();
            if (now - moved_ > plan_.stall_ticks) {
                stats_.stalled = true;
                stats_.waited_ticks = now - moved_;
                return;
            }
        }
    }

  private:
    /// Tops the prepared ops up to a burst, out of the free slots and within the count.
    void prepare()
    {
        while (ready_count_ < plan_.burst && !free_.empty() &&
               stats_.ledger.submitted + ready_count_ < plan_.count) {
            auto& slot = slots_[free_.back()];
            free_.pop_back();
            slot.tensor = next_tensor_;
            next_tensor_ = next_tensor_ + 1 < plan_.tensors ? next_tensor_ + 1 : 0;
            observer_.submitting(slot);
            ready_[ready_count_++] = slot.op;
        }
    }

    void submit()
    {
        prepare();
        if (ready_count_ == 0) return;
        const bool last = stats_.ledger.submitted + ready_count_ >= plan_.count;
        if (plan_.whole_bursts && ready_count_ < plan_.burst && !last) return;
        const auto before = queue_.ticks();
        const auto taken = std::min(queue_.enqueue(ready_.data(), ready_count_), ready_count_);
        const auto after = queue_.ticks();
        if (taken == 0) {
            stats_.costs.refused_ticks += after - before;
            ++stats_.costs.refused_calls;
            return;
        }
        stats_.costs.enqueue_ticks += after - before;
        ++stats_.costs.enqueue_calls;
        stats_.enqueue_per_op.record((after - before) / taken);
        for (std::uint16_t i = 0; i < taken; ++i) {
            auto& slot = slots_[ready_[i]->user_u64];
            slot.start = before;
            slot.out = true;
        }
        std::copy(ready_.begin() + taken, ready_.begin() + ready_count_, ready_.begin());
        ready_count_ = static_cast<std::uint16_t>(ready_count_ - taken);
        stats_.ledger.submitted += taken;
        stats_.ledger.in_flight += taken;
        moved_ = after;
    }

    /// One dequeue call; returns the tick after it.
    std::uint64_t collect()
    {
        const auto before = queue_.ticks();
        const auto got = std::min(queue_.dequeue(back_.data(), plan_.burst), plan_.burst);
        const auto after = queue_.ticks();
        if (got == 0) {
            stats_.costs.empty_ticks += after - before;
            ++stats_.costs.empty_calls;
            return after;
        }
        stats_.costs.dequeue_ticks += after - before;
        ++stats_.costs.dequeue_calls;
        stats_.dequeue_per_op.record((after - before) / got);
        for (std::uint16_t i = 0; i < got; ++i)
            if (finish(back_[i], after)) stats_.last_tick = moved_ = after;
        return after;
    }

    /// False for an op that was not out: it must not pass for progress.
    bool finish(rte_ml_op* op, std::uint64_t now)
    {
        const auto index = op->user_u64;
        if (index >= slots_.size() || slots_[index].op != op || !slots_[index].out) {
            ++stats_.ledger.stray; // not ours, or handed back twice
            return false;
        }
        auto& slot = slots_[index];
        slot.out = false;
        --stats_.ledger.in_flight;
        const bool ok = op->status == RTE_ML_OP_STATUS_SUCCESS;
        stats_.ledger.succeeded += ok ? 1 : 0;
        stats_.ledger.failed += ok ? 0 : 1;
        stats_.latency.record(now - slot.start);
        observer_.completed(slot);
        free_.push_back(static_cast<std::uint32_t>(index));
        return true;
    }

    Queue& queue_;
    std::span<Slot> slots_;
    const LoopPlan plan_;
    Observer& observer_;
    LoopStats& stats_;
    std::vector<std::uint32_t> free_;
    std::vector<rte_ml_op*> ready_, back_;
    std::uint16_t ready_count_ = 0;
    std::uint32_t next_tensor_ = 0;
    std::uint64_t moved_ = 0; ///< tick of the last accepted or returned op
};

template<OpQueue Queue, LoopObserver Observer>
void run_closed_loop(Queue& queue, std::span<Slot> slots, const LoopPlan& plan, Observer& observer,
                     LoopStats& stats)
{
    ClosedLoop<Queue, Observer>(queue, slots, plan, observer, stats).run();
}

} // namespace qaic::perf
