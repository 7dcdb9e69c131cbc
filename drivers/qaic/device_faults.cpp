// SPDX-License-Identifier: BSD-3-Clause
// Faults of single DBCs: fence rung 1, operations back behind it, new activations within a budget; and what
// the card reports of itself. reliability.md 2.3, 2.4. The whole card: device_recovery.cpp.
#include "base/bytes.hpp"
#include "base/endian.hpp"
#include "qaic/device.hpp"
#include "qaic/trace.hpp"
#include <span>
#include <utility>

namespace qaic {
namespace {
constexpr Nanos ssr_limit = 15s; ///< between "down" and "up" of a restart (aic100-workload.md 5.7)

std::optional<TracePoint> trace_point_of(DeviceEventKind kind) noexcept
{
    switch (kind) {
    case DeviceEventKind::RECOVERING:
    case DeviceEventKind::FAILED:
    case DeviceEventKind::REMOVED:
    case DeviceEventKind::DBC_QUARANTINED: return TracePoint::FAULT;
    case DeviceEventKind::RECOVERED:
    case DeviceEventKind::DBC_RESTORED: return TracePoint::RECOVER;
    case DeviceEventKind::SSR:
    case DeviceEventKind::RAS:
    case DeviceEventKind::CRASH_DUMP:
    case DeviceEventKind::TEMPERATURE: break;
    }
    return std::nullopt;
}

bool in_state(Running& r, dbc::ChannelState state) { return r.channel().state.load() == state; }
} // namespace

bool Device::reactivation_due(const Slot& s, const Instance& i) const
{
    if (!started_ || !s.started || !i.running || !i.reactivate_at) return false;
    if (!in_state(*i.running, dbc::ChannelState::FENCED)) return false;
    const auto now = bus_->clock().now();
    if (i.running->ssr_stopped && !i.running->ssr_over && now - i.fenced_at < ssr_limit) return false;
    return now >= *i.reactivate_at;
}

bool Device::trouble() const
{
    if (tenant_died()) return true;
    if (bus_->clock().now() < next_card_fence_) return false;
    if (loss_ == Loss::FENCE || loss_ == Loss::RELEASE) return true;
    for (const auto& d : draining_)
        if (d->outstanding() == 0) return true;
    if (!dumps_.empty()) return true;
    if (!online()) return false;
    if (controller_.health() != mhi::Health::OK || ras_reset_wanted_ || removal_) return true;
    if (dump_reset_wanted_ || controller_.dumping()) return true;
    for (const auto& s : slots_)
        for (const auto& i : s.instances)
            if (i.running && (in_state(*i.running, dbc::ChannelState::FAULTED) || reactivation_due(s, i)))
                return true;
    return false;
}

void Device::recover_locked()
{
    evict_dead();
    if (online()) {
        const auto health = controller_.health();
        if (health == mhi::Health::GONE || removal_)
            lose_card(dbc::Guard::REMOVED);
        else if (health != mhi::Health::OK || ras_reset_wanted_ || dump_reset_wanted_)
            lose_card(dbc::Guard::RESET);
        else
            fence_faulted();
    } else {
        settle_loss();
    }
    evict_dead(); // what was fenced for their sake
    if (online()) reactivate_due();
    reap();
    look_at_dbcs();
}

/// Rung 1. Proof that the card has ended all DMA of the DBC is either of: a DEACTIVATE answered with status 0
/// for this DBC (2.3), or SSR BEFORE_SHUTDOWN for it, which the card may send only after that
/// (aic100-device.md 6.1 a). A DEACTIVATE that is refused proves nothing by itself; but a workload that dies
/// meanwhile is told of by SSR while we wait for the answer, and then that counts, whatever the answer was.
Result<void> Device::fence(Slot& s, Instance& i)
{
    auto& r = *i.running;
    log(LogLevel::ERR, "{}", r.queue().fault_text());
    QAIC_CHECK(quiesce_all()); // nobody who saw the channel ACTIVE is still inside
    auto off = r.ssr_stopped ? Result<void>{} : client_->deactivate(r.activation());
    if (!off && !r.ssr_stopped) return off;
    client_->released(r.activation().dbc);
    ++s.faults, ++counters_.faults, ++counters_.fences;
    r.on_card = false;
    r.queue().set_fenced();
    trace(TracePoint::FENCE, name(), id_of(s), r.activation().dbc);
    i.fenced_at = bus_->clock().now();
    const bool innocent = r.channel().fault.guard == dbc::Guard::OWNER; // the card did nothing wrong
    i.reactivate_at = innocent ? i.fenced_at : i.budget.next(i.fenced_at);
    if (!i.reactivate_at)
        log(LogLevel::ERR, "{}: model {} stays out of use: {} recoveries in {} s; stop and start it", name(),
            id_of(s), RecoveryBudget::attempts, RecoveryBudget::window / 1s);
    return {};
}

void Device::fence_faulted()
{
    for (auto& s : slots_)
        for (auto& i : s.instances) {
            if (!i.running || !in_state(*i.running, dbc::ChannelState::FAULTED)) continue;
            const auto fenced = fence(s, i);
            if (fenced) continue;
            if (fenced.error().code == Code::E_BUSY && in_state(*i.running, dbc::ChannelState::FAULTED)) {
                // A burst call has not returned, or the DBC is being restarted: the next round tries again.
                log(LogLevel::WARNING, "{}", fenced.error().message());
                continue;
            }
            ++s.faults, ++counters_.faults;
            log(LogLevel::ERR, "{}: DBC {} could not be fenced alone: {}", name(),
                i.running->activation().dbc, fenced.error().message());
            return lose_card(fenced.error().code == Code::E_REMOVED ? dbc::Guard::REMOVED
                                                                    : dbc::Guard::RESET);
        }
}

void Device::reactivate_due()
{
    bool changed = false;
    for (auto& s : slots_)
        for (std::size_t n = 0; n < s.instances.size(); ++n) {
            auto& i = s.instances[n];
            if (!reactivation_due(s, i)) continue;
            const auto now = bus_->clock().now();
            if (i.running->channel().fault.guard != dbc::Guard::OWNER) i.budget.spend(now);
            auto again = load_again(s);
            if (again) again = activate(s, n);
            if (!again) {
                ++counters_.recovery_failures;
                i.reactivate_at = i.budget.next(now);
                log(LogLevel::ERR, "{}: model {} could not be activated again: {}", name(), id_of(s),
                    again.error().message());
                continue;
            }
            changed = true;
            ++counters_.reactivations;
            raise(DeviceEventKind::DBC_RESTORED, 0, i.running.get());
            log(LogLevel::NOTICE, "{}: model {} runs again on DBC {}", name(), id_of(s),
                i.running->activation().dbc);
        }
    if (changed) (void)republish();
}

/// Fenced activations whose operations are all handed back.
void Device::reap()
{
    bool changed = false;
    for (auto& d : draining_)
        if (d->outstanding() == 0) {
            slots_[d->model_id].errors_before += errors_of(*d);
            old_running_.push_back(std::move(d)), changed = true;
        }
    if (!changed) return;
    std::erase(draining_, nullptr);
    (void)republish();
}

void Device::look_at_dbcs()
{
    bool degraded = false;
    each_running([&](Slot& s, Instance&, Running& r) {
        if (r.channel().state.load() == dbc::ChannelState::ACTIVE) return;
        degraded |= started_ && s.started;
        if (std::exchange(r.announced, true) || !online()) return;
        ++counters_.quarantines;
        raise(DeviceEventKind::DBC_QUARANTINED, static_cast<std::uint32_t>(r.channel().fault.guard), &r);
    });
    degraded_.store(degraded, std::memory_order_relaxed);
}

void Device::raise(DeviceEventKind kind, std::uint32_t value, const Running* running)
{
    DeviceEvent e{.kind = kind, .value = value, .at = bus_->clock().now()};
    if (running != nullptr)
        e.dbc = static_cast<std::uint16_t>(running->activation().dbc), e.model = running->model_id;
    events_.raise(e);
    if (const auto point = trace_point_of(kind))
        trace(*point, name(), e.model, e.dbc,
              kind == DeviceEventKind::DBC_QUARANTINED ? dbc::guard_info(static_cast<dbc::Guard>(value)).name
                                                       : to_string(kind));
}

void Device::on_ssr(unsigned dbc, aic100::SsrEvent event)
{
    Running* owner = nullptr;
    const bool down = event == aic100::SsrEvent::BEFORE_SHUTDOWN,
               up = event == aic100::SsrEvent::AFTER_POWER_UP;
    each_running([&](Slot&, Instance&, Running& r) {
        // A DBC number is used again: the restart is of who holds it now, or of who lost it by this restart.
        if (r.activation().dbc == dbc && (down ? r.on_card : r.ssr_stopped && !r.ssr_over)) owner = &r;
    });
    DeviceEvent e{.kind = DeviceEventKind::SSR,
                  .dbc = static_cast<std::uint16_t>(dbc),
                  .value = static_cast<std::uint32_t>(event),
                  .at = bus_->clock().now()};
    if (owner != nullptr) e.model = owner->model_id;
    events_.raise(e);
    if (owner == nullptr) { // perhaps of an ACTIVATE that is still on its way: activate() looks here
        early_ssr_[dbc].down |= down;
        early_ssr_[dbc].up |= up && early_ssr_[dbc].down;
        return;
    }
    if (down) {
        owner->ssr_stopped = true;
        owner->queue().quarantine(dbc::Guard::SSR);
    }
    if (up) owner->ssr_over = true;
}

void Device::on_ras(const aic100::RasMessage& m)
{
    const auto now = bus_->clock().now();
    const auto source = static_cast<aic100::RasSource>(m.source.get());
    const bool bad = m.error_type == static_cast<std::uint32_t>(aic100::RasErrorType::UNCORRECTABLE);
    events_.raise({.kind = DeviceEventKind::RAS, .value = m.error_type, .source = m.source, .at = now});
    if (source == aic100::RasSource::TEMPERATURE) { // 6.2: threshold, then degrees Celsius
        const ConstSpan syndrome = std::as_bytes(std::span(m.syndrome));
        events_.raise({.kind = DeviceEventKind::TEMPERATURE,
                       .value = read_at<le32>(syndrome.subspan(4))->get(),
                       .source = read_at<le32>(syndrome)->get(),
                       .at = now});
    }
    if (bad) {
        ++counters_.ras_uncorrectable;
        // One reset, and no other for its sake before the window is over: a broken card would loop (3.4,
        // D58).
        if (online() && !ras_reset_wanted_ &&
            (!last_ras_reset_ || now - *last_ras_reset_ >= RecoveryBudget::window)) {
            ras_reset_wanted_ = true;
            last_ras_reset_ = now;
            ++counters_.ras_resets;
        }
    }
    if (!ras_log_.pass(now)) return;
    log(bad ? LogLevel::ERR : LogLevel::INFO, "{}: RAS {} error, source {}, corrected {}, uncorrected {}",
        name(), bad ? "uncorrectable" : "correctable or non-fatal", m.source.get(), m.ce_count.get(),
        m.ue_count.get());
}

} // namespace qaic
