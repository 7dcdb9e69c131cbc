// SPDX-License-Identifier: BSD-3-Clause
// Models of a device: load, start, stop, unload, and their life on DBCs.
#include "qaic/device.hpp"
#include "qaic/trace.hpp"
#include <algorithm>
#include <rte_cycles.h>
#include <utility>

namespace qaic {

const Model* Device::model(std::uint16_t id) const noexcept
{
    return id < slots_.size() ? slots_[id].visible.load(std::memory_order_acquire) : nullptr;
}

Result<Device::Slot*> Device::slot(std::uint16_t id)
{
    if (closed_) return fail(Code::E_UNSUPP, "{}: device is closed", name());
    if (id >= slots_.size() || !slots_[id].model)
        return fail(Code::E_INVAL, "{}: no model of this id got={} limit={}", name(), id, slots_.size());
    return &slots_[id];
}

Result<std::uint16_t> Device::load_model(ConstSpan bytes)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (!configured_) return fail(Code::E_INVAL, "{}: configure the device before loading models", name());
    const auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return !s.model; });
    if (free == slots_.end())
        return fail(Code::E_NORES, "{}: models loaded got={} limit={}", name(), slots_.size(), slots_.size());
    const auto id = id_of(*free);
    const InPartition within(*this, load_into_);
    QAIC_TRY(free->model,
             Model::load(*client_, info_, bytes, fmt::format("{} model {}", name(), id), config_.recover));
    free->started = false;
    free->wanted = 0;
    free->spread.clear();
    free->partition = load_into_;
    free->activations = free->faults = free->submitted_before = free->errors_before = 0;
    free->instances.clear();
    for (auto& s : standby_)
        if (s) s->forget(id);
    free->visible.store(free->model.get(), std::memory_order_release);
    trace(TracePoint::LOAD, name(), id, bytes.size());
    return id;
}

Result<void> Device::unload_model(std::uint16_t id)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_TRY(Slot * s, slot(id));
    if (s->started) return fail(Code::E_BUSY, "{}: model {} is started: stop it first", name(), id);
    s->visible = nullptr;
    Result<void> result;
    if (online()) result = s->model->unload(*client_);
    s->model.reset(); // whatever the card said, the slot is free
    trace(TracePoint::UNLOAD, name(), id);
    return result;
}

Result<void> Device::set_instances(std::uint16_t id, unsigned count)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_TRY(Slot * s, slot(id));
    if (count > max_instances)
        return fail(Code::E_INVAL, "{}: instances of model {} got={} limit=0..{}", name(), id, count,
                    max_instances);
    if (s->started) return fail(Code::E_BUSY, "{}: model {} is started: stop it first", name(), id);
    s->wanted = count;
    return {};
}

Result<void> Device::set_spread(std::uint16_t id, std::vector<std::uint8_t> spread)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_TRY(Slot * s, slot(id));
    if (spread.size() > DeviceLimits::queue_pairs)
        return fail(Code::E_INVAL, "{}: spread of model {}: queue pairs got={} limit={}", name(), id,
                    spread.size(), DeviceLimits::queue_pairs);
    for (const auto instance : spread)
        if (instance >= max_instances)
            return fail(Code::E_INVAL, "{}: spread of model {}: activation got={} limit={}", name(), id,
                        instance, max_instances - 1);
    if (s->started) return fail(Code::E_BUSY, "{}: model {} is started: stop it first", name(), id);
    s->spread = std::move(spread);
    return {};
}

Result<void> Device::start_model(std::uint16_t id)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    QAIC_TRY(Slot * s, slot(id));
    if (!started_) return fail(Code::E_INVAL, "{}: start the device before model {}", name(), id);
    if (s->started) return fail(Code::E_BUSY, "{}: model {} is started already", name(), id);
    s->instances.clear(); // a new start, new budgets
    if (auto all = activate(*s); !all) {
        if (auto off = deactivate(*s); !off) log(LogLevel::WARNING, "{}", off.error().message());
        return all;
    }
    s->started = true;
    (void)republish();
    look_at_dbcs();
    return {};
}

Result<void> Device::stop_model(std::uint16_t id)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_TRY(Slot * s, slot(id));
    if (!s->started) return fail(Code::E_INVAL, "{}: model {} is not started", name(), id);
    if (trouble()) recover_locked();
    QAIC_CHECK(deactivate(*s));
    s->started = false;
    auto done = republish();
    look_at_dbcs();
    return done;
}

Result<void> Device::load_again(Slot& slot)
{
    if (slot.model->on_card()) return {};
    const InPartition within(*this, slot.partition);
    return slot.model->load_again(*client_);
}

/// Positions, among the queue pairs set up, of those that feed one of `count` instances.
std::vector<std::uint32_t> Device::feeders(const Slot& slot, std::size_t instance, std::size_t count) const
{
    std::vector<std::uint32_t> out;
    const auto pairs = set_up();
    for (std::uint32_t k = 0; k < pairs.size(); ++k)
        if ((slot.spread.empty() ? k % count : slot.spread[pairs[k]->id]) == instance) out.push_back(k);
    return out;
}

