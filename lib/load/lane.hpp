// SPDX-License-Identifier: BSD-3-Clause
// Hot: one queue pair and the operations that belong to it, for the loops that drive several of them
// (closed_loop.hpp, open_loop.hpp). A template over the queue, so that tests run it on a fake and the real
// one costs no indirection.
#pragma once
#include "load/lane_stats.hpp"
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

namespace qaic::load {

/// One op and what belongs to it. op->user_u64 holds the slot's index.
template<class Op>
struct SlotOf {
    Op* op = nullptr;
    std::uint64_t due = 0;    ///< tick; open loop only
    std::uint64_t start = 0;  ///< tick of the enqueue call
    std::uint32_t tensor = 0; ///< which input it carries
    bool out = false;         ///< accepted and not yet back
    bool sampled = false;     ///< the observer's mark
    bool summed = false;      ///< and another
};

template<class Q>
concept OpQueue = requires(Q q, typename Q::Op** ops, const typename Q::Op& op, std::uint16_t n)
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
    {
        Q::succeeded(op)
        } -> std::same_as<bool>;
};

/// submitting: the slot is about to go, set its input. completed: its op is back, successful or not.
template<class O, class Slot>
concept LoopObserver = requires(O o, Slot& slot)
{
    o.submitting(slot);
    o.completed(slot);
};

enum class LoopKind : std::uint8_t { CLOSED, OPEN };

template<OpQueue Queue, class Observer>
class Lane {
  public:
    using Op = typename Queue::Op;
    using Slot = SlotOf<Op>;

    /// Slots that are still out (after a stalled loop) are left alone. `tensors`: inputs to cycle through.
    /// Everything given must outlive the lane; stats may start with what was counted before.
    Lane(Queue& queue, std::span<Slot> slots, Observer& observer, LaneStats& stats, std::uint16_t burst,
         std::uint32_t tensors = 1)
        : queue_(queue), slots_(slots), observer_(observer), stats_(stats), burst_(burst), tensors_(tensors),
          free_(slots.size()), ready_(burst), ready_slots_(burst), back_(burst)
    {
        for (std::size_t i = slots.size(); i > 0; --i)
            if (!slots[i - 1].out) free_[free_count_++] = static_cast<std::uint32_t>(i - 1);
    }

    [[nodiscard]] std::uint16_t ready() const noexcept { return ready_count_; }
    [[nodiscard]] bool burst_is_ready() const noexcept { return ready_count_ == burst_; }
    [[nodiscard]] std::uint64_t in_flight() const noexcept { return stats_.ledger.in_flight; }
    /// What waits here in one way or the other: the least loaded lane is asked first.
    [[nodiscard]] std::uint64_t load() const noexcept { return in_flight() + ready_count_; }
    [[nodiscard]] LaneStats& stats() noexcept { return stats_; }

    /// How many more can be made ready now.
    [[nodiscard]] std::uint32_t room() const noexcept
    {
        return std::min<std::uint32_t>(burst_ - ready_count_, free_count_);
    }
    /// Makes so many free slots' ops ready to go, room() at most. Counts are kept in registers meanwhile: in
    /// memory they would be the longest chain of the loop.
    void prepare(std::uint64_t due, std::uint32_t n = 1)
    {
        auto free = free_count_;
        auto at = ready_count_;
        auto tensor = next_tensor_;
        for (std::uint32_t i = 0; i < n; ++i, ++at) {
            const auto index = free_[--free];
            auto& slot = slots_[index];
            slot.due = due;
            slot.tensor = tensor;
            tensor = tensor + 1 < tensors_ ? tensor + 1 : 0;
            observer_.submitting(slot);
            ready_slots_[at] = index;
            ready_[at] = slot.op;
        }
        free_count_ = free;
        ready_count_ = at;
        next_tensor_ = tensor;
    }

