// SPDX-License-Identifier: BSD-3-Clause
// A lane is one queue pair's way into one DBC: its own share of request ids, so that several queue pairs feed
// one DBC with no lock. The common case, one lane, is single producer and single consumer and pays nothing
// for it. HOT.
//
//   producer (enqueue thread)              consumer (dequeue thread)
//   free ids -> elements -> doorbell       responses -> slot -> operation -> free ids
//
// With several lanes: FIFO space is reserved by one fetch_add (slots bound it, so it never fails) and
// published in order of reservation; responses are drained by whichever consumer gets `draining`, and handed
// over by SPSC rings.
#pragma once
#include "qaic/dbc/chain.hpp"
#include "qaic/dbc/channel.hpp"
#include "qaic/dbc/fill.hpp"
#include "qaic/dbc/spsc_ring.hpp"
#include <span>

namespace qaic::dbc {

/// A finished operation on its way to its lane. `code` is the card's completion code, 0 = success.
struct Done {
    void* token = nullptr;
    std::uint16_t slot = 0;  ///< still taken, so that the lane's ring has room for every Done there can be
    std::uint16_t epoch = 0; ///< ticket of Deadlines: what it was counted by
    std::uint16_t code = 0;
    std::uint16_t more = 0; ///< one more than the next slot it holds besides, else 0
};

class alignas(RTE_CACHE_LINE_SIZE) Lane {
  public:
    Channel* channel = nullptr;
    std::atomic<std::uint64_t> errors{0}; ///< operations that came back with one; the consumer's
    Deadlines deadlines;

    /// Set-up: owns slots [first, first + count) of the channel. All ids are free.
    void bind(Channel& owner, std::uint32_t first, std::uint32_t count, std::uint64_t limit,
              std::uint64_t now, std::pmr::memory_resource& memory = *std::pmr::new_delete_resource())
    {
        channel = &owner;
        first_ = first, count_ = count;
        free_.reset(count, memory);
        done_.reset(count, memory);
        for (std::uint32_t i = 0; i < count; ++i) (void)free_.push(static_cast<std::uint16_t>(first + i));
        deadlines.reset(limit, now);
        submitted_.store(0), finished_.store(0), errors.store(0);
    }

    // ---- producer
    // ---------------------------------------------------------------------------------------------------
    /// How many operations submit() would take now, at most `wanted`.
    [[nodiscard]] std::uint32_t room(std::uint32_t wanted) noexcept { return free_.available(wanted); }

    /// Submits up to `count` operations by the plan's elements; returns how many there were free ids for. The
    /// doorbell waits for flush() on an unshared channel. The caller has checked channel->active() and holds
    /// its queue pair's busy mark.
    std::uint32_t submit(std::span<const SlicePlan::Element> plan, const Work* work,
                         std::uint32_t count) noexcept
    {
        const auto n = room(count);
        if (n != 0) submit_now(plan, work, n);
        return n;
    }
    /// The same for at most room() operations.
    __rte_always_inline void submit_now(std::span<const SlicePlan::Element> plan, const Work* work,
                                        std::uint32_t n) noexcept
    {
        submit_as(plan, work, n, deadlines.issue(n));
    }
    /// submit() for operations that are late `limit` after `now`; 0 also when Deadlines has no group for
    /// them.
    std::uint32_t submit_by(std::span<const SlicePlan::Element> plan, const Work* work, std::uint32_t count,
                            std::uint64_t now, std::uint64_t limit) noexcept
    {
        const auto n = room(count);
        if (n == 0) return 0;
        const auto ticket = deadlines.issue_by(now, limit, n);
        if (!ticket) return 0;
        submit_as(plan, work, n, *ticket);
        return n;
    }
    /// Ids that an operation of so many elements holds: as many as leave room for them in the FIFO.
    [[nodiscard]] std::uint32_t slots_for(std::uint32_t elements) const noexcept
    {
        return (elements + channel->elements_per_op - 1) / channel->elements_per_op;
    }
    [[nodiscard]] std::uint32_t slots() const noexcept { return count_; }

