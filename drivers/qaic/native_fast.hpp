// SPDX-License-Identifier: BSD-3-Clause
// The data path below mldev: a queue pair taken raw, whose operations are a token and two addresses
// (rte_pmd_qaic_dp.h). Same queue pair, lanes, guards and counts; no rte_ml_op, no buffer checks. HOT.
#pragma once
#include "qaic/mldev_fast.hpp"

namespace qaic::fast {

/// An operation that came back.
struct Finished {
    void* token;
    std::uint32_t code;      ///< Code; 0 = the output is valid
    std::uint32_t card_code; ///< of the DMA Bridge, with E_DMA
};

/// Some of them the card cannot reach: those are not sent, but come back with E_IOVA.
template<class Submit>
__rte_noinline std::uint32_t submit_some(QueuePair& qp, const ModelPort& port, const dbc::Work* work,
                                         std::uint32_t n, const Submit& submit) noexcept
{
    std::uint32_t i = 0;
    while (i < n) {
        const auto good = reachable(qp, port, work + i, n - i);
        const std::uint32_t taken = good != 0 ? submit(port, work + i, good) : 0;
        i += taken;
        if (taken < good || i == n) break;
        (void)qp.rejects.push(static_cast<rte_ml_op*>(work[i++].token)); // carried, not looked into
        qp.rejected.store(qp.rejected.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    return i;
}

/// All of them lie in the queue pair's windows.
__rte_always_inline bool in_windows(const QueuePair& qp, const ModelPort& port, const dbc::Work* work,
                                    std::uint32_t n) noexcept
{
    InWindows inside(qp, port);
    for (std::uint32_t i = 0; i < n; ++i) inside.add(work[i]);
    return inside.all();
}

/// Accepts the first n operations there is room for, one doorbell. 0 too when the model is not started on
/// this queue pair or its DBC is out of use: poll() goes on handing back what was accepted.
template<class Submit>
__rte_always_inline std::uint16_t submit_with(QueuePair& qp, std::uint16_t model, const dbc::Work* work,
                                              std::uint16_t n, const Submit& submit) noexcept
{
    const BurstScope scope(qp.enqueue_mark);
    const ModelPort* const port = port_of(qp, model);
    if (unlikely(port == nullptr || !port->lane->channel->active())) return 0;
    const auto enqueued = qp.enqueued.load(std::memory_order_relaxed);
    const auto limit = within_depth(qp, enqueued, n);
    follow_reach(qp);
    const std::uint32_t taken = likely(in_windows(qp, *port, work, limit))
                                    ? submit(*port, work, limit)
                                    : submit_some(qp, *port, work, limit, submit);
    qp.enqueued.store(enqueued + taken,
                      std::memory_order_release); // before the doorbell, as in enqueue_burst
    port->lane->flush();
    if (taken < n) qp.full.store(qp.full.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return static_cast<std::uint16_t>(taken);
}
inline std::uint16_t submit_burst(QueuePair& qp, std::uint16_t model, const dbc::Work* work,
                                  std::uint16_t n) noexcept
{
    return submit_with(
        qp, model, work, n,
        [](const ModelPort& port, const dbc::Work* some, std::uint32_t most) __attribute__((always_inline)) {
            return port.lane->submit({port.elements, port.element_count}, some, most);
        });
}
/// The same; they are late `limit` TSC cycles from now, whatever the device's limit is.
inline std::uint16_t submit_burst_by(QueuePair& qp, std::uint16_t model, const dbc::Work* work,
                                     std::uint16_t n, std::uint64_t limit) noexcept
{
    return submit_with(
        qp, model, work, n, [limit](const ModelPort& port, const dbc::Work* some, std::uint32_t most) {
            return port.lane->submit_by({port.elements, port.element_count}, some, most, rte_rdtsc(), limit);
        });
}

/// Hands back up to n finished operations. Never blocks.
inline std::uint16_t poll_burst(QueuePair& qp, Finished* out, std::uint16_t n) noexcept
{
    const BurstScope scope(qp.dequeue_mark);
    ++qp.calls;
    const auto& lanes = qp.lanes.load(std::memory_order_acquire)->lanes;
    const auto count = static_cast<std::uint32_t>(lanes.size());
    std::uint32_t got = 0;
    std::uint64_t failed = 0;
    for (; got < n && unlikely(qp.rejects.available(1) != 0); ++got, ++failed) {
        out[got] = {qp.rejects.peek(0), static_cast<std::uint32_t>(Code::E_IOVA), 0};
        qp.rejects.consume(1);
    }
    for (std::uint32_t i = 0, at = qp.turn; i < count && got < n; ++i, ++at) {
        if (at >= count) at = 0;
        auto& lane = *lanes[at];
        const auto state = lane.channel->state.load(std::memory_order_acquire);
        Finished* const to = out + got;
        if (likely(state == dbc::ChannelState::ACTIVE)) {
            std::uint32_t bad = 0;
            got += lane.poll(
                n - got, [ to, &bad ](std::uint32_t k, void* token, std::uint16_t code)
                             __attribute__((always_inline)) {
                                 to[k] = {token, 0, code};
                                 if (unlikely(code != 0))
                                     to[k].code = static_cast<std::uint32_t>(Code::E_DMA), ++bad;
                             });
            if (unlikely(bad != 0)) failed += bad, lane.count_errors(bad);
        } else if (state == dbc::ChannelState::FENCED) {
            const auto flushed =
                flush_fenced(lane, n - got, [k = to](void* token, const OpFate& fate) mutable {
                    *k++ = {token, static_cast<std::uint32_t>(fate.code), 0};
                });
            got += flushed, failed += flushed;
            lane.count_errors(flushed);
        }
    }
    if (++qp.turn >= count) qp.turn = 0;
    if (got == 0 || (qp.calls & 255) == 0) judge_deadlines(lanes);
    if (failed != 0)
        qp.failed.store(qp.failed.load(std::memory_order_relaxed) + failed, std::memory_order_relaxed);
    if (got != 0)
        qp.dequeued.store(qp.dequeued.load(std::memory_order_relaxed) + got, std::memory_order_release);
    return static_cast<std::uint16_t>(got);
}

} // namespace qaic::fast
