// SPDX-License-Identifier: BSD-3-Clause
// Faults: the fence ladder, operations back behind it, new activations within a budget, the end of a lost
// card. reliability.md 2.3, 2.4
#include "qaic/device.hpp"

namespace qaic {
namespace {
constexpr Nanos ssr_limit = 15s;       ///< between "down" and "up" of a restart (aic100-workload.md 5.7)
constexpr Nanos card_fence_pause = 1s; ///< between two attempts to fence a card that does not confirm
bool in_state(Running& r, dbc::ChannelState state) { return r.channel().state.load() == state; }
} // namespace

bool Device::housekeep()
{
    const Locked lock(control_, std::try_to_lock);
    if (!lock.owns_lock() || closed_ || state() != DeviceState::ONLINE) return false;
    controller_.poll();
    return trouble();
}

void Device::recover()
{
    const Locked lock(control_);
    if (!closed_) recover_locked();
}

bool Device::reactivation_due(const Slot& s) const
{
    if (!started_ || !s.started || !s.running || !s.reactivate_at) return false;
    if (!in_state(*s.running, dbc::ChannelState::FENCED)) return false;
    const auto now = bus_->clock().now();
    if (s.running->ssr_stopped && !s.running->ssr_over && now - s.fenced_at < ssr_limit) return false;
    return now >= *s.reactivate_at;
}

bool Device::trouble() const
{
    if (state() != DeviceState::ONLINE) return false;
    if (bus_->clock().now() < next_card_fence_) return false;
    if (controller_.health() != mhi::Health::OK) return true;
    for (const auto& s : slots_)
        if (s.running && (in_state(*s.running, dbc::ChannelState::FAULTED) || reactivation_due(s)))
            return true;
    for (const auto& d : draining_)
        if (d->outstanding() == 0) return true;
    return false;
}

void Device::recover_locked()
{
    if (state() == DeviceState::ONLINE) {
        const auto health = controller_.health();
        if (health == mhi::Health::GONE)
            card_lost(dbc::Guard::REMOVED, DeviceState::REMOVED);
        else if (health != mhi::Health::OK)
            fence_whole_card(dbc::Guard::RESET);
        else
            fence_faulted();
    }
    if (state() == DeviceState::ONLINE) reactivate_due();
    reap();
}

Result<void> Device::fence(Slot& s)
{
    auto& r = *s.running;
    ++s.faults, ++counters_.faults;
    log(LogLevel::ERR, "{}", r.queue().fault_text());
    QAIC_CHECK(quiesce_all()); // nobody who saw the channel ACTIVE is still inside
    if (r.ssr_stopped)
        client_->released(
            r.activation().dbc); // the card said so before it asked for our acknowledgement (6.1)
    else
        QAIC_CHECK(client_->deactivate(r.activation()));
    ++counters_.fences;
    r.on_card = false;
    r.queue().set_fenced();
    s.fenced_at = bus_->clock().now();
    s.reactivate_at = s.budget.next(s.fenced_at);
    if (!s.reactivate_at)
        log(LogLevel::ERR, "{}: model {} stays out of use: {} recoveries in {} s; stop and start it", name(),
            &s - slots_.data(), RecoveryBudget::attempts, RecoveryBudget::window / 1s);
    return {};
}

void Device::fence_faulted()
{
    for (auto& s : slots_) {
        if (!s.running || !in_state(*s.running, dbc::ChannelState::FAULTED)) continue;
        const auto fenced = fence(s);
        if (fenced) continue;
        if (fenced.error().code == Code::E_BUSY && in_state(*s.running, dbc::ChannelState::FAULTED) &&
            s.running->ssr_stopped == false) {
            // A burst call has not returned, or the DBC is being restarted: the next round tries again.
            log(LogLevel::WARNING, "{}", fenced.error().message());
            continue;
        }
        log(LogLevel::ERR, "{}: DBC {} could not be fenced alone: {}", name(), s.running->activation().dbc,
            fenced.error().message());
        if (fenced.error().code == Code::E_REMOVED)
            card_lost(dbc::Guard::REMOVED, DeviceState::REMOVED);
        else
            fence_whole_card(dbc::Guard::RESET);
        return;
    }
}

/// Rungs 3 and 4. This driver does not boot the card again by itself: the device is FAILED until it is
/// closed.
void Device::fence_whole_card(dbc::Guard why)
{
    if (bus_->clock().now() < next_card_fence_) return;
    for (auto& s : slots_)
        if (s.running) s.running->queue().quarantine(why);
    auto fenced = controller_.fence_card();
    if (!fenced) {
        if (controller_.health() == mhi::Health::GONE)
            return card_lost(dbc::Guard::REMOVED, DeviceState::REMOVED);
        log(LogLevel::ERR, "{}: SoC reset as a fence failed: {}", name(), fenced.error().message());
        fenced = bus_->set_bus_master(false);
    }
    if (!fenced) {
        log(LogLevel::ERR, "{}: no fence confirmed, operations are kept: {}", name(),
            fenced.error().message());
        next_card_fence_ = bus_->clock().now() + card_fence_pause;
        return;
    }
    card_lost(why, DeviceState::FAILED);
}

/// The card makes no DMA any more. Everything outstanding goes back.
void Device::card_lost(dbc::Guard why, DeviceState end)
{
    for (auto& s : slots_)
        if (s.running) s.running->queue().quarantine(why);
    if (auto quiet = quiesce_all(); !quiet) {
        log(LogLevel::WARNING, "{}", quiet.error().message());
        next_card_fence_ = bus_->clock().now() + card_fence_pause;
        return; // health stays bad: the next round tries again
    }
    for (auto& s : slots_) {
        if (!s.running) continue;
        s.running->on_card = false;
        // A card that is gone shows first as registers that read all-ones: say what it was.
        if (auto& c = s.running->channel();
            end == DeviceState::REMOVED && in_state(*s.running, dbc::ChannelState::FAULTED))
            c.fault.guard = why;
        s.running->queue().set_fenced();
        s.reactivate_at.reset();
    }
    ++counters_.fences;
    if (client_) client_->card_fenced();
    state_ = end;
    log(LogLevel::ERR, "{}: device is {}", name(), to_string(end));
}

void Device::reactivate_due()
{
    bool changed = false;
    for (auto& s : slots_) {
        if (!reactivation_due(s)) continue;
        const auto now = bus_->clock().now();
        s.budget.spend(now);
        if (auto again = activate(s); !again) {
            ++counters_.recovery_failures;
            s.reactivate_at = s.budget.next(now);
            log(LogLevel::ERR, "{}: model {} could not be activated again: {}", name(), &s - slots_.data(),
                again.error().message());
            continue;
        }
        changed = true;
        ++counters_.reactivations;
        log(LogLevel::NOTICE, "{}: model {} runs again on DBC {}", name(), &s - slots_.data(),
            s.running->activation().dbc);
    }
    if (changed) (void)republish();
}

/// Fenced activations whose operations are all handed back.
void Device::reap()
{
    bool changed = false;
    for (auto& d : draining_)
        if (d->outstanding() == 0) old_running_.push_back(std::move(d)), changed = true;
    if (!changed) return;
    std::erase(draining_, nullptr);
    (void)republish();
}

void Device::on_ssr(unsigned dbc, aic100::SsrEvent event)
{
    for (auto& s : slots_) {
        if (!s.running || s.running->activation().dbc != dbc) continue;
        if (event == aic100::SsrEvent::BEFORE_SHUTDOWN && s.running->on_card) {
            s.running->ssr_stopped = true;
            s.running->queue().quarantine(dbc::Guard::SSR);
        }
        if (event == aic100::SsrEvent::AFTER_POWER_UP) s.running->ssr_over = true;
    }
}

void Device::on_ras(const aic100::RasMessage& m)
{
    const bool bad = m.error_type == static_cast<std::uint32_t>(aic100::RasErrorType::UNCORRECTABLE);
    if (bad) ++counters_.ras_uncorrectable;
    if (!ras_log_.pass(bus_->clock().now())) return;
    log(bad ? LogLevel::ERR : LogLevel::INFO, "{}: RAS {} error, source {}, corrected {}, uncorrected {}",
        name(), bad ? "uncorrectable" : "correctable or non-fatal", m.source.get(), m.ce_count.get(),
        m.ue_count.get());
}

} // namespace qaic