    /// Submits one operation of more elements than the plan has; false when there are not enough free ids
    /// now. It holds slots_for() of them, so that the FIFO cannot overflow; they come back with it. As
    /// submit().
    bool submit_chain(const Chain& chain, void* token) noexcept
    {
        const auto wanted = slots_for(chain.count);
        if (free_.available(wanted) < wanted) return false;
        Channel& c = *channel;
        if (c.filled) c.filled = false; // operations no longer start where their template lies
        const auto start = reserve(chain.count);
        for (auto i = wanted; i-- > 1;) {
            auto& state = c.slots[free_.peek(i)].state;
            const auto next = i + 1 < wanted ? std::uint64_t{free_.peek(i + 1)} + 1 : 0;
            state.store((state.load(std::memory_order_relaxed) & 0xffff) | besides_bit | next << more_shift,
                        std::memory_order_relaxed);
        }
        const auto more = wanted > 1 ? std::uint64_t{free_.peek(1)} + 1 : 0;
        const auto id = take(c.slots[free_.peek(0)], c.ids,
                             more << more_shift | std::uint64_t{deadlines.issue(1)} << epoch_shift, token);
        for (std::uint32_t e = 0; e < chain.count; ++e) {
            auto& to = c.requests[(start + e) & c.mask];
            to = chain.elements[e];
            to.req_id = static_cast<std::uint16_t>(id);
        }
        free_.consume(wanted);
        commit(start, chain.count, 1);
        return true;
    }
    /// Rings the doorbell for everything submitted since the last one. One posted write.
    void flush() noexcept
    {
        if (unflushed_ == 0) return;
        channel->publish(channel->tail.load(std::memory_order_relaxed), unflushed_);
        unflushed_ = 0;
    }

    // ---- consumer
    // ---------------------------------------------------------------------------------------------------
    /// Hands over up to `max` finished operations of this lane: out(number of it, token, code).
    template<class Out>
    __rte_always_inline std::uint32_t poll(std::uint32_t max, Out&& out) noexcept
    {
        if (unlikely(channel->shared())) return poll_shared(max, std::remove_reference_t<Out>(out));
        Returned back(*this);
        return channel->drain(
            max, [&](std::uint32_t i, const Done& done) __attribute__((always_inline)) {
                back.add(done);
                out(i, done.token, done.code);
            });
    }
    /// Control side, channel FENCED and every data-path thread out of it: hands back what is still
    /// outstanding, out(token, late) where `late` says that this very operation passed its deadline.
    template<class Out>
    __rte_noinline std::uint32_t flush_outstanding(std::uint32_t max, std::uint64_t now, Out&& out) noexcept
    {
        auto n = take_handed(max, [&](std::uint32_t, void* token, std::uint16_t) { out(token, false); });
        Returned back(*this);
        for (auto i = first_; i < first_ + count_ && n < max; ++i) {
            auto& slot = channel->slots[i];
            const auto state = slot.state.load(std::memory_order_acquire);
            if ((state & live_bit) == 0) continue;
            slot.state.store(state & 0xffff, std::memory_order_relaxed);
            const auto epoch = static_cast<std::uint16_t>(state >> epoch_shift);
            out(slot.token, deadlines.late(epoch, now));
            back.add({slot.token, static_cast<std::uint16_t>(i), epoch, 0,
                      static_cast<std::uint16_t>(state >> more_shift)});
            ++n;
        }
        return n;
    }
    // ---- control side, for a process that is no more (docs/adr/0010); lane_after_death.hpp
    /// Operations of this lane that are in the card or were handed over to it.
    [[nodiscard]] std::uint32_t held() noexcept;
    /// Channel FENCED: the lane is empty, whatever state its process left it in.
    void abandon() noexcept;
    /// Channel ACTIVE and nothing held(): all ids are free again.
    void restart(std::uint64_t now) noexcept;
    /// Channel about to be FENCED, nobody inside a burst call: operations that a drainer took and did not
    /// hand over before it died count as outstanding again.
    void revive_lost() noexcept;

