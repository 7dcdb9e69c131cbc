// SPDX-License-Identifier: BSD-3-Clause
// Single-producer single-consumer ring of small values, each side on its own cache lines with a cached copy
// of the other side's index. rte_ring costs 11 cycles at burst 1 (dpdk-driver-guide.md 8); this is on the
// path of every op.
#pragma once
#include "qaic/bus/placed.hpp"
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <rte_common.h>

namespace qaic::dbc {

template<class T>
class SpscRing {
  public:
    SpscRing() = default;
    /// Room for at least `capacity` values. Set-up only: no thread may be using the ring.
    void reset(std::uint32_t capacity, std::pmr::memory_resource& memory = *std::pmr::new_delete_resource())
    {
        const auto n = std::bit_ceil(std::max(capacity, 2u));
        if (n != mask_ + 1 || !slots_) slots_ = place_array<T>(memory, n);
        mask_ = n - 1;
        head_.store(0), tail_.store(0);
        cached_head_ = cached_tail_ = 0;
    }

    // ---- producer ----
    [[nodiscard]] bool push(const T& value) noexcept
    {
        const auto tail = tail_.load(std::memory_order_relaxed);
        if (tail - cached_head_ > mask_) {
            cached_head_ = head_.load(std::memory_order_acquire);
            if (tail - cached_head_ > mask_) return false;
        }
        slots_[tail & mask_] = value;
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// Several at once, where the caller knows that there is room. A local object, so that the loop that
    /// writes keeps its state in registers; what was put is published when it goes.
    class Writer {
      public:
        explicit Writer(SpscRing& ring) noexcept
            : ring_(ring), slots_(ring.slots_.get()), mask_(ring.mask_),
              at_(ring.tail_.load(std::memory_order_relaxed))
        {}
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;
        ~Writer() { ring_.tail_.store(at_, std::memory_order_release); }
        void put(const T& value) noexcept { slots_[at_++ & mask_] = value; }
        [[nodiscard]] std::uint32_t at() const noexcept { return at_; }
        /// Past values that write() has put there.
        void move_to(std::uint32_t at) noexcept { at_ = at; }

      private:
        SpscRing& ring_;
        T* const slots_;
        const std::uint32_t mask_;
        std::uint32_t at_;
    };

    /// One of those values, by its place.
    void write(std::uint32_t at, const T& value) noexcept { slots_[at & mask_] = value; }

    /// Set-up only, or when both sides are still: visits what is in the ring.
    template<class Visit>
    void each(Visit&& visit) const
    {
        for (auto at = head_.load(std::memory_order_acquire); at != tail_.load(std::memory_order_acquire);
             ++at)
            visit(slots_[at & mask_]);
    }

    // ---- consumer ----
    /// How many values, at most `wanted`, can be taken now. Looks at the producer's index only when it must.
    [[nodiscard]] std::uint32_t available(std::uint32_t wanted) noexcept
    {
        const auto head = head_.load(std::memory_order_relaxed);
        if (cached_tail_ - head < wanted) cached_tail_ = tail_.load(std::memory_order_acquire);
        return std::min(cached_tail_ - head, wanted);
    }
    /// Value `i` past the head; valid for i < available().
    [[nodiscard]] const T& peek(std::uint32_t i) const noexcept
    {
        return slots_[(head_.load(std::memory_order_relaxed) + i) & mask_];
    }
    void consume(std::uint32_t count) noexcept
    {
        head_.store(head_.load(std::memory_order_relaxed) + count, std::memory_order_release);
    }
    /// The same as a local object: take() at most available() times; they are consumed when it goes.
    class Reader {
      public:
        explicit Reader(SpscRing& ring) noexcept
            : ring_(ring), slots_(ring.slots_.get()), mask_(ring.mask_),
              at_(ring.head_.load(std::memory_order_relaxed))
        {}
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        ~Reader() { ring_.head_.store(at_, std::memory_order_release); }
        [[nodiscard]] T take() noexcept { return slots_[at_++ & mask_]; }

      private:
        SpscRing& ring_;
        const T* const slots_;
        const std::uint32_t mask_;
        std::uint32_t at_;
    };

  private:
    PlacedArray<T> slots_;
    std::uint32_t mask_ = 0;
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint32_t> head_{0}; // consumer's line
    std::uint32_t cached_tail_ = 0;
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint32_t> tail_{0}; // producer's line
    std::uint32_t cached_head_ = 0;
};

} // namespace qaic::dbc
