// SPDX-License-Identifier: BSD-3-Clause
// Hot. Items leave a stage: into queues, by the policy of the link, or nowhere. Nothing here waits, allocates
// or calls the system.
#pragma once
#include "pipeline/batch_item.hpp"
#include "pipeline/engine/seat.hpp"

namespace pipeline::hot {

inline void drop(Seat& s, rte_mbuf* m, std::size_t reason) noexcept
{
    s.dropped[reason].add(1);
    s.ledger_dropped.add(qaic_pipe_item_of(m)->weight);
    free_item(m);
}

/// Of an item that has a number: whoever puts them into order must not wait for it.
inline void drop_numbered(Seat& s, OrderWindow* numbers, rte_mbuf* m, std::size_t reason) noexcept
{
    if (numbers != nullptr) numbers->publish_gone(qaic_pipe_item_of(m)->order);
    drop(s, m, reason);
}

/// As many of the first n as there is room for in one queue; numbered on the way when they must be.
inline std::uint16_t put_one(Exit& x, LinkEnd& end, rte_mbuf** items, std::uint16_t n,
                             std::uint64_t now) noexcept
{
    if (x.numbers == nullptr) return end.put(items, n, now);
    n = static_cast<std::uint16_t>(std::min<std::uint32_t>(n, x.numbers->room()));
    if (n == 0) return 0;
    for (std::uint16_t i = 0; i < n; ++i) qaic_pipe_item_of(items[i])->order = x.numbers->next() + i;
    const auto in = end.put(items, n, now);
    x.numbers->given_out(in);
    return in;
}

/// Replicas take bursts in turn; a full one is passed over. How many went in.
inline std::uint16_t put(Exit& x, rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
{
    std::uint16_t in = 0;
    for (std::size_t tried = 0; tried < x.ends.size() && in < n; ++tried) {
        in = static_cast<std::uint16_t>(
            in + put_one(x, *x.ends[x.turn], items + in, static_cast<std::uint16_t>(n - in), now));
        x.turn = x.turn + 1 == x.ends.size() ? 0 : x.turn + 1;
    }
    return in;
}

/// False: something still waits for room behind this exit.
inline bool flush(Exit& x, std::uint64_t now) noexcept
{
    if (x.waiting_n == 0) return true;
    std::size_t in = 0;
    while (in < x.waiting_n) {
        const auto n = static_cast<std::uint16_t>(std::min<std::size_t>(x.waiting_n - in, most_items));
        const auto moved = put(x, x.waiting.data() + in, n, now);
        in += moved;
        if (moved < n) break;
    }
    std::copy(x.waiting.begin() + static_cast<std::ptrdiff_t>(in),
              x.waiting.begin() + static_cast<std::ptrdiff_t>(x.waiting_n), x.waiting.begin());
    x.waiting_n -= in;
    return x.waiting_n == 0;
}

inline void drop_oldest(Seat& s, rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
{
    Exit& x = s.exit;
    std::uint16_t in = 0;
    // Each round makes room for what is left; a bound, since consumers take from the same queues meanwhile.
    for (std::size_t round = 0; round < 4 * x.ends.size() && in < n; ++round) {
        if (x.numbers != nullptr && x.numbers->room() == 0)
            break; // not the queues are full: one item is late
        auto& end = *x.ends[x.turn];
        rte_mbuf* old[most_items];
        const auto wanted = static_cast<std::uint16_t>(n - in);
        const auto got = end.take_oldest(old, wanted);
        for (std::uint16_t i = 0; i < got; ++i) drop_numbered(s, x.numbers, old[i], LINK_FULL);
        end.dropped.add(got);
        in = static_cast<std::uint16_t>(in + put(x, items + in, wanted, now));
    }
    for (; in < n; ++in) {
        x.ends[x.turn]->dropped.add(1);
        drop(s, items[in], LINK_FULL);
    }
}

/// What found no room: by the link's policy.
inline void overflow(Seat& s, rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
{
    Exit& x = s.exit;
    switch (x.when_full) {
    case WhenFull::BLOCK: // whatever feeds this exit looks at `gates` first, so there is room for a round's
                          // items
        std::copy_n(items, n, x.waiting.begin() + static_cast<std::ptrdiff_t>(x.waiting_n));
        x.waiting_n += n;
        return;
    case WhenFull::DROP_OLDEST: return drop_oldest(s, items, n, now);
    case WhenFull::FAIL: s.fail_flag->store(true, std::memory_order_relaxed); [[fallthrough]];
    case WhenFull::DROP_NEWEST:
        for (std::uint16_t i = 0; i < n; ++i) drop(s, items[i], LINK_FULL);
        x.ends[x.turn]->dropped.add(n);
    }
}

/// Into the queues of the next stage.
inline void to_queues(Seat& s, rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
{
    // behind what waits already: the order is kept
    const auto in = s.exit.waiting_n != 0 ? std::uint16_t{0} : put(s.exit, items, n, now);
    if (in < n) overflow(s, items + in, static_cast<std::uint16_t>(n - in), now);
}

/// To whoever puts them into order.
inline void to_order(Seat& s, rte_mbuf** items, std::uint16_t n) noexcept
{
    for (std::uint16_t i = 0; i < n; ++i) s.into_order->publish(qaic_pipe_item_of(items[i])->order, items[i]);
}

} // namespace pipeline::hot
