// SPDX-License-Identifier: BSD-3-Clause
// Enqueue and dequeue bursts over a queue pair. HOT: between "op in" and the doorbell no system call, lock,
// allocation, log, exception, virtual call, MMIO read or shared counter. Contract: dpdk-driver-guide.md 3.4.
#pragma once
#include "qaic/in_windows.hpp"
#include <array>
#include <cstring>
#include <rte_cycles.h>

namespace qaic::fast {

/// The two numbers an operation starts with, compared as one.
struct OpHead {
    explicit OpHead(const rte_ml_op& op) noexcept { std::memcpy(&word, &op, sizeof word); }
    OpHead(std::uint16_t model, std::uint16_t batches) noexcept : word(model | std::uint32_t{batches} << 16)
    {}
    bool operator==(const OpHead&) const = default;
    std::uint32_t word;
};
static_assert(offsetof(rte_ml_op, model_id) == 0 && offsetof(rte_ml_op, nb_batches) == 2);

/// The one common case, in as few branches as can be: a started model, one segment each way. Everything
/// looked at comes from the application.
[[nodiscard]] __rte_always_inline bool plain(const rte_ml_op& op, const ModelPort& port, OpHead head) noexcept
{
    if (unlikely(!(OpHead(op) == head) || op.input == nullptr || op.output == nullptr)) return false;
    const rte_ml_buff_seg* const in = op.input[0];
    const rte_ml_buff_seg* const out = op.output[0];
    if (unlikely(in == nullptr || out == nullptr)) return false;
    const bool odd = (in->next != nullptr) | (out->next != nullptr) | (in->length < port.input_bytes) |
                     (out->length < port.output_bytes);
    return likely(!odd);
}

/// What is wrong with an operation that is not plain(); NONE for a good one over chains of segments.
[[nodiscard]] inline OpRule check_op(const ReachTable& reach, const rte_ml_op& op,
                                     const ModelPort* port) noexcept
{
    using dbc::ChainFault;
    if (port == nullptr) return OpRule::MODEL;
    if (op.nb_batches != port->batches) return OpRule::BATCHES;
    if (op.input == nullptr || op.output == nullptr) return OpRule::NO_BUFFER;
    if (op.input[0] == nullptr || op.output[0] == nullptr) return OpRule::NO_BUFFER;
    const auto in = dbc::check_chain(reach, op.input[0], port->input_bytes);
    const auto out = dbc::check_chain(reach, op.output[0], port->output_bytes);
    if (in == ChainFault::TOO_MANY || out == ChainFault::TOO_MANY) return OpRule::SEGMENTS;
    if (in == ChainFault::TOO_SHORT) return OpRule::INPUT_SIZE;
    if (out == ChainFault::TOO_SHORT) return OpRule::OUTPUT_SIZE;
    if (in == ChainFault::UNREACHABLE || out == ChainFault::UNREACHABLE) return OpRule::IOVA;
    return port->lane->channel->active() ? OpRule::NONE : OpRule::FAULTED;
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

/// Lanes that were written to in this burst: one doorbell each, at the end. Nearly always there is one.
class DirtyLanes {
  public:
    __rte_always_inline void add(dbc::Lane* lane) noexcept
    {
        if (likely(first_ == lane)) return;
        if (first_ == nullptr)
            first_ = lane;
        else
            add_another(lane);
    }
    __rte_always_inline void flush() noexcept
    {
        if (first_ != nullptr) first_->flush();
        for (std::uint32_t i = 0; unlikely(i < count_); ++i) others_[i]->flush();
    }

  private:
    __rte_noinline void add_another(dbc::Lane* lane) noexcept
    {
        for (std::uint32_t i = 0; i < count_; ++i)
            if (others_[i] == lane) return;
        if (count_ < others_.size())
            others_[count_++] = lane;
        else
            lane->flush();
    }
    dbc::Lane* first_ = nullptr;
    std::uint32_t count_ = 0;
    std::array<dbc::Lane*, aic100::dbc_count - 1> others_; // NOLINT: filled up to count_
};

/// An operation that is not plain(): refused, or over chains of segments and submitted. False when there is
/// no room now.
__rte_noinline inline bool take_odd(QueuePair& qp, rte_ml_op& op, const ModelPort* port) noexcept
{
    auto rule = check_op(qp.reach, op, port);
    if (rule == OpRule::NONE) {
        dbc::Chain chain; // NOLINT: filled up to count
        const bool fits =
            make_chain({port->elements, port->element_count}, op.input[0], op.output[0], chain) &&
            port->lane->slots_for(chain.count) <= port->lane->slots();
        if (fits) {
            if (!port->lane->submit_chain(chain, &op)) return false;
            op.status = RTE_ML_OP_STATUS_NOT_PROCESSED;
            return true;
        }
        rule = OpRule::SEGMENTS;
    }
    reject(qp, op, rule, port);
    return true;
}

/// Operations of one model, checked and on their way into its lane, a few cache lines of them at a time.
struct Run {
    static constexpr std::uint32_t most = 32;
    std::uint32_t count;
    std::array<dbc::Work, most> work;
};

/// Collects ops[0..n) into `run` as long as they are plain, name the model of the first and lie where the
/// card can reach.
__rte_always_inline void collect(QueuePair& qp, Run& run, const ModelPort& port, rte_ml_op** ops,
                                 std::uint32_t n) noexcept
{
    const OpHead head(ops[0]->model_id, port.batches);
    InWindows inside(qp, port);
    std::uint32_t i = 0;
    for (; i < n; ++i) {
        auto& op = *ops[i];
        if (unlikely(!plain(op, port, head))) break;
        op.status = RTE_ML_OP_STATUS_NOT_PROCESSED;
        run.work[i] = {&op, op.input[0]->iova_addr, op.output[0]->iova_addr};
        inside.add(run.work[i]);
    }
    run.count = likely(inside.all()) ? i : reachable(qp, port, run.work.data(), i);
}

/// The started model's port on this queue pair, or nullptr.
[[nodiscard]] __rte_always_inline const ModelPort* port_of(const QueuePair& qp, std::uint16_t model) noexcept
{
    return model < qp.model_count ? qp.ports[model].load(std::memory_order_acquire) : nullptr;
}

/// How many of n operations the queue pair's depth leaves room for. Looks at the dequeue side's line only
/// when what it saw last is used up.
[[nodiscard]] __rte_always_inline std::uint32_t within_depth(QueuePair& qp, std::uint64_t enqueued,
                                                             std::uint16_t n) noexcept
{
    if (qp.depth - (enqueued - qp.dequeued_seen) < n)
        qp.dequeued_seen = qp.dequeued.load(std::memory_order_acquire);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(n, qp.depth - (enqueued - qp.dequeued_seen)));
}

/// Accepts a prefix of ops[0..n) and returns its length; short only when full.
inline std::uint16_t enqueue_burst(QueuePair& qp, rte_ml_op** ops, std::uint16_t n) noexcept
{
    const BurstScope scope(qp.enqueue_mark);
    follow_reach(qp);
    const auto enqueued = qp.enqueued.load(std::memory_order_relaxed);
    const auto limit = within_depth(qp, enqueued, n);
    std::uint32_t i = 0;
    DirtyLanes dirty; // NOLINT: it knows how much of it is filled
    while (i < limit) {
        const ModelPort* const port = port_of(qp, ops[i]->model_id);
        const bool open = likely(port != nullptr) && port->lane->channel->active();
        if (likely(open)) {
            const auto room = port->lane->room(std::min(limit - i, Run::most));
            if (room == 0) break;
            Run run; // NOLINT: filled up to count
            collect(qp, run, *port, ops + i, room);
            if (likely(run.count != 0)) {
                port->lane->submit_now({port->elements, port->element_count}, run.work.data(), run.count);
                dirty.add(port->lane);
                i += run.count;
                continue;
            }
        }
        if (!take_odd(qp, *ops[i], port)) break;
        if (open) dirty.add(port->lane);
        ++i;
    }
    // Counted before the doorbells: the dequeue thread must never have handed back more than was taken
    // in.
    qp.enqueued.store(enqueued + i, std::memory_order_release);
    dirty.flush();
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

/// The card can no longer touch these operations: give(token, fate) hands each back with its reason.
template<class Give>
__rte_noinline std::uint32_t flush_fenced(dbc::Lane& lane, std::uint32_t most, Give&& give) noexcept
{
    const auto& channel = *lane.channel;
    const auto guard = channel.fault.guard;
    return lane.flush_outstanding(most, rte_rdtsc(), [&](void* token, bool late) {
        const bool timed_out = late && guard == dbc::Guard::DEADLINE;
        give(token, OpFate{.code = timed_out ? Code::E_TIMEOUT : dbc::guard_info(guard).code,
                           .guard = guard,
                           .dbc = channel.dbc});
    });
}

inline void poll_lane(dbc::Lane& lane, Out& out) noexcept
{
    auto& channel = *lane.channel;
    const auto state = channel.state.load(std::memory_order_acquire);
    if (unlikely(state != dbc::ChannelState::ACTIVE)) {
        if (state == dbc::ChannelState::FENCED)
            lane.count_errors(flush_fenced(lane, out.room(), [&out](void* token, const OpFate& fate) {
                out.give(*static_cast<rte_ml_op*>(token), fate);
            }));
        return;
    }
    rte_ml_op** const to = out.ops + out.count;
    std::uint32_t failed = 0;
    out.count += lane.poll(
        out.room(), [ to, &failed, dbc = channel.dbc ](std::uint32_t k, void* token,
                                                       std::uint16_t code) __attribute__((always_inline)) {
            auto& op = *static_cast<rte_ml_op*>(token);
            op.status = RTE_ML_OP_STATUS_SUCCESS;
            if (unlikely(code != 0)) {
                op.status = RTE_ML_OP_STATUS_ERROR;
                op.impl_opaque = OpFate{.code = Code::E_DMA, .card_code = code, .dbc = dbc}.pack();
                ++failed;
            }
            to[k] = &op;
        });
    if (unlikely(failed != 0)) out.failed += failed, lane.count_errors(failed);
}

/// Deadlines are judged when nothing came, so that whatever did finish is handed back first (reliability
/// H10), and now and then on a busy queue too, where one lost operation would hide.
__rte_noinline inline void judge_deadlines(std::span<dbc::Lane* const> lanes) noexcept
{
    const auto now = rte_rdtsc();
    for (auto* const lane : lanes)
        if (unlikely(lane->late(now)) && lane->channel->active()) lane->channel->raise(dbc::Guard::DEADLINE);
}

inline void take_rejects(QueuePair& qp, std::uint32_t most, Out& out) noexcept
{
    const auto n = qp.rejects.available(most);
    if (n == 0) return;
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
        poll_lane(*lanes[at], out);
    }
    if (++qp.turn >= count) qp.turn = 0;
    if (out.count == 0 || (qp.calls & 255) == 0) judge_deadlines(lanes);
    take_rejects(qp, out.room(), out);
    if (out.failed != 0)
        qp.failed.store(qp.failed.load(std::memory_order_relaxed) + out.failed, std::memory_order_relaxed);
    if (out.count != 0)
        qp.dequeued.store(qp.dequeued.load(std::memory_order_relaxed) + out.count, std::memory_order_release);
    return static_cast<std::uint16_t>(out.count);
}

} // namespace qaic::fast