    /// Consumer: `n` of the operations handed back failed.
    void count_errors(std::uint64_t n) noexcept
    {
        errors.store(errors.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    /// An operation went out longer ago than the limit and is not back. Consumer only, at every poll that
    /// finds nothing: it also turns the epochs.
    [[nodiscard]] bool late(std::uint64_t now) noexcept { return deadlines.late(now); }

    /// Operations in the card or on their way back. Exact for the consumer, a snapshot for others.
    [[nodiscard]] std::uint64_t outstanding() const noexcept
    {
        return submitted_.load(std::memory_order_acquire) - finished_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t submitted() const noexcept
    {
        return submitted_.load(std::memory_order_relaxed);
    }

  private:
    __rte_always_inline void submit_as(std::span<const SlicePlan::Element> plan, const Work* work,
                                       std::uint32_t n, Deadlines::Ticket ticket) noexcept
    {
        Channel& c = *channel;
        if (likely(c.filled)) {
            const auto start = c.tail.load(std::memory_order_relaxed);
            patch(plan.data(), work, n, start, ticket);
            commit(start, n * 2, n);
        } else {
            submit_whole(plan, work, n, ticket);
        }
    }
    /// FIFO places for so many elements, the first of them. Never refused: ids bound them.
    [[nodiscard]] std::uint32_t reserve(std::uint32_t elements) noexcept
    {
        auto& tail = channel->tail;
        // These elements were another lane's before: what the card read of them, that lane knows to be over,
        // and it tells us by its own reservation since.
        return channel->shared() ? tail.fetch_add(elements, std::memory_order_acq_rel)
                                 : tail.load(std::memory_order_relaxed);
    }
    /// Elements are written: makes them the card's, or leaves that to flush().
    __rte_always_inline void commit(std::uint32_t start, std::uint32_t elements, std::uint32_t ops) noexcept
    {
        Channel& c = *channel;
        submitted_.store(submitted_.load(std::memory_order_relaxed) + ops, std::memory_order_release);
        if (c.shared()) {
            while (c.turn.load(std::memory_order_acquire) != start) {
                if (unlikely(!c.active())) return; // who has the turn may be dead; the fence hands these back
                rte_pause();
            }
            c.publish(start + elements, ops);
            c.turn.store(start + elements, std::memory_order_release);
        } else {
            c.tail.store(start + elements, std::memory_order_relaxed);
            unflushed_ += ops;
        }
    }
    /// Operations that come back in one poll: their ids become free and their counts are kept all at once.
    class Returned {
      public:
        explicit Returned(Lane& lane) noexcept : lane_(lane), free_(lane.free_), uncounted_(free_.at()) {}
        Returned(const Returned&) = delete;
        Returned& operator=(const Returned&) = delete;
        __rte_always_inline ~Returned() { count(); }
        __rte_always_inline void add(const Done& done) noexcept
        {
            if (unlikely(done.epoch != epoch_)) count(), epoch_ = done.epoch;
            free_.put(done.slot);
            if (unlikely(done.more != 0)) {
                const auto from = free_.at();
                free_.move_to(put_more(lane_, from, done.more));
                uncounted_ += free_.at() - from;
            }
        }

      private:
        __rte_always_inline void count() noexcept
        {
            const auto n = free_.at() - uncounted_;
            if (n == 0) return;
            uncounted_ = free_.at();
            lane_.deadlines.done(epoch_, n);
            lane_.finished_.store(lane_.finished_.load(std::memory_order_relaxed) + n,
                                  std::memory_order_relaxed);
        }
        /// Slots the operation held besides go into the ring of free ids from `at` on; where it ends then.
        /// The links are ours alone: the card never sees them. Static, so that this object can stay in
        /// registers.
        __rte_noinline static std::uint32_t put_more(Lane& lane, std::uint32_t at,
                                                     std::uint16_t more) noexcept
        {
            while (more != 0) {
                const auto index = static_cast<std::uint16_t>(more - 1);
                auto& state = lane.channel->slots[index].state;
                const auto held = state.load(std::memory_order_relaxed);
                state.store(held & 0xffff, std::memory_order_relaxed);
                lane.free_.write(at++, index);
                more = static_cast<std::uint16_t>(held >> more_shift);
            }
            return at;
        }
        Lane& lane_;
        SpscRing<std::uint16_t>::Writer free_;
        std::uint32_t uncounted_; ///< where in the ring the first operation lies that was not counted yet
        std::uint16_t epoch_ = 0;
    };

    /// Takes an id for an operation; what is known of it goes into its slot, `rest` above the id's bits.
    __rte_always_inline static std::uint32_t take(Slot& slot, IdFormat ids, std::uint64_t rest,
                                                  void* token) noexcept
    {
        const auto id = ids.next(static_cast<std::uint16_t>(slot.state.load(std::memory_order_relaxed)));
        slot.token = token;
        slot.state.store(rest | live_bit | id, std::memory_order_release);
        return id;
    }
    /// Ids and elements of operations 0..n-1, where the ring was filled.
    __rte_always_inline void patch(const SlicePlan::Element* plan, const Work* work, std::uint32_t n,
                                   std::uint32_t at, Deadlines::Ticket ticket) noexcept
    {
        const Channel& c = *channel;
        const InOut from(plan);
        const auto epoch = std::uint64_t{ticket} << epoch_shift;
        auto* const requests = c.requests;
        auto* const slots = c.slots;
        const auto mask = c.mask;
        const auto ids = c.ids;
        SpscRing<std::uint16_t>::Reader free(free_);
        for (const auto* const end = work + n; work != end; ++work, at += 2) {
            const auto id = take(slots[free.take()], ids, epoch, work->token);
            auto* const to = &requests[at & mask]; // even, so its pair does not wrap
            put_head(to[0], from.first | id);
            to[0].source = from.source + work->in;
            put_head(to[1], from.second | id);
            to[1].destination = from.destination + work->out;
        }
    }
    /// Any plan, any sharing: elements are written whole.
    __rte_noinline void submit_whole(std::span<const SlicePlan::Element> plan, const Work* work,
                                     std::uint32_t n, Deadlines::Ticket ticket) noexcept
    {
        Channel& c = *channel;
        const auto elements = n * static_cast<std::uint32_t>(plan.size());
        const auto start = reserve(elements);
        const auto epoch = std::uint64_t{ticket} << epoch_shift;
        auto* const requests = c.requests;
        const auto mask = c.mask;
        {
            SpscRing<std::uint16_t>::Reader free(free_);
            auto at = start;
            for (std::uint32_t i = 0; i < n; ++i) {
                const auto id = take(c.slots[free.take()], c.ids, epoch, work[i].token);
                const Words head = {id, work[i].in}, tail = {work[i].out, 0};
                for (const auto& from : plan) fill_element(from, head, tail, requests[at++ & mask]);
            }
        }
        commit(start, elements, n);
    }
    template<class Out>
    __rte_noinline std::uint32_t poll_shared(std::uint32_t max, Out out) noexcept
    {
        auto n = take_handed(max, out);
        if (n < max && !channel->draining.exchange(true, std::memory_order_acquire)) {
            Channel& c = *channel;
            c.drain(max - n, [&c](std::uint32_t, const Done& done) {
                (void)c.lanes[done.slot >> c.lane_shift].done_.push(
                    done); // cannot be full: its ids are free only once their Done is taken
            });
            c.draining.store(false, std::memory_order_release);
            n += take_handed(max - n, [&out, n](std::uint32_t i, void* token, std::uint16_t code) {
                out(n + i, token, code);
            });
        }
        return n;
    }
    template<class Out>
    std::uint32_t take_handed(std::uint32_t max, Out&& out) noexcept
    {
        const auto n = done_.available(max);
        if (n == 0) return 0;
        Returned back(*this); // goes last: ids become free only when their places in the ring are
        SpscRing<Done>::Reader handed(done_);
        for (std::uint32_t i = 0; i < n; ++i) {
            const auto done = handed.take();
            back.add(done);
            out(i, done.token, done.code);
        }
        return n;
    }

    std::uint32_t first_ = 0, count_ = 0;
    SpscRing<std::uint16_t> free_; // producer: this lane's dequeue thread; consumer: its enqueue thread
    SpscRing<Done> done_;          // producer: drainer; consumer: this lane's dequeue thread
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> submitted_{0};
    std::uint32_t unflushed_ = 0;
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> finished_{0};
};

} // namespace qaic::dbc

#include "qaic/dbc/drain.hpp" // IWYU pragma: export
