// SPDX-License-Identifier: BSD-3-Clause
// Enqueue and dequeue bursts over a queue pair. HOT: between "op in" and the doorbell no system call, lock,
// allocation, log, exception, virtual call, MMIO read or shared counter. Contract: dpdk-driver-guide.md 3.4.
#pragma once
#include "qaic/queue_pair.hpp"
#include <array>
#include <rte_cycles.h>

namespace qaic::fast {

/// Checks an operation against the model it names. Everything here comes from the application.
[[nodiscard]] inline OpRule check_op(const rte_ml_op& op, const ModelPort* port) noexcept
{
    if (unlikely(port == nullptr)) return OpRule::MODEL;
    if (unlikely(op.nb_batches != 1)) return OpRule::BATCHES;
    if (unlikely(op.input == nullptr || op.output == nullptr)) return OpRule::NO_BUFFER;
    const rte_ml_buff_seg* const in = op.input[0];
    const rte_ml_buff_seg* const out = op.output[0];
    if (unlikely(in == nullptr || out == nullptr)) return OpRule::NO_BUFFER;
    if (unlikely(in->next != nullptr || out->next != nullptr)) return OpRule::SEGMENTS;
    if (unlikely(in->length < port->input_bytes)) return OpRule::INPUT_SIZE;
    if (unlikely(out->length < port->output_bytes)) return OpRule::OUTPUT_SIZE;
    if (unlikely(in->iova_addr == RTE_BAD_IOVA || out->iova_addr == RTE_BAD_IOVA)) return OpRule::IOVA;
    if (unlikely(!port->lane->channel->active())) return OpRule::FAULTED;
    return OpRule::NONE;
}

/// Takes an invalid operation in, to come back with ERROR: a short count would mean "full" to the
/// application.
inline void reject(QueuePair& qp, rte_ml_op& op, OpRule rule, const ModelPort* port) noexcept
{
    OpFate fate{.code = rule == OpRule::IOVA ? Code::E_IOVA : Code::E_INVAL};
    if (rule == OpRule::FAULTED) {
        const auto guard = port->lane->channel->fault.guard;
        fate = {.code = dbc::guard_info(guard).code, .guard = guard, .dbc = port->lane->channel->dbc};
        if (fate.code == Code::OK) fate.code = Code::E_BUSY;
    }
    fate.rule = static_cast<std::uint8_t>(rule);
    op.status = RTE_ML_OP_STATUS_NOT_PROCESSED;
    op.impl_opaque = fate.pack();
    (void)qp.rejects.push(&op); // has room for every operation the queue pair may hold
    qp.rejected.store(qp.rejected.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// Writes the request elements of one operation: the template with two addresses and the request id patched
/// in.
template<class At>
inline void fill_elements(const ModelPort& port, const rte_ml_op& op, std::uint16_t id, At&& at) noexcept
{
    const std::uint64_t in = op.input[0]->iova_addr, out = op.output[0]->iova_addr;
    for (std::uint32_t e = 0; e < port.element_count; ++e) {
        const auto& from = port.elements[e];
        aic100::RequestElement& to = at(e);
        to = from.wire;
        to.source = from.wire.source.get() + (in & from.in_mask);
        to.destination = from.wire.destination.get() + (out & from.out_mask);
        to.req_id = id;
    }
}

/// Submits ops[0..n), all valid and for one port. Returns how many there was room for.
inline std::uint32_t submit_run(const ModelPort& port, rte_ml_op** ops, std::uint32_t n,
                                std::uint64_t now) noexcept
{
    return port.lane->submit(
        n, now, [ops](std::uint32_t i) -> void* { return ops[i]; },
        [&](std::uint32_t i, std::uint16_t id, auto&& at) {
            ops[i]->status = RTE_ML_OP_STATUS_NOT_PROCESSED;
            fill_elements(port, *ops[i], id, at);
        });
}

/// Lanes that were written to in this burst: one doorbell each, at the end.
class DirtyLanes {
  public:
    void add(dbc::Lane* lane) noexcept
    {
        if (last_ == lane) return;
        last_ = lane;
        for (std::uint32_t i = 0; i < count_; ++i)
            if (lanes_[i] == lane) return;
        if (count_ < lanes_.size())
            lanes_[count_++] = lane;
        else
            lane->flush();
    }
    ~DirtyLanes()
    {
        for (std::uint32_t i = 0; i < count_; ++i) lanes_[i]->flush();
    }

  private:
    dbc::Lane* last_ = nullptr;
    std::uint32_t count_ = 0;
    std::array<dbc::Lane*, aic100::dbc_count> lanes_; // NOLINT: filled up to count_
};

/// Accepts a prefix of ops[0..n) and returns its length; short only when full.
inline std::uint16_t enqueue_burst(QueuePair& qp, rte_ml_op** ops, std::uint16_t n) noexcept
{
    const BurstScope scope(qp.enqueue_mark);
    const auto enqueued = qp.enqueued.load(std::memory_order_relaxed);
    if (qp.depth - (enqueued - qp.dequeued_seen) < n)
        qp.dequeued_seen = qp.dequeued.load(std::memory_order_acquire);
    const auto limit =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(n, qp.depth - (enqueued - qp.dequeued_seen)));
    const auto now = rte_rdtsc();
    std::uint32_t i = 0;
    {
        DirtyLanes dirty;
        while (i < limit) {
            const auto model = ops[i]->model_id;
            const ModelPort* const port =
                model < qp.model_count ? qp.ports[model].load(std::memory_order_acquire) : nullptr;
            if (const auto rule = check_op(*ops[i], port); unlikely(rule != OpRule::NONE)) {
                reject(qp, *ops[i++], rule, port);
                continue;
            }
            auto end = i + 1;
            while (end < limit && ops[end]->model_id == model && check_op(*ops[end], port) == OpRule::NONE)
                ++end;
            const auto taken = submit_run(*port, ops + i, end - i, now);
            if (taken != 0) dirty.add(port->lane);
            i += taken;
            if (i < end) break;
        }
        // Counted before the doorbells: the dequeue thread must never have handed back more than was taken
        // in.
        qp.enqueued.store(enqueued + i, std::memory_order_release);
    }
    if (i < n) qp.full.store(qp.full.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return static_cast<std::uint16_t>(i);
}

/// Where dequeue puts finished operations.
struct Out {
    rte_ml_op** ops;
    std::uint32_t count = 0, limit;
    std::uint32_t failed = 0;

    void give(rte_ml_op& op, OpFate fate) noexcept
    {
        const bool good = fate.code == Code::OK;
        op.status = good ? RTE_ML_OP_STATUS_SUCCESS : RTE_ML_OP_STATUS_ERROR;
        if (unlikely(!good)) op.impl_opaque = fate.pack(), ++failed;
        ops[count++] = &op;
    }
    [[nodiscard]] std::uint32_t room() const noexcept { return limit - count; }
};

/// The card can no longer touch these operations: hand them back, each with its reason.
inline void flush_fenced(dbc::Lane& lane, Out& out) noexcept
{
    const auto& channel = *lane.channel;
    const auto guard = channel.fault.guard;
    lane.flush_outstanding(out.room(), rte_rdtsc(), [&](void* token, bool late) {
        const bool timed_out = late && guard == dbc::Guard::DEADLINE;
        out.give(*static_cast<rte_ml_op*>(token),
                 {.code = timed_out ? Code::E_TIMEOUT : dbc::guard_info(guard).code,
                  .guard = guard,
                  .dbc = channel.dbc});
    });
}

inline void poll_lane(QueuePair& qp, dbc::Lane& lane, Out& out) noexcept
{
    auto& channel = *lane.channel;
    const auto state = channel.state.load(std::memory_order_acquire);
    if (unlikely(state != dbc::ChannelState::ACTIVE)) {
        if (state == dbc::ChannelState::FENCED) flush_fenced(lane, out);
        return;
    }
    const auto before = out.count;
    lane.poll(out.room(), [&](void* token, std::uint16_t code) {
        out.give(*static_cast<rte_ml_op*>(token),
                 code == 0 ? OpFate{} : OpFate{.code = Code::E_DMA, .card_code = code, .dbc = channel.dbc});
    });
    // Deadlines are judged when nothing came, so that whatever did finish is handed back first (reliability
    // H10), and now and then on a busy queue too, where one lost operation would hide.
    if ((out.count == before || (qp.calls & 255) == 0) && lane.late(rte_rdtsc()))
        channel.raise(dbc::Guard::DEADLINE);
}

inline void take_rejects(QueuePair& qp, std::uint32_t most, Out& out) noexcept
{
    const auto n = qp.rejects.available(most);
    if (likely(n == 0)) return;
    for (std::uint32_t i = 0; i < n; ++i) {
        auto& op = *qp.rejects.peek(i);
        out.give(op, OpFate::unpack(op.impl_opaque));
    }
    qp.rejects.consume(n);
}

/// Hands back up to n finished operations. Never blocks.
inline std::uint16_t dequeue_burst(QueuePair& qp, rte_ml_op** ops, std::uint16_t n) noexcept
{
    const BurstScope scope(qp.dequeue_mark);
    Out out{.ops = ops, .limit = n};
    ++qp.calls;
    // Half each: who submits nothing but bad operations must still get the good ones back, and the reverse.
    take_rejects(qp, n > 1 ? n / 2u : qp.calls & 1, out);
    const auto& lanes = qp.lanes.load(std::memory_order_acquire)->lanes;
    const auto count = static_cast<std::uint32_t>(lanes.size());
    for (std::uint32_t i = 0, at = qp.turn; i < count && out.room() != 0; ++i, ++at) {
        if (at >= count) at = 0;
        if (lanes[at]->outstanding() != 0) poll_lane(qp, *lanes[at], out);
    }
    if (++qp.turn >= count) qp.turn = 0;
    take_rejects(qp, out.room(), out);
    if (out.failed != 0)
        qp.failed.store(qp.failed.load(std::memory_order_relaxed) + out.failed, std::memory_order_relaxed);
    if (out.count != 0)
        qp.dequeued.store(qp.dequeued.load(std::memory_order_relaxed) + out.count, std::memory_order_release);
    return static_cast<std::uint16_t>(out.count);
}

} // namespace qaic::fast
