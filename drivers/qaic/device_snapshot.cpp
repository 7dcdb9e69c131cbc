// SPDX-License-Identifier: BSD-3-Clause
// A device seen from outside: snapshots, sensors, boot log. Callers are threads that must not wait for long
// (telemetry), so the control lock is tried for a limited time.
#include "qaic/device.hpp"
#include <thread>

namespace qaic {
namespace {

template<class L>
std::uint64_t lane_errors(const L& lane) noexcept
{
    if constexpr (counts_errors<L>)
        return lane.errors.load(std::memory_order_relaxed);
    else
        return 0;
}

QueuePairSnapshot of(const QueuePair& q)
{
    QueuePairSnapshot s;
    s.id = q.id, s.depth = q.depth;
    s.dequeued = q.dequeued.load(std::memory_order_acquire); // before `enqueued`: never more out than in
    s.enqueued = q.enqueued.load(std::memory_order_acquire);
    s.rejected = q.rejected.load(std::memory_order_relaxed);
    s.failed = q.failed.load(std::memory_order_relaxed);
    s.full = q.full.load(std::memory_order_relaxed);
    s.canceled = q.canceled.load(std::memory_order_relaxed);
    s.in_flight = s.enqueued - s.dequeued;
    return s;
}

ActivationSnapshot of(Running& r)
{
    return {.dbc = r.activation().dbc,
            .state = r.channel().state.load(),
            .elements = r.queue().elements(),
            .depth = r.depth(),
            .lanes = static_cast<std::uint32_t>(r.lanes()),
            .power = r.power};
}

} // namespace

std::uint64_t Device::errors_of(Running& r) noexcept
{
    std::uint64_t n = 0;
    for (std::uint32_t i = 0; i < r.lanes(); ++i) n += lane_errors(r.queue().lane(i));
    return n;
}

Result<Device::Locked> Device::lock_within(Nanos limit)
{
    constexpr Nanos step = 500us;
    const auto& clock = std::chrono::steady_clock::now; // of the host: a bus's clock may be a test's
    const auto end = clock() + limit;
    for (;;) {
        Locked lock(control_, std::try_to_lock);
        if (lock.owns_lock()) return lock;
        if (clock() >= end)
            return fail(Code::E_BUSY, "{}: a control call has held the device for {} ms: ask again later",
                        name(), limit / 1ms);
        std::this_thread::sleep_for(step);
    }
}

ModelCounters Device::counters_of(std::uint16_t id)
{
    auto& s = slots_[id];
    ModelCounters c;
    c.submitted = s.submitted_before, c.errors = s.errors_before;
    for (auto& i : s.instances) {
        if (!i.running) continue;
        c.submitted += i.running->submitted(), c.in_flight += i.running->outstanding();
        c.errors += errors_of(*i.running);
    }
    for (const auto& d : draining_)
        if (d->model_id == id) c.in_flight += d->outstanding(), c.errors += errors_of(*d);
    c.finished = c.submitted - c.in_flight;
    c.activations = s.activations, c.faults = s.faults;
    return c;
}

ModelSnapshot Device::model_snapshot(std::uint16_t id)
{
    auto& s = slots_[id];
    const auto& layout = s.model->layout();
    ModelSnapshot m;
    m.id = id, m.name = s.model->name(), m.started = s.started, m.nsps = s.model->nsps();
    m.inputs = layout.inputs.size(), m.outputs = layout.outputs.size();
    m.input_bytes = layout.input_bytes, m.output_bytes = layout.output_bytes;
    m.counters = counters_of(id);
    for (auto& i : s.instances)
        if (i.running) m.activations.push_back(of(*i.running));
    return m;
}

Result<DeviceSnapshot> Device::snapshot(Nanos limit)
{
    QAIC_TRY(const auto lock, lock_within(limit));
    DeviceSnapshot s;
    s.state = state(), s.configured = configured_, s.started = started_, s.closed = closed_;
    s.numa_node = bus_->numa_node();
    s.info = info_, s.boot = boot_;
    if (client_) s.nnc = client_->counters();
    s.mhi = controller_.mhi().counters();
    s.services = controller_.counters();
    for (const auto* q : set_up()) s.queue_pairs.push_back(of(*q));
    for (std::size_t m = 0; m < slots_.size(); ++m)
        if (slots_[m].model) s.models.push_back(model_snapshot(static_cast<std::uint16_t>(m)));
    return s;
}

Result<std::string> Device::boot_log(Nanos limit)
{
    QAIC_TRY(const auto lock, lock_within(limit));
    return controller_.boot_log();
}

Result<std::int64_t> Device::sensor(std::uint8_t command, Nanos limit)
{
    QAIC_TRY(const auto lock, lock_within(limit));
    QAIC_CHECK(usable());
    return controller_.telemetry(command);
}

} // namespace qaic
