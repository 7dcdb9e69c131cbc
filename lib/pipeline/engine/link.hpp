// SPDX-License-Identifier: BSD-3-Clause
// Hot. The queue into one replica of a stage: an rte_ring of mbuf pointers. Now and then a pointer carries a
// mark in its lowest bit: that item's time in the queue is measured. No other item is touched here, which on
// two cores would cost a cache line each.
#pragma once
#include "pipeline/spec.hpp"
#include "pipeline/stage.h"
#include "stats/live_histogram.hpp"
#include <bit>
#include <memory>
#include <rte_cycles.h>
#include <rte_ring.h>

namespace pipeline {

using stats::LiveCount;

/// The consumer's end, and the ring. Both ends have cache lines of their own: the producer writes its counts
/// at each burst.
class alignas(64) Link {
  public:
    /// E_NOMEM. `name` is rte_ring's; `producers`: how many threads put.
    static Result<std::unique_ptr<Link>> make(const std::string& name, const LinkSpec& spec,
                                              std::size_t producers, int numa);
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() { rte_ring_free(ring_); }

    /// At most n, without waiting. `entered`: of a measured item among them; else as it was.
    std::uint16_t take(rte_mbuf** items, std::uint16_t n, std::uint64_t& entered) noexcept
    {
        const auto got =
            static_cast<std::uint16_t>(rte_ring_dequeue_burst(ring_, to_void(items), n, nullptr));
        std::uintptr_t any = 0;
        for (std::uint16_t i = 0; i < got; ++i) any |= std::bit_cast<std::uintptr_t>(items[i]);
        if ((any & 1U) != 0) entered = clear_marks(items, got);
        return got;
    }
    /// Any thread.
    [[nodiscard]] std::uint32_t waiting() const noexcept { return rte_ring_count(ring_); }

    const LinkSpec spec;

  private:
    friend class LinkEnd;
    Link(rte_ring* ring, const LinkSpec& s) : spec(s), ring_(ring) {}

    static void** to_void(rte_mbuf** items) noexcept { return reinterpret_cast<void**>(items); }
    static rte_mbuf* marked(rte_mbuf* m) noexcept
    {
        return std::bit_cast<rte_mbuf*>(std::bit_cast<std::uintptr_t>(m) | 1U);
    }
    static rte_mbuf* unmarked(rte_mbuf* m) noexcept
    {
        return std::bit_cast<rte_mbuf*>(std::bit_cast<std::uintptr_t>(m) & ~std::uintptr_t{1});
    }
    static std::uint64_t clear_marks(rte_mbuf** items, std::uint16_t n) noexcept
    {
        std::uint64_t entered = 0;
        for (std::uint16_t i = 0; i < n; ++i)
            if ((std::bit_cast<std::uintptr_t>(items[i]) & 1U) != 0) {
                items[i] = unmarked(items[i]);
                entered = qaic_pipe_item_of(items[i])->entered;
            }
        return entered;
    }

    rte_ring* ring_;
};

/// A producer's end. One thread; its counts may be read by any.
class alignas(64) LinkEnd {
  public:
    explicit LinkEnd(Link& l) : link(l) {}

    /// How many of the first n went in; the others stay the caller's.
    std::uint16_t put(rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
    {
        const bool sample = now - sampled_ > sample_every;
        if (sample) {
            qaic_pipe_item_of(items[0])->entered = now;
            items[0] = Link::marked(items[0]);
            sampled_ = now;
        }
        unsigned free = 0;
        const auto in =
            static_cast<std::uint16_t>(rte_ring_enqueue_burst(link.ring_, Link::to_void(items), n, &free));
        if (sample && in == 0) items[0] = Link::unmarked(items[0]);
        bursts.add(1);
        moved.add(in);
        if (in < n) full_bursts.add(1);
        high_water.raise_to(rte_ring_get_capacity(link.ring_) - free);
        return in;
    }
    /// Takes the oldest n back out to make room: how many there were.
    std::uint16_t take_oldest(rte_mbuf** items, std::uint16_t n) noexcept
    {
        std::uint64_t entered = 0;
        return link.take(items, n, entered);
    }

    Link& link;
    LiveCount moved, bursts, full_bursts, high_water;
    LiveCount dropped; ///< for the link's policy

  private:
    static constexpr std::uint64_t sample_every = 4096; ///< ticks: 1 to 2 us
    std::uint64_t sampled_ = 0;
};

} // namespace pipeline
