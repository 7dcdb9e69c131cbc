// SPDX-License-Identifier: BSD-3-Clause
// Queue pairs of a device: set-up, what they see of models and lanes, and handing operations back at stop.
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"

namespace qaic {

std::vector<QueuePair*> Device::set_up() const
{
    std::vector<QueuePair*> out;
    for (const auto& q : queue_pairs_)
        if (q) out.push_back(q.get());
    return out;
}

std::vector<QueuePair*> Device::queue_pairs()
{
    const std::lock_guard pairs(pairs_lock_);
    return set_up();
}

std::uint64_t Device::in_flight() const
{
    std::uint64_t n = 0;
    for (const auto* q : set_up()) n += q->in_flight();
    return n;
}

std::uint64_t Device::in_flight_with_callback() const
{
    std::uint64_t n = 0;
    for (const auto* q : set_up())
        if (q->flush_cb != nullptr) n += q->in_flight();
    return n;
}

Result<QueuePair*> Device::setup_queue_pair(std::uint16_t id, std::uint32_t nb_desc,
                                            rte_ml_dev_stop_flush_t flush)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (!configured_ || id >= queue_pairs_.size())
        return fail(Code::E_INVAL, "{}: queue pair got={} limit={}", name(), id, queue_pairs_.size());
    if (started_) return fail(Code::E_BUSY, "{}: stop the device before setting up queue pairs", name());
    if (queue_pairs_[id] && tenants_[id]) QAIC_CHECK(no_tenants());
    if (nb_desc == 0 || nb_desc > DeviceLimits::desc)
        return fail(Code::E_INVAL, "{}: queue pair {}: descriptors got={} limit=1..{}", name(), id, nb_desc,
                    DeviceLimits::desc);
    if (const auto out = in_flight(); out != 0)
        return fail(Code::E_BUSY, "{}: {} operations are not handed back yet: dequeue them", name(), out);
    // Lanes belong to queue pairs by position: models that were left started get new ones in start().
    for (auto& s : slots_) QAIC_CHECK(deactivate(s));
    QAIC_CHECK(republish());
    standby_[id] = std::make_unique<Standby>(static_cast<std::uint16_t>(slots_.size()), op_limit_,
                                             rte_rdtsc(), bus_->burst_memory());
    auto made = place<QueuePair>(bus_->burst_memory(), id, static_cast<std::uint16_t>(nb_desc),
                                 static_cast<std::uint16_t>(slots_.size()), flush, bus_->reach().table(),
                                 bus_->burst_memory());
    {
        const std::lock_guard pairs(pairs_lock_);
        queue_pairs_[id] = std::move(made);
    }
    (void)republish();
    return queue_pairs_[id].get();
}

Result<void> Device::release_queue_pair(std::uint16_t id)
{
    QAIC_TRY(const auto lock, enter());
    if (id >= queue_pairs_.size() || !queue_pairs_[id]) return {};
    if (started_ || queue_pairs_[id]->in_flight() != 0)
        return fail(Code::E_AGAIN, "{}: queue pair {} is in use", name(), id);
    if (tenants_[id]) QAIC_CHECK(no_tenants());
    for (auto& s : slots_) QAIC_CHECK(deactivate(s));
    QAIC_CHECK(republish());
    {
        const std::lock_guard pairs(pairs_lock_);
        queue_pairs_[id].reset();
    }
    return republish();
}

Result<void> Device::quiesce_all()
{
    for (auto* q : set_up()) {
        auto* const who = tenant_of(*q);
        QAIC_CHECK(
            quiesce(*bus_, *q, config_.quiesce_limit, [who] { return who != nullptr && !who->alive(); }));
    }
    old_lists_.clear();
    old_running_.clear();
    return {};
}

/// What queue pair number `k` of those set up sees of a model; nullptr = not started.
const ModelPort* Device::port_for(Slot& slot, const QueuePair& qp, std::size_t k)
{
    if (!started_ || !slot.started) return nullptr;
    for (auto& i : slot.instances) {
        if (!i.running) continue;
        if (!online()) return standby_[qp.id]->port(id_of(slot), i.running->port(0));
        if (const auto lane = i.running->lane_of(k)) return &i.running->port(*lane);
    }
    return nullptr;
}

Result<void> Device::republish()
{
    const auto pairs = set_up();
    for (auto& l : lane_lists_) old_lists_.push_back(std::move(l));
    lane_lists_.clear();
    for (std::size_t k = 0; k < pairs.size(); ++k) {
        std::vector<dbc::Lane*> lanes;
        const auto watch = [&](Running& r) {
            if (const auto lane = r.lane_of(k)) lanes.push_back(&r.queue().lane(*lane));
        };
        each_running([&](Slot&, Instance&, Running& r) { watch(r); });
        for (auto& d : draining_) watch(*d);
        for (auto& s : slots_)
            pairs[k]->ports[id_of(s)].store(port_for(s, *pairs[k], k), std::memory_order_release);
        lane_lists_.emplace_back(bus_->burst_memory(), lanes);
        pairs[k]->lanes.store(lane_lists_.back().get(), std::memory_order_release);
    }
    return quiesce_all();
}

void Device::deliver(QueuePair& qp, std::int16_t dev_id)
{
    std::array<rte_ml_op*, 64> ops{};
    // Bounded by what was accepted: nothing is enqueued any more.
    while (const auto n = fast::dequeue_burst(qp, ops.data(), static_cast<std::uint16_t>(ops.size())))
        for (std::uint16_t i = 0; i < n; ++i) qp.flush_cb(dev_id, qp.id, ops[i]);
}

void Device::deliver_all(std::int16_t dev_id)
{
    for (auto* q : set_up())
        if (q->flush_cb != nullptr) deliver(*q, dev_id);
}

} // namespace qaic