    /// One enqueue call with what is ready; how many the driver took. `now`: the tick after it. `late_limit`:
    /// ticks, open loop only.
    template<LoopKind kind>
    std::uint16_t submit(std::uint64_t& now, std::uint64_t late_limit = 0)
    {
        const auto before = queue_.ticks();
        const auto taken = std::min(queue_.enqueue(ready_.data(), ready_count_), ready_count_);
        now = queue_.ticks();
        auto& c = stats_.costs;
        if (taken == 0) {
            c.refused_ticks += now - before;
            ++c.refused_calls;
            return 0;
        }
        c.enqueue_ticks += now - before;
        ++c.enqueue_calls;
        stats_.enqueue_per_op.record(per_op(now - before, taken));
        for (std::uint16_t i = 0; i < taken; ++i) {
            auto& slot = slots_[ready_slots_[i]];
            slot.start = before;
            slot.out = true;
        }
        if constexpr (kind == LoopKind::OPEN) note_lateness(taken, before, late_limit);
        if (taken != ready_count_) {
            std::copy(ready_.begin() + taken, ready_.begin() + ready_count_, ready_.begin());
            std::copy(ready_slots_.begin() + taken, ready_slots_.begin() + ready_count_,
                      ready_slots_.begin());
        }
        ready_count_ = static_cast<std::uint16_t>(ready_count_ - taken);
        stats_.ledger.submitted += taken;
        stats_.ledger.in_flight += taken;
        return taken;
    }

    /// One dequeue call; how many of our ops it brought back. `now`: the tick before it, then the one after.
    template<LoopKind kind>
    std::uint16_t collect(std::uint64_t& now)
    {
        const auto before = now;
        const auto got = std::min(queue_.dequeue(back_.data(), burst_), burst_);
        now = queue_.ticks();
        auto& c = stats_.costs;
        if (got == 0) {
            c.empty_ticks += now - before;
            ++c.empty_calls;
            return 0;
        }
        c.dequeue_ticks += now - before;
        ++c.dequeue_calls;
        stats_.dequeue_per_op.record(per_op(now - before, got));
        return finish_all<kind>(got, now);
    }

  private:
    /// By floating point: an integer division of 64 bits takes longer than an operation does.
    static std::uint64_t per_op(std::uint64_t ticks, std::uint16_t ops) noexcept
    {
        return static_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(ticks)) / ops);
    }

    void note_lateness(std::uint16_t taken, std::uint64_t start, std::uint64_t late_limit) noexcept
    {
        stats::Histogram::Batch batch(stats_.lateness);
        std::uint64_t late = 0;
        for (std::uint16_t i = 0; i < taken; ++i) {
            const auto due = slots_[ready_slots_[i]].due;
            const auto lateness = start > due ? start - due : 0;
            batch.record(lateness);
            late += lateness > late_limit ? 1 : 0;
        }
        stats_.late += late;
    }

    /// Ops that went in one call mostly come back in one: their service times are counted together.
    template<LoopKind kind>
    std::uint16_t finish_all(std::uint16_t got, std::uint64_t now)
    {
        std::uint32_t ours = 0, good = 0, free = free_count_;
        std::uint64_t start = 0, alike = 0;
        stats::Histogram::Batch latencies(stats_.latency); // closed loop: costs nothing, and gets nothing
        for (std::uint16_t i = 0; i < got; ++i) {
            auto* const slot = ours_of(back_[i]);
            if (slot == nullptr) continue;
            ++ours;
            if (slot->start != start) {
                if (alike != 0) stats_.service.record(now - start, alike);
                start = slot->start, alike = 0;
            }
            ++alike;
            if constexpr (kind == LoopKind::OPEN) latencies.record(now > slot->due ? now - slot->due : 0);
            good += Queue::succeeded(*slot->op) ? 1 : 0;
            observer_.completed(*slot);
            free_[free++] = static_cast<std::uint32_t>(slot - slots_.data());
        }
        if (alike != 0) stats_.service.record(now - start, alike);
        free_count_ = free;
        stats_.ledger.succeeded += good;
        stats_.ledger.failed += ours - good;
        stats_.ledger.in_flight -= ours;
        return static_cast<std::uint16_t>(ours);
    }

    /// Null for an op that was not out, or not ours: it must not pass for progress.
    Slot* ours_of(Op* op) noexcept
    {
        const auto index = op->user_u64;
        if (index >= slots_.size() || slots_[index].op != op || !slots_[index].out) {
            ++stats_.ledger.stray;
            return nullptr;
        }
        slots_[index].out = false;
        return &slots_[index];
    }

    Queue& queue_;
    std::span<Slot> slots_;
    Observer& observer_;
    LaneStats& stats_;
    const std::uint16_t burst_;
    const std::uint32_t tensors_;
    std::vector<std::uint32_t> free_; ///< a stack: what came back last is in the caches
    std::vector<Op*> ready_;
    std::vector<std::uint32_t> ready_slots_;
    std::vector<Op*> back_;
    std::uint32_t free_count_ = 0;
    std::uint16_t ready_count_ = 0;
    std::uint32_t next_tensor_ = 0;
};

} // namespace qaic::load
