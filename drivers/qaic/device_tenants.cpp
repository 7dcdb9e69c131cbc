// SPDX-License-Identifier: BSD-3-Clause
// Queue pairs lent to other processes, and what is done when such a process dies (reliability.md H13). Its
// operations lie in memory that nobody uses any more, so what the card still answers is consumed in its
// place. Only where it died inside a burst call, with rings half a step behind, its DBC is fenced: the one of
// others too then, if they share it and it left the channel's order broken. docs/adr/0010
#include "qaic/device.hpp"
#include <rte_cycles.h>

namespace qaic {

Result<QueuePair*> Device::lend(std::uint16_t id, std::unique_ptr<Tenant> who)
{
    QAIC_TRY(const auto lock, lock_within(Nanos{0}));
    QAIC_CHECK(usable());
    if (id >= queue_pairs_.size() || !queue_pairs_[id])
        return fail(Code::E_INVAL, "{}: queue pair {} is not set up", name(), id);
    auto& qp = *queue_pairs_[id];
    if (!started_) return fail(Code::E_INVAL, "{}: the primary process has not started the device", name());
    if (tenants_[id])
        return fail(Code::E_BUSY, "{}: queue pair {} is used by {}", name(), id, tenants_[id]->name());
    if (qp.flush_cb != nullptr)
        return fail(Code::E_INVAL, "{}: queue pair {} has a flush callback: set it up without", name(), id);
    show(id, false);
    quiesce_fence();
    if (qp.raw.load() || qp.in_flight() != 0 || qp.enqueue_mark.inside() || qp.dequeue_mark.inside()) {
        show(id, true);
        return fail(Code::E_BUSY, "{}: queue pair {} is in use by the primary process", name(), id);
    }
    tenants_[id] = std::move(who);
    return &qp;
}

Result<void> Device::take_back(std::uint16_t id, std::uint64_t tenant)
{
    QAIC_TRY(const auto lock, lock_within(Nanos{0}));
    if (id >= queue_pairs_.size() || !tenants_[id] || tenants_[id]->number() != tenant)
        return fail(Code::E_INVAL, "{}: queue pair {} is not assigned to this process", name(), id);
    if (const auto out = queue_pairs_[id]->in_flight(); out != 0)
        return fail(Code::E_BUSY, "{}: queue pair {}: {} operations are in flight: dequeue them", name(), id,
                    out);
    queue_pairs_[id]->raw.store(false);
    tenants_[id].reset();
    show(id, true);
    return {};
}

Result<void> Device::look_at(std::uint16_t id, const std::function<void(const Model&)>& look)
{
    QAIC_TRY(const auto lock, lock_within(Nanos{0}));
    QAIC_TRY(const Slot* s, slot(id));
    look(*s->model);
    return {};
}

Result<void> Device::no_tenants() const
{
    for (std::size_t id = 0; id < tenants_.size(); ++id)
        if (tenants_[id])
            return fail(Code::E_BUSY, "{}: queue pair {} is used by {}: end it first", name(), id,
                        tenants_[id]->name());
    return {};
}

bool Device::tenant_died() const noexcept
{
    return std::any_of(tenants_.begin(), tenants_.end(), [](const auto& t) { return t && !t->alive(); });
}

void Device::evict_dead()
{
    for (std::size_t id = 0; id < queue_pairs_.size(); ++id) {
        if (!tenants_[id] || tenants_[id]->alive()) continue;
        auto& qp = *queue_pairs_[id];
        if (!emptied(qp)) continue;
        const auto before = qp.canceled.load();
        qp.start_over(bus_->burst_memory());
        const auto canceled = qp.canceled.load() - before;
        log(LogLevel::ERR, "{}: {} died: queue pair {} is free again, {} operations canceled", name(),
            tenants_[id]->name(), id, canceled);
        tenants_[id].reset();
        show(static_cast<std::uint16_t>(id), true);
    }
}

bool Device::emptied(QueuePair& qp)
{
    const bool torn = qp.enqueue_mark.inside() || qp.dequeue_mark.inside();
    bool all = true;
    for (auto* const lane : qp.lanes.load()->lanes) all = emptied(*lane, torn) && all;
    return all;
}

/// `torn`: its process died inside a burst call, perhaps on this lane.
bool Device::emptied(dbc::Lane& lane, bool torn)
{
    auto& channel = *lane.channel;
    const auto state = channel.state.load();
    if (state == dbc::ChannelState::FENCED) return lane.abandon(), true;
    if (state != dbc::ChannelState::ACTIVE) return false; // its fence is on the way
    if (torn && !in_order(channel)) return channel.raise(dbc::Guard::OWNER), false;
    while (lane.poll(64, [](std::uint32_t, void*, std::uint16_t) {}) != 0) {
    }
    if (lane.held() != 0) { // the card has them yet, for as long as any operation may take
        if (lane.late(rte_rdtsc())) channel.raise(dbc::Guard::DEADLINE);
        return false;
    }
    if (torn) lane.restart(rte_rdtsc());
    return true;
}

/// Can the channel go on after a process died in a burst call? One of its own is not worth the question.
/// Otherwise no reservation may be left unpublished, and the drain must not be held: each was seen to be so
/// after the death, and nobody but the dead could have kept it from being so.
bool Device::in_order(dbc::Channel& channel)
{
    constexpr Nanos patience = 2ms; // others pass through these states in far less
    if (!channel.shared()) return false;
    const auto settled = wait_until(*bus_, "a channel in order", patience, 10us, [&] {
        const auto reserved = channel.tail.load(std::memory_order_acquire);
        return channel.turn.load(std::memory_order_acquire) == reserved;
    });
    const auto undrained = wait_until(*bus_, "a channel not being drained", patience, 10us,
                                      [&] { return !channel.draining.load(std::memory_order_acquire); });
    return settled && undrained;
}

/// The device is taken away while processes use queue pairs of it: they see nothing of it any more, but the
/// queue pair itself stays theirs. Its few kilobytes are never given back.
void Device::leave_to_tenants()
{
    const std::lock_guard pairs(pairs_lock_);
    for (auto& qp : queue_pairs_) {
        if (!qp || !tenants_[qp->id]) continue;
        for (std::uint16_t m = 0; m < qp->model_count; ++m) qp->ports[m].store(nullptr);
        qp->lanes.store(&qp->no_lanes);
        log(LogLevel::WARNING, "{}: closed while {} uses queue pair {}", name(), tenants_[qp->id]->name(),
            qp->id);
    }
    for (auto& qp : queue_pairs_) {
        if (!qp || !tenants_[qp->id]) continue;
        auto* const who = tenants_[qp->id].get();
        if (auto left = quiesce(*bus_, *qp, config_.quiesce_limit, [who] { return !who->alive(); }); !left)
            log(LogLevel::ERR, "{}: queue pair {}: {}", name(), qp->id, left.error().message());
        (void)qp.release();
    }
    for (auto& t : tenants_) t.reset();
}

} // namespace qaic
