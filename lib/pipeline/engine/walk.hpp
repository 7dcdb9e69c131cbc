// SPDX-License-Identifier: BSD-3-Clause
// Hot. What rte_graph calls: each replica of a stage is a node; nodes with queues of their own are sources of
// the graph, and what can be called on the same lcore follows by its edge 0.
#pragma once
#include "pipeline/engine/hand_over.hpp"
#include <cstring>
#include <rte_graph_worker.h>

namespace pipeline::hot {

inline Seat& seat_of(rte_node* node) noexcept { return *static_cast<Seat*>(node->ctx_ptr); }

/// Ticks from one reading to another, which may be of another core and a little ahead: then 0.
inline std::uint64_t ticks_between(std::uint64_t then, std::uint64_t now) noexcept
{
    return now > then ? now - then : 0;
}

/// Counts and removes what the verdicts take away; how many stay, in their order.
inline std::uint16_t settle(Seat& s, rte_mbuf** items, std::uint16_t n, const std::uint8_t* verdict) noexcept
{
    std::uint16_t kept = 0;
    for (std::uint16_t i = 0; i < n; ++i) {
        if (verdict[i] == QAIC_PIPE_PASS) {
            items[kept++] = items[i];
        } else if (verdict[i] != QAIC_PIPE_TAKEN) {
            const std::size_t own =
                std::min<std::size_t>(verdict[i] - QAIC_PIPE_DROP, QAIC_PIPE_MOST_REASONS - 1);
            drop_numbered(s, s.into_order, items[i], OWN_REASONS + own);
        }
    }
    return kept;
}

inline bool all_pass(const std::uint8_t* verdict, std::uint16_t n) noexcept
{
    std::uint8_t any = 0;
    for (std::uint16_t i = 0; i < n; ++i) any |= verdict[i];
    return any == 0;
}

/// From a stage to wherever its items go; `items` may be the node's own array.
inline void hand_over(Seat& s, rte_graph* graph, rte_node* node, rte_mbuf** items, std::uint16_t n,
                      std::uint64_t now) noexcept
{
    if (n == 0) return;
    s.out.add(n);
    switch (s.to) {
    case HandOver::CALL:
        if (reinterpret_cast<void**>(items) == node->objs) {
            node->idx = n;
            rte_node_next_stream_move(graph, node, 0);
        } else {
            rte_node_enqueue(graph, node, 0, reinterpret_cast<void**>(items), n);
        }
        return;
    case HandOver::QUEUES: return to_queues(s, items, n, now);
    case HandOver::ORDER: return to_order(s, items, n);
    case HandOver::END: return;
    }
}

/// A sink's burst: time from its source, then the stage, then the end of what the stage did not take.
inline void run_sink(Seat& s, rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
{
    std::uint64_t weight = 0;
    for (std::uint16_t i = 0; i < n; ++i) {
        const auto& item = *qaic_pipe_item_of(items[i]);
        s.end_to_end.record(ticks_between(item.born, now));
        weight += item.weight;
    }
    std::uint8_t verdict[most_items];
    std::memset(verdict, 0, n);
    s.kind->run(s.self, items, n, verdict);
    std::uint64_t gone = s.ledger_dropped.get();
    std::uint16_t out = 0;
    for (std::uint16_t i = 0; i < n; ++i)
        out = static_cast<std::uint16_t>(out + (verdict[i] == QAIC_PIPE_TAKEN));
    const auto kept = settle(s, items, n, verdict);
    gone = s.ledger_dropped.get() - gone;
    for (std::uint16_t i = 0; i < kept; ++i) free_item(items[i]);
    s.ledger_out.add(weight - gone);
    s.out.add(out + kept);
}

/// A burst through a stage that keeps nothing, and on to what follows.
inline void run_burst(Seat& s, rte_graph* graph, rte_node* node, rte_mbuf** items, std::uint16_t n,
                      std::uint64_t entered) noexcept
{
    const auto start = rte_rdtsc();
    s.in.add(n);
    std::uint16_t kept = n;
    if (s.to == HandOver::END) {
        run_sink(s, items, n, start);
        kept = 0;
    } else {
        std::uint8_t verdict[most_items];
        std::memset(verdict, 0, n);
        s.kind->run(s.self, items, n, verdict);
        if (!all_pass(verdict, n)) kept = settle(s, items, n, verdict);
    }
    const auto end = rte_rdtsc();
    s.latency.record(ticks_between(entered != 0 ? entered : start, end));
    s.busy.add(end - start);
    s.bursts.add(1);
    hand_over(s, graph, node, items, kept, end);
}

/// True: all that this node's items can reach on this lcore has room.
inline bool gates_open(const Seat& s, std::uint64_t now) noexcept
{
    bool open = true;
    for (auto* const x : s.gates) open = flush(*x, now) && open;
    return open;
}

/// From its queues, beginning with another one each time.
inline std::uint16_t take(Seat& s, rte_mbuf** items, std::uint16_t n, std::uint64_t& entered) noexcept
{
    std::uint16_t got = 0;
    for (std::size_t tried = 0; tried < s.queues.size() && got < n; ++tried) {
        got = static_cast<std::uint16_t>(
            got + s.queues[s.queue_turn]->take(items + got, static_cast<std::uint16_t>(n - got), entered));
        s.queue_turn = s.queue_turn + 1 == s.queues.size() ? 0 : s.queue_turn + 1;
    }
    return got;
}

/// True: fewer than a batch are here, and they may wait for more.
inline bool waits_for_company(Seat& s, std::uint64_t now) noexcept
{
    std::size_t here = 0;
    for (const auto* q : s.queues) here += q->waiting();
    if (here == 0 || here >= s.batch || s.orders->draining.load(std::memory_order_relaxed)) {
        s.waits_since = 0;
        return here == 0;
    }
    if (s.waits_since == 0) s.waits_since = now;
    if (now - s.waits_since < s.batch_wait) return true;
    s.waits_since = 0;
    return false;
}

inline std::uint16_t drop_late(Seat& s, rte_mbuf** items, std::uint16_t n, std::uint64_t now) noexcept
{
    std::uint16_t kept = 0;
    for (std::uint16_t i = 0; i < n; ++i) {
        if (ticks_between(qaic_pipe_item_of(items[i])->born, now) > s.deadline)
            drop_numbered(s, s.into_order, items[i], DEADLINE);
        else
            items[kept++] = items[i];
    }
    return kept;
}

inline void make_room(rte_graph* graph, rte_node* node) noexcept
{
    if (unlikely(node->size < most_items)) __rte_node_stream_alloc_size(graph, node, most_items);
}

// ------------------------------------------------------------- what rte_graph calls

/// A stage that is called with the burst of the one before it, which may be more than it takes at once: that
/// one's batch may be larger, and two sources of the graph may both have added to it.
inline std::uint16_t called(rte_graph* graph, rte_node* node, void** objs, std::uint16_t all) noexcept
{
    auto& s = seat_of(node);
    auto** items = reinterpret_cast<rte_mbuf**>(objs);
    const auto n = s.deadline != 0 ? drop_late(s, items, all, rte_rdtsc()) : all;
    if (n <= s.batch) {
        if (n != 0) run_burst(s, graph, node, items, n, 0);
        return all;
    }
    rte_mbuf* part[most_items];
    for (std::uint16_t done = 0; done < n;) {
        const auto m = std::min(s.batch, static_cast<std::uint16_t>(n - done));
        std::copy_n(items + done, m, part);
        run_burst(s, graph, node, part, m, 0);
        done = static_cast<std::uint16_t>(done + m);
    }
    return all;
}

/// What draining ends is said by the source itself: until then it may be in the middle of a burst that nobody
/// has counted yet.
inline bool has_ended(Seat& s) noexcept
{
    if (!s.ended && s.orders->draining.load(std::memory_order_relaxed)) {
        s.ended = true;
        s.has_ended.store(true, std::memory_order_release);
    }
    return s.ended;
}

inline std::uint16_t source(rte_graph* graph, rte_node* node, void** /*objs*/, std::uint16_t /*n*/) noexcept
{
    auto& s = seat_of(node);
    const auto now = rte_rdtsc();
    if (!gates_open(s, now) || has_ended(s)) return 0;
    make_room(graph, node);
    auto** items = reinterpret_cast<rte_mbuf**>(node->objs);
    std::uint8_t verdict[most_items];
    const auto n = s.kind->run(s.self, items, s.batch, verdict);
    if (n == QAIC_PIPE_END) {
        s.ended = true;
        s.has_ended.store(true, std::memory_order_release);
        return 0;
    }
    if (n == 0) return 0;
    const auto end = rte_rdtsc();
    for (std::uint16_t i = 0; i < n; ++i) {
        auto& item = *qaic_pipe_item_of(items[i]);
        item.seq = s.next_seq++;
        item.born = end;
        item.source = s.source_number;
    }
    *s.moved += n;
    s.ledger_in.add(n);
    s.busy.add(end - now);
    s.bursts.add(1);
    s.latency.record(end - now);
    hand_over(s, graph, node, items, n, end);
    return n;
}

/// A stage with queues of its own that keeps nothing.
inline std::uint16_t queued(rte_graph* graph, rte_node* node, void** /*objs*/, std::uint16_t /*n*/) noexcept
{
    auto& s = seat_of(node);
    const auto now = rte_rdtsc();
    if (!gates_open(s, now) || (s.batch_wait != 0 && waits_for_company(s, now))) return 0;
    make_room(graph, node);
    auto** items = reinterpret_cast<rte_mbuf**>(node->objs);
    std::uint64_t entered = 0;
    auto n = take(s, items, s.batch, entered);
    if (n == 0) return 0;
    *s.moved += n;
    if (s.deadline != 0) n = drop_late(s, items, n, now);
    if (n != 0) run_burst(s, graph, node, items, n, entered);
    return n;
}

/// What a stage that keeps items gives back.
inline std::uint16_t give_back(Seat& s, rte_graph* graph, rte_node* node) noexcept
{
    auto** items = reinterpret_cast<rte_mbuf**>(node->objs);
    std::uint8_t verdict[most_items] = {};
    const auto n = s.kind->poll(s.self, items, most_items, verdict);
    if (n == 0) return 0;
    const auto now = rte_rdtsc();
    for (std::uint16_t i = 0; i < n; ++i)
        if (auto& item = *qaic_pipe_item_of(items[i]); item.entered != 0) {
            s.latency.record(ticks_between(item.entered, now));
            item.entered = 0;
        }
    hand_over(s, graph, node, items, all_pass(verdict, n) ? n : settle(s, items, n, verdict), now);
    return n;
}

/// What a stage that keeps items can take now. Of each burst the first is measured, and what its queue
/// measures.
inline std::uint16_t feed(Seat& s, rte_graph* graph, rte_node* node, std::uint64_t now) noexcept
{
    const auto room = std::min<std::uint32_t>(s.kind->ready(s.self), s.batch);
    if (room == 0 || (s.batch_wait != 0 && waits_for_company(s, now))) return 0;
    rte_mbuf* items[most_items];
    std::uint64_t entered = 0;
    auto n = take(s, items, static_cast<std::uint16_t>(room), entered);
    if (n == 0) return 0;
    if (s.deadline != 0) n = drop_late(s, items, n, now);
    if (n == 0) return 0;
    for (std::uint16_t i = 0; i < n; ++i) qaic_pipe_item_of(items[i])->entered = 0;
    qaic_pipe_item_of(items[0])->entered = entered != 0 ? entered : now;
    s.in.add(n);
    std::uint8_t verdict[most_items];
    std::memset(verdict, 0, n);
    s.kind->run(s.self, items, n, verdict);
    hand_over(s, graph, node, items, settle(s, items, n, verdict), now);
    return n;
}

inline std::uint16_t keeping(rte_graph* graph, rte_node* node, void** /*objs*/, std::uint16_t /*n*/) noexcept
{
    auto& s = seat_of(node);
    const auto now = rte_rdtsc();
    if (!gates_open(s, now)) return 0;
    make_room(graph, node);
    if (s.orders->draining.load(std::memory_order_relaxed)) s.kind->drain(s.self);
    const auto back = give_back(s, graph, node);
    // What came back may have filled what follows: taking more comes when that has room again.
    const auto fed =
        s.to == HandOver::QUEUES && s.exit.waiting_n != 0 ? std::uint16_t{0} : feed(s, graph, node, now);
    if (back + fed != 0) {
        *s.moved += back + fed;
        s.held.store(s.kind->held(s.self), std::memory_order_relaxed);
        s.busy.add(rte_rdtsc() - now);
        s.bursts.add(1);
    }
    return static_cast<std::uint16_t>(back + fed);
}

/// Replicas' items, in order.
inline std::uint16_t gather(rte_graph* graph, rte_node* node, void** /*objs*/, std::uint16_t /*n*/) noexcept
{
    auto& s = seat_of(node);
    const auto now = rte_rdtsc();
    if (!gates_open(s, now)) return 0;
    make_room(graph, node);
    auto** items = reinterpret_cast<rte_mbuf**>(node->objs);
    const auto n = s.into_order->take({items, most_items});
    if (n != 0) {
        *s.moved += n;
        s.in.add(n);
        s.bursts.add(1);
        hand_over(s, graph, node, items, n, now);
    }
    return n;
}

} // namespace pipeline::hot