/// How many instances the next activation of the slot makes.
Result<std::size_t> Device::instances_of(const Slot& slot) const
{
    const auto pairs = std::max<std::size_t>(set_up().size(), 1);
    if (!slot.spread.empty()) {
        std::size_t count = 1;
        for (const auto* q : set_up()) {
            if (q->id >= slot.spread.size())
                return fail(Code::E_INVAL, "{}: spread of model {} does not say what queue pair {} feeds",
                            name(), id_of(slot), q->id);
            count = std::max<std::size_t>(count, slot.spread[q->id] + std::size_t{1});
        }
        for (std::size_t i = 0; i < count; ++i)
            if (feeders(slot, i, count).empty())
                return fail(Code::E_INVAL, "{}: spread of model {}: no queue pair feeds activation {} of {}",
                            name(), id_of(slot), i, count);
        return count;
    }
    const auto wanted = slot.wanted != 0 ? slot.wanted : config_.instances;
    const auto count = std::clamp<std::size_t>(wanted, 1, std::min<std::size_t>(pairs, max_instances));
    if (count < wanted)
        log(LogLevel::NOTICE, "{}: model {}: {} instances, not {}: there are {} queue pairs", name(),
            id_of(slot), count, wanted, pairs);
    return count;
}

Result<void> Device::activate(Slot& slot)
{
    QAIC_TRY(const auto count, instances_of(slot));
    QAIC_CHECK(load_again(slot));
    if (!slot.runs() && slot.instances.size() != count) slot.instances = std::vector<Instance>(count);
    for (std::size_t i = 0; i < slot.instances.size(); ++i) {
        const auto& r = slot.instances[i].running;
        if (!r || r->channel().state.load() == dbc::ChannelState::FENCED) QAIC_CHECK(activate(slot, i));
    }
    return {};
}

Result<void> Device::activate(Slot& slot, std::size_t instance)
{
    std::uint32_t depth = 1;
    const auto pairs = set_up();
    auto fed_by = feeders(slot, instance, slot.instances.size());
    for (const auto k : fed_by) depth = std::max<std::uint32_t>(depth, pairs[k]->depth);
    std::uint64_t retired = 0;
    const InPartition within(*this, slot.partition);
    early_ssr_ = {};
    auto activated =
        Running::activate(*bus_, *client_, *slot.model,
                          {.model_id = id_of(slot),
                           .instance = static_cast<std::uint32_t>(instance),
                           .pairs = std::move(fed_by),
                           .depth = depth,
                           .op_limit = op_limit_,
                           .completions = config_.completions,
                           .now = rte_rdtsc(),
                           .ended_by_card = [this](unsigned dbc) { return early_ssr_[dbc].down; }},
                          retired);
    counters_.retired_bytes += retired;
    if (!activated) return tl::unexpected<Error>(std::move(activated).error());
    auto& i = slot.instances[instance];
    if (i.running) draining_.push_back(take_off(slot, i));
    i.running = std::move(*activated);
    i.reactivate_at.reset();
    ++slot.activations;
    trace(TracePoint::ACTIVATE, name(), id_of(slot), i.running->activation().dbc);
    // What the card said of this DBC before we knew that it is ours: the program may have died at once.
    if (const auto& early = early_ssr_[i.running->activation().dbc]; early.down) {
        i.running->ssr_stopped = true, i.running->ssr_over = early.up;
        i.running->queue().quarantine(dbc::Guard::SSR);
    }
    return {};
}

Result<void> Device::activate_started()
{
    for (auto& s : slots_)
        if (s.started) QAIC_CHECK(activate(s));
    return {};
}

std::unique_ptr<Running> Device::take_off(Slot& slot, Instance& instance)
{
    slot.submitted_before += instance.running->submitted();
    return std::move(instance.running);
}

Result<void> Device::deactivate(Slot& slot)
{
    const auto busy = [&](std::uint64_t out) {
        return fail(Code::E_BUSY, "{}: model {} has {} operations in flight: dequeue them first", name(),
                    id_of(slot), out);
    };
    if (const auto out = slot.outstanding(); out != 0) return busy(out);
    // Out of sight first, so that nothing is submitted between the look and the deactivation.
    auto instances = std::exchange(slot.instances, {});
    const auto quiet = republish();
    slot.instances = std::move(instances);
    if (const auto out = slot.outstanding(); !quiet || out != 0) {
        (void)republish();
        return quiet ? busy(out) : quiet;
    }
    for (auto& i : slot.instances) {
        if (!i.running) continue;
        off_card(*i.running);
        slot.errors_before += errors_of(*i.running);
        const auto gone = take_off(slot, i); // published nowhere, nobody inside: freed here
    }
    slot.instances.clear();
    return {};
}

void Device::off_card(Running& r)
{
    if (!r.on_card) return;
    const auto dbc = r.activation().dbc;
    const auto off = r.ssr_stopped ? Result<void>{} : client_->deactivate(r.activation());
    if (off || r.ssr_stopped) { // see fence()
        client_->released(dbc);
        r.on_card = false;
        trace(TracePoint::DEACTIVATE, name(), r.model_id, dbc);
        return;
    }
    log(LogLevel::ERR, "{}: DBC {} does not stop: {}", name(), dbc, off.error().message());
    lose_card(dbc::Guard::RESET);
    if (!r.on_card) return;
    counters_.retired_bytes += r.queue().fifo_bytes(); // not even that: the card may still write
    r.queue().retire_memory();
    r.on_card = false;
}

Result<ModelCounters> Device::model_counters(std::uint16_t id)
{
    const Locked lock(control_);
    QAIC_TRY(Slot * s, slot(id));
    (void)s;
    return counters_of(id);
}

} // namespace qaic
