// SPDX-License-Identifier: BSD-3-Clause
// Models of a device: load, start, stop, unload, and their life on DBCs.
#include "qaic/device.hpp"
#include <algorithm>
#include <rte_cycles.h>

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
    const Locked lock(control_);
    QAIC_CHECK(usable());
    if (!configured_) return fail(Code::E_INVAL, "{}: configure the device before loading models", name());
    const auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return !s.model; });
    if (free == slots_.end())
        return fail(Code::E_NORES, "{}: models loaded got={} limit={}", name(), slots_.size(), slots_.size());
    const auto id = static_cast<std::uint16_t>(free - slots_.begin());
    QAIC_TRY(free->model, Model::load(*client_, info_, bytes, fmt::format("{} model {}", name(), id)));
    free->started = false;
    free->activations = free->faults = free->submitted_before = 0;
    free->budget.reset();
    free->reactivate_at.reset();
    free->visible.store(free->model.get(), std::memory_order_release);
    return id;
}

Result<void> Device::unload_model(std::uint16_t id)
{
    const Locked lock(control_);
    QAIC_TRY(Slot * s, slot(id));
    if (s->started) return fail(Code::E_BUSY, "{}: model {} is started: stop it first", name(), id);
    s->visible = nullptr;
    Result<void> result;
    if (state() == DeviceState::ONLINE) result = s->model->unload(*client_);
    s->model.reset(); // whatever the card said, the slot is free
    return result;
}

Result<void> Device::start_model(std::uint16_t id)
{
    const Locked lock(control_);
    QAIC_CHECK(usable());
    QAIC_TRY(Slot * s, slot(id));
    if (!started_) return fail(Code::E_INVAL, "{}: start the device before model {}", name(), id);
    if (s->started) return fail(Code::E_BUSY, "{}: model {} is started already", name(), id);
    s->budget.reset();
    QAIC_CHECK(activate(*s));
    s->started = true;
    (void)republish();
    return {};
}

Result<void> Device::stop_model(std::uint16_t id)
{
    const Locked lock(control_);
    QAIC_TRY(Slot * s, slot(id));
    if (!s->started) return fail(Code::E_INVAL, "{}: model {} is not started", name(), id);
    if (s->running) {
        if (trouble()) recover_locked();
        QAIC_CHECK(deactivate(*s));
    }
    s->started = false;
    s->reactivate_at.reset();
    return republish();
}

Result<void> Device::activate(Slot& slot)
{
    std::uint32_t depth = 1;
    const auto pairs = set_up();
    for (const auto* q : pairs) depth = std::max<std::uint32_t>(depth, q->depth);
    std::uint64_t retired = 0;
    auto running =
        Running::activate(*bus_, *client_, *slot.model,
                          {.lanes = static_cast<std::uint32_t>(std::max<std::size_t>(pairs.size(), 1)),
                           .depth = depth,
                           .op_limit = op_limit_,
                           .completions = config_.completions,
                           .now = rte_rdtsc()},
                          retired);
    counters_.retired_bytes += retired;
    if (!running) return tl::unexpected<Error>(std::move(running).error());
    (*running)->model_id = static_cast<std::uint16_t>(&slot - slots_.data());
    if (slot.running) draining_.push_back(take_off(slot));
    slot.running = std::move(*running);
    slot.reactivate_at.reset();
    ++slot.activations;
    return {};
}

Result<void> Device::activate_started()
{
    for (auto& s : slots_)
        if (s.started && (!s.running || s.running->channel().state.load() == dbc::ChannelState::FENCED))
            QAIC_CHECK(activate(s));
    return {};
}

std::unique_ptr<Running> Device::take_off(Slot& slot)
{
    slot.submitted_before += slot.running->submitted();
    return std::move(slot.running);
}

Result<void> Device::deactivate(Slot& slot)
{
    const auto busy = [&](std::uint64_t out) {
        return fail(Code::E_BUSY, "{}: model {} has {} operations in flight: dequeue them first", name(),
                    &slot - slots_.data(), out);
    };
    if (const auto out = slot.running->outstanding(); out != 0) return busy(out);
    // Out of sight first, so that nothing is submitted between the look and the deactivation.
    auto running = std::move(slot.running);
    const auto quiet = republish();
    if (const auto out = running->outstanding(); !quiet || out != 0) {
        slot.running = std::move(running);
        (void)republish();
        return quiet ? busy(out) : quiet;
    }
    slot.running = std::move(running);
    auto& r = *slot.running;
    if (r.on_card && r.ssr_stopped) {
        client_->released(r.activation().dbc);
    } else if (r.on_card) {
        if (auto off = client_->deactivate(r.activation()); !off) {
            log(LogLevel::ERR, "{}: DBC {} does not stop: {}", name(), r.activation().dbc,
                off.error().message());
            fence_whole_card(dbc::Guard::RESET);
            if (r.channel().state.load() !=
                dbc::ChannelState::FENCED) { // not even that: the card may still write
                counters_.retired_bytes += r.queue().fifo_bytes();
                r.queue().retire_memory();
            }
        }
    }
    r.on_card = false;
    const auto gone = take_off(slot); // published nowhere, nobody inside: freed here
    return {};
}

Result<ModelCounters> Device::model_counters(std::uint16_t id)
{
    const Locked lock(control_);
    QAIC_TRY(Slot * s, slot(id));
    ModelCounters c;
    c.submitted = s->submitted_before;
    if (s->running) c.submitted += s->running->submitted(), c.in_flight += s->running->outstanding();
    for (const auto& d : draining_)
        if (d->model_id == id) c.in_flight += d->outstanding();
    c.finished = c.submitted - c.in_flight;
    c.activations = s->activations, c.faults = s->faults;
    return c;
}

} // namespace qaic
