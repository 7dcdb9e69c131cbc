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
#include "qaic/dbc/channel.hpp"
#include "qaic/dbc/spsc_ring.hpp"

namespace qaic::dbc {

/// A finished operation on its way to its lane. `code` is the card's completion code, 0 = success.
struct Done {
    void* token = nullptr;
    std::uint16_t slot = 0; ///< still taken, so that the lane's ring has room for every Done there can be
    std::uint16_t tick = 0; ///< of Deadlines: when it was issued
    std::uint16_t code = 0;
};

class alignas(RTE_CACHE_LINE_SIZE) Lane {
  public:
    Channel* channel = nullptr;
    Deadlines deadlines;

    /// Set-up: owns slots [first, first + count) of the channel. All ids are free.
    void bind(Channel& owner, std::uint32_t first, std::uint32_t count, std::uint64_t limit,
              std::uint64_t now)
    {
        channel = &owner;
        first_ = first, count_ = count;
        free_.reset(count);
        done_.reset(count);
        for (std::uint32_t i = 0; i < count; ++i) (void)free_.push(static_cast<std::uint16_t>(first + i));
        deadlines.reset(limit, now);
        submitted_.store(0), finished_.store(0);
    }

    // ---- producer
    // ---------------------------------------------------------------------------------------------------
    /// Submits up to `count` operations; returns how many there were free ids for. fill(i, request_id, at)
    /// writes operation i, where at(e) is the RequestElement number e of it. The doorbell waits for flush()
    /// on an unshared channel. The caller has checked channel->active() and holds its queue pair's busy mark.
    template<class Token, class Fill>
    std::uint32_t submit(std::uint32_t count, std::uint64_t now, Token&& token, Fill&& fill) noexcept
    {
        const auto n = free_.available(count);
        if (n == 0) return 0;
        Channel& c = *channel;
        const std::uint32_t elements = n * c.elements_per_op;
        const auto start = c.shared() ? c.tail.fetch_add(elements, std::memory_order_relaxed)
                                      : c.tail.load(std::memory_order_relaxed);
        const auto tick = deadlines.issue(now, n);
        for (std::uint32_t i = 0; i < n; ++i) {
            const auto slot_index = free_.peek(i);
            auto& slot = c.slots[slot_index];
            const auto id = c.ids.make(slot_index, slot.generation);
            slot.generation = c.ids.next(slot.generation);
            slot.token = token(i);
            slot.tick = tick;
            slot.key.store(live_bit | id, std::memory_order_release);
            const auto base = start + i * c.elements_per_op;
            fill(i, id,
                 [&](std::uint32_t e) -> aic100::RequestElement& { return c.requests[(base + e) & c.mask]; });
        }
        free_.consume(n);
        submitted_.store(submitted_.load(std::memory_order_relaxed) + n, std::memory_order_release);
        if (c.shared()) {
            while (c.turn.load(std::memory_order_acquire) != start) rte_pause();
            c.publish(start + elements, n);
            c.turn.store(start + elements, std::memory_order_release);
        } else {
            c.tail.store(start + elements, std::memory_order_relaxed);
            unflushed_ += n;
        }
        return n;
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
    /// Hands over up to `max` finished operations of this lane: out(token, code).
    template<class Out>
    std::uint32_t poll(std::uint32_t max, Out&& out) noexcept
    {
        if (!channel->shared())
            return channel->drain(max, [&](Lane& lane, const Done& done) {
                lane.finish(done.slot, done.tick);
                out(done.token, done.code);
            });
        auto n = take_handed(max, out);
        if (n < max && !channel->draining.exchange(true, std::memory_order_acquire)) {
            channel->drain(max - n, [](Lane& lane, const Done& done) {
                (void)lane.done_.push(done); // cannot be full: its ids are free only once their Done is taken
            });
            channel->draining.store(false, std::memory_order_release);
            n += take_handed(max - n, out);
        }
        return n;
    }
    /// Control side, channel FENCED and every data-path thread out of it: hands back what is still
    /// outstanding, out(token, late) where `late` says that this very operation passed its deadline.
    template<class Out>
    std::uint32_t flush_outstanding(std::uint32_t max, std::uint64_t now, Out&& out) noexcept
    {
        auto n = take_handed(max, [&](void* token, std::uint16_t) { out(token, false); });
        for (auto i = first_; i < first_ + count_ && n < max; ++i) {
            auto& slot = channel->slots[i];
            if (slot.key.exchange(0, std::memory_order_acq_rel) == 0) continue;
            out(slot.token, deadlines.late(slot.tick, now));
            finish(static_cast<std::uint16_t>(i), slot.tick);
            ++n;
        }
        return n;
    }
    /// An operation went out longer ago than the limit and is not back. Consumer only.
    [[nodiscard]] bool late(std::uint64_t now) noexcept { return outstanding() != 0 && deadlines.late(now); }

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
    template<class Out>
    std::uint32_t take_handed(std::uint32_t max, Out&& out) noexcept
    {
        const auto n = done_.available(max);
        for (std::uint32_t i = 0; i < n; ++i) {
            const auto& done = done_.peek(i);
            finish(done.slot, done.tick);
            out(done.token, done.code);
        }
        done_.consume(n);
        return n;
    }
    /// Consumer of this lane: the operation is back, its id free again.
    void finish(std::uint16_t slot, std::uint16_t tick) noexcept
    {
        deadlines.done(tick);
        (void)free_.push(slot);
        finished_.store(finished_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    std::uint32_t first_ = 0, count_ = 0;
    SpscRing<std::uint16_t> free_; // producer: this lane's dequeue thread; consumer: its enqueue thread
    SpscRing<Done> done_;          // producer: drainer; consumer: this lane's dequeue thread
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> submitted_{0};
    std::uint32_t unflushed_ = 0;
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> finished_{0};
};

template<class Deliver>
std::uint32_t Channel::drain(std::uint32_t max, Deliver&& deliver) noexcept
{
    const auto n = std::min(readable(), max);
    std::uint32_t i = 0;
    for (; i < n; ++i) {
        const auto index = (head + i) & mask;
        const auto word = load_response(index);
        if (word == poison_word) break;
        const auto id = static_cast<std::uint16_t>(word);
        const auto slot_index = ids.slot(id);
        if (slot_index >= slot_count ||
            slots[slot_index].key.load(std::memory_order_acquire) != (live_bit | id)) {
            raise(Guard::Q_ID, id, slot_count);
            break;
        }
        auto& slot = slots[slot_index];
        Lane& lane = lanes[slot_index >> lane_shift];
        void* const token = slot.token;
        const auto tick = slot.tick;
        slot.key.store(0, std::memory_order_relaxed);
        responses[index] = poison_word;
        deliver(lane, Done{token, static_cast<std::uint16_t>(slot_index), tick,
                           static_cast<std::uint16_t>(word >> 16)});
    }
    if (i == 0) return 0;
    head = (head + i) & mask;
    completed.store(completed.load(std::memory_order_relaxed) + i, std::memory_order_relaxed);
    unacknowledged += i;
    if (unacknowledged < acknowledge_at) return i;
    unacknowledged = 0;
    rte_io_wmb(); // elements read and refilled before their slots are the card's again
    rte_write32_relaxed(rte_cpu_to_le_32(head), reg_rsphp);
    return i;
}

} // namespace qaic::dbc
