// SPDX-License-Identifier: BSD-3-Clause
// The loss of a whole card and its way back: fence (rungs 2 to 6), operations handed back, boot, networks,
// activations; at most 3 times in 10 minutes. reliability.md 2.3, 2.4; docs/adr/0007.
//
//   lose_card -> FENCE -> RELEASE -> BOOT -> LOAD... -> ACTIVATE -> online        (or FAILED, REMOVED)
//                whoever noticed     recover() only, a step at a time
#include "qaic/device.hpp"
#include "qaic/trace.hpp"
#include <cstring>

namespace qaic {
namespace {
constexpr Nanos card_fence_pause = 1s; ///< between two attempts to fence a card that does not confirm
std::uint32_t ms(Nanos n) { return static_cast<std::uint32_t>(n / 1ms); }
} // namespace

bool Device::housekeep()
{
    bool work = false;
    {
        const Locked lock(control_, std::try_to_lock);
        if (!lock.owns_lock() || closed_) return false;
        if (online()) {
            controller_.poll();
            look_at_dbcs();
        }
        work = trouble() || (loss_ >= Loss::BOOT && (removal_ || bus_->clock().now() >= boot_due_));
    }
    events_.deliver();
    return work;
}

void Device::recover()
{
    bool lost_now = false;
    {
        const Locked lock(control_);
        if (closed_ || closing_) return;
        const bool was_online = online();
        recover_locked();
        lost_now = was_online && !online();
    }
    events_.deliver();
    finish_dumps();
    // What was out goes back first: the next round begins to boot.
    while (!lost_now && recovery_step()) events_.deliver();
    events_.deliver();
}

/// From here on nobody's operation reaches the card. What is out comes back as soon as the card is fenced.
void Device::lose_card(dbc::Guard why)
{
    if (!online()) return;
    ras_reset_wanted_ = dump_reset_wanted_ = false;
    loss_why_ = why;
    lost_at_ = bus_->clock().now();
    loss_ = controller_.health() == mhi::Health::GONE ? Loss::RELEASE : Loss::FENCE;
    state_ = DeviceState::RECOVERING;
    ++counters_.card_losses;
    each_running([&](Slot&, Instance&, Running& r) { r.queue().quarantine(why); });
    (void)republish(); // to the standby lanes; that nobody is inside is made sure of before RELEASE
    if (why != dbc::Guard::REMOVED) {
        raise(DeviceEventKind::RECOVERING, static_cast<std::uint32_t>(dbc::guard_info(why).code));
        log(LogLevel::ERR, "{}: card is lost, operations come back with {}", name(),
            code_name(dbc::guard_info(why).code));
    }
    settle_loss();
}

void Device::settle_loss()
{
    if (bus_->clock().now() < next_card_fence_) return;
    if (loss_ == Loss::FENCE && !stop_card()) return;
    if (loss_ == Loss::RELEASE && release_operations()) plan_boot();
}

/// Rungs 3 and 4; 4 alone when whoever takes the card away waits for us (H26: 1 s).
bool Device::stop_card()
{
    auto fenced = removal_ ? controller_.off_the_bus() : controller_.fence_card();
    if (!fenced && controller_.health() != mhi::Health::GONE) {
        log(LogLevel::ERR, "{}: card is not fenced: {}", name(), fenced.error().message());
        fenced = bus_->set_bus_master(false);
        if (!fenced) {
            log(LogLevel::ERR, "{}: no fence confirmed, operations are kept: {}", name(),
                fenced.error().message());
            next_card_fence_ = bus_->clock().now() + card_fence_pause;
            return false;
        }
    }
    trace(TracePoint::FENCE, name(), trace_none, trace_none);
    loss_ = Loss::RELEASE;
    return true;
}

/// The card makes no DMA any more. Everything outstanding goes back.
bool Device::release_operations()
{
    if (auto quiet = quiesce_all(); !quiet) {
        log(LogLevel::WARNING, "{}", quiet.error().message());
        next_card_fence_ = bus_->clock().now() + card_fence_pause;
        return false;
    }
    if (controller_.health() == mhi::Health::GONE) loss_why_ = dbc::Guard::REMOVED;
    each_running([&](Slot&, Instance& i, Running& r) {
        r.on_card = false;
        // A card that is gone shows first as registers that read all-ones: say what it was.
        if (loss_why_ == dbc::Guard::REMOVED && r.channel().state.load() == dbc::ChannelState::FAULTED)
            r.channel().fault.guard = loss_why_;
        r.queue().set_fenced();
        i.reactivate_at.reset();
    });
    for (auto& s : slots_)
        if (s.model) s.model->off_card();
    ++counters_.fences;
    if (client_) client_->card_fenced();
    return true;
}

void Device::plan_boot()
{
    if (loss_why_ == dbc::Guard::REMOVED || removal_) return end(DeviceState::REMOVED);
    const auto now = bus_->clock().now();
    const auto due = config_.recover && !closing_ ? card_budget_.next(now) : std::nullopt;
    if (!due) return end(DeviceState::FAILED);
    loss_ = Loss::BOOT;
    boot_due_ = *due;
    log(LogLevel::NOTICE, "{}: card is booted again in {} ms", name(), ms(*due - now));
}

void Device::end(DeviceState final_state)
{
    const bool removed = final_state == DeviceState::REMOVED;
    loss_ = Loss::NONE;
    for (auto& s : standby_)
        if (s) s->end(removed ? dbc::Guard::REMOVED : dbc::Guard::FAILED);
    state_ = final_state;
    (void)republish();
    raise(removed ? DeviceEventKind::REMOVED : DeviceEventKind::FAILED,
          static_cast<std::uint32_t>(counters_.card_recoveries + counters_.recovery_failures));
    log(LogLevel::ERR, "{}: device is {}", name(), to_string(final_state));
}

/// One part of the way back, under the lock; true when the next may follow at once. Between two of them
/// whoever wants the lock gets it; who must have it sooner interrupts (interrupt()).
bool Device::recovery_step()
{
    if (interrupts_ != 0 && !removal_) return false;
    const Locked lock(control_);
    if (closed_ || closing_ || loss_ < Loss::BOOT) return false;
    if (removal_) return end(DeviceState::REMOVED), false;
    if (bus_->clock().now() < boot_due_) return false;
    controller_.interrupt_by(&interrupts_);
    const auto done = bring_back();
    controller_.interrupt_by(nullptr);
    if (!done) attempt_failed(done.error());
    return done && loss_ != Loss::NONE;
}

Result<void> Device::bring_back()
{
    if (loss_ == Loss::BOOT) return boot_again();
    if (controller_.poll(); controller_.health() != mhi::Health::OK)
        return fail(Code::E_RESET, "{}: card was lost again", name());
    if (loss_ == Loss::LOAD) {
        while (next_load_ < slots_.size() && !slots_[next_load_].model) ++next_load_;
        if (next_load_ < slots_.size()) {
            auto& s = slots_[next_load_++];
            return forgive(s, load_again(s));
        }
        loss_ = Loss::ACTIVATE;
        return {};
    }
    for (auto& s : slots_)
        if (started_ && s.started) QAIC_CHECK(forgive(s, activate(s)));
    back_online();
    return {};
}

/// An error that only concerns one model leaves the others their card; the model is tried again within its
/// budget.
Result<void> Device::forgive(Slot& slot, Result<void> done)
{
    if (done || controller_.interrupted() || controller_.health() != mhi::Health::OK) return done;
    switch (done.error().code) {
    case Code::E_TIMEOUT:
    case Code::E_PROTO:
    case Code::E_CRC:
    case Code::E_RESET:
    case Code::E_REMOVED: return done;
    default: break;
    }
    ++counters_.recovery_failures;
    log(LogLevel::ERR, "{}: model {} does not come back: {}", name(), id_of(slot), done.error().message());
    const auto now = bus_->clock().now();
    for (auto& i : slot.instances)
        if (i.running && !i.running->on_card) i.reactivate_at = i.budget.next(now);
    return {};
}

Result<void> Device::boot_again()
{
    QAIC_TRY(const auto report, controller_.boot());
    loss_ = Loss::LOAD; // an error from here on leaves a card that makes DMA
    next_load_ = 0;
    QAIC_TRY(const auto hello, client_->hello());
    QAIC_TRY(const auto info, client_->info());
    if (std::memcmp(info.serial, info_.serial, sizeof info.serial) != 0)
        return fail(Code::E_STATE, "{}: another card answers than before", name());
    QAIC_CHECK(make_partitions_again());
    log(LogLevel::INFO, "{}: booted again in {} ms, control protocol {}.{}", name(), ms(report.total),
        hello.major.get(), hello.minor.get());
    return {};
}

void Device::back_online()
{
    card_budget_.spend(bus_->clock().now());
    loss_ = Loss::NONE;
    ++counters_.card_recoveries;
    state_ = DeviceState::ONLINE;
    (void)republish();
    look_at_dbcs();
    const auto took = bus_->clock().now() - lost_at_;
    raise(DeviceEventKind::RECOVERED, ms(took));
    log(LogLevel::NOTICE, "{}: device is ONLINE again after {} ms", name(), ms(took));
}

/// Whatever the attempt left on the card is fenced again; then the next date, or the end.
void Device::attempt_failed(const Error& error)
{
    if (interrupts_ != 0) {
        log(LogLevel::NOTICE, "{}: recovery is interrupted: {}", name(), error.message());
    } else {
        ++counters_.recovery_failures;
        card_budget_.spend(bus_->clock().now());
        log(LogLevel::ERR, "{}: recovery failed: {}", name(), error.message());
    }
    if (error.code == Code::E_REMOVED) loss_why_ = dbc::Guard::REMOVED;
    each_running([&](Slot&, Instance&, Running& r) { r.queue().quarantine(loss_why_); });
    // A boot that failed has left the bus itself.
    loss_ = loss_why_ == dbc::Guard::REMOVED || loss_ == Loss::BOOT ? Loss::RELEASE : Loss::FENCE;
    settle_loss();
}

Device::Locked Device::interrupt()
{
    ++interrupts_;
    Locked lock(control_);
    --interrupts_;
    return lock;
}

} // namespace qaic
