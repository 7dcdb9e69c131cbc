// SPDX-License-Identifier: BSD-3-Clause
// Life of a device: attach, configure, start, stop, close. What it does with queue pairs, models and faults
// is in device_queues.cpp, device_models.cpp, device_recovery.cpp.
#include "qaic/device.hpp"
#include "base/checked.hpp"
#include "qaic/quiesce.hpp"
#include "qaic/selftest.hpp"
#include <array>

namespace qaic {
namespace {

std::uint64_t ticks(Nanos span, std::uint64_t hz)
{
    const auto n = static_cast<std::uint64_t>(span.count());
    constexpr std::uint64_t second = 1'000'000'000;
    return std::max<std::uint64_t>(n / second * hz + n % second * hz / second,
                                   1); // hz below 18 GHz: no overflow
}

} // namespace

std::string_view to_string(DeviceState state) noexcept
{
    static constexpr std::array<std::string_view, 7> names{"ATTACHED", "BOOTING",  "ONLINE",    "FAILED",
                                                           "REMOVED",  "DEGRADED", "RECOVERING"};
    const auto i = static_cast<std::size_t>(state);
    return i < names.size() ? names[i] : "?";
}

Device::Device(std::unique_ptr<Bus> bus, DeviceConfig config)
    : bus_(std::move(bus)), config_(std::move(config)), op_limit_(ticks(config_.op_timeout, config_.tsc_hz)),
      controller_(*bus_, config_.controller)
{
    bus_->reach().lie_in(bus_->burst_memory());
    controller_.on_ssr([this](unsigned dbc, aic100::SsrEvent event) { on_ssr(dbc, event); });
    controller_.on_dump([this](services::Ssr::Dump dump) { on_dump(std::move(dump)); });
    controller_.on_ras([this](const aic100::RasMessage& message) { on_ras(message); });
}

Device::~Device()
{
    if (!closed_) (void)close(true, -1);
    bus_->reach().leave();
}

Result<void> Device::attach()
{
    const Locked lock(control_);
    QAIC_CHECK(quiesce_setup());
    QAIC_CHECK(check_place(config_.crash_dumps, name()));
    dump_place_ = config_.crash_dumps;
    controller_.accept_dumps(dump_place_.accepts());
    state_ = DeviceState::BOOTING;
    const auto go = [&]() -> Result<void> {
        QAIC_TRY(boot_, controller_.boot());
        client_ =
            std::make_unique<nnc::Client>(*bus_, controller_, config_.controller.limits, config_.handle);
        QAIC_TRY(const auto hello, client_->hello());
        QAIC_TRY(info_, client_->info());
        log(LogLevel::INFO, "{}: control protocol {}.{}, firmware {}.{}.{}, {} NSPs", name(),
            hello.major.get(), hello.minor.get(), info_.fw_major, info_.fw_minor, info_.fw_patch,
            info_.resources.nsp_total);
        return {};
    };
    auto done = go();
    if (!done) {
        controller_.shutdown();
        client_.reset();
        state_ = DeviceState::FAILED;
        return done;
    }
    state_ = DeviceState::ONLINE;
    return {};
}

Result<void> Device::usable() const
{
    if (closed_) return fail(Code::E_UNSUPP, "{}: device is closed", name());
    switch (state_.load()) {
    case DeviceState::ONLINE: return {};
    case DeviceState::REMOVED: return fail(Code::E_REMOVED, "{}: card is gone", name());
    case DeviceState::FAILED:
        return fail(Code::E_STATE, "{}: device failed: close it and attach again", name());
    case DeviceState::RECOVERING:
        return fail(Code::E_BUSY, "{}: card is being brought back: try again", name());
    default: return fail(Code::E_BUSY, "{}: card is not booted", name());
    }
}

Result<Device::Locked> Device::enter()
{
    if (state_ == DeviceState::RECOVERING) return tl::unexpected<Error>(usable().error());
    Locked lock(control_);
    if (state_ == DeviceState::RECOVERING) return tl::unexpected<Error>(usable().error());
    return lock;
}

Result<void> Device::configure(std::uint16_t queue_pairs, std::uint16_t models)
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (started_) return fail(Code::E_BUSY, "{}: stop the device before configuring it", name());
    if (queue_pairs == 0 || queue_pairs > DeviceLimits::queue_pairs)
        return fail(Code::E_INVAL, "{}: queue pairs got={} limit=1..{}", name(), queue_pairs,
                    DeviceLimits::queue_pairs);
    if (models == 0 || models > DeviceLimits::models)
        return fail(Code::E_INVAL, "{}: models got={} limit=1..{}", name(), models, DeviceLimits::models);
    QAIC_CHECK(no_tenants());
    if (const auto out = in_flight(); out != 0)
        return fail(Code::E_BUSY, "{}: {} operations are not handed back yet: dequeue them", name(), out);
    drop_models();
    forget_everything();
    slots_ = std::vector<Slot>(models);
    {
        const std::lock_guard pairs(pairs_lock_);
        queue_pairs_.resize(queue_pairs);
    }
    standby_.resize(queue_pairs);
    configured_ = true;
    return {};
}

/// Nothing is in flight and nobody inside a burst call.
void Device::forget_everything()
{
    slots_.clear();
    draining_.clear(), old_running_.clear();
    {
        const std::lock_guard pairs(pairs_lock_);
        queue_pairs_.clear();
    }
    standby_.clear();
    lane_lists_.clear(), old_lists_.clear();
    degraded_ = false;
}

Result<void> Device::start()
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (!configured_) return fail(Code::E_INVAL, "{}: configure the device before starting it", name());
    if (started_) return {};
    QAIC_CHECK(activate_started());
    started_ = true;
    (void)republish(); // everything is published; what it could not free yet is freed later
    look_at_dbcs();
    return {};
}

Result<void> Device::stop(std::int16_t dev_id)
{
    const auto lock = interrupt();
    if (closed_) return fail(Code::E_UNSUPP, "{}: device is closed", name());
    if (!started_) return {};
    started_ = false;
    if (auto quiet = republish(); !quiet) {
        started_ = true;
        (void)republish();
        return quiet;
    }
    give_back_everything(dev_id);
    look_at_dbcs();
    return {};
}

/// Queue pairs with a callback only. First what the card finishes in time, then the rest behind a fence.
void Device::give_back_everything(std::int16_t dev_id)
{
    const auto until = bus_->clock().now() + config_.op_timeout;
    const auto wait_for_all = [&](Nanos end) {
        for (;;) {
            deliver_all(dev_id);
            if (in_flight_with_callback() == 0 || bus_->clock().now() >= end) return;
            if (online()) controller_.poll();
            if (trouble()) recover_locked();
            bus_->relax(50us);
        }
    };
    wait_for_all(until);
    if (in_flight_with_callback() == 0) return;
    each_running([](Slot&, Instance&, Running& r) {
        if (r.outstanding() != 0) r.queue().quarantine(dbc::Guard::STOP);
    });
    recover_locked();
    wait_for_all(bus_->clock().now() + 10ms);
}

void Device::drop_models()
{
    for (auto& s : slots_) {
        s.started = false;
        if (auto off = deactivate(s); !off) log(LogLevel::WARNING, "{}", off.error().message());
        if (!s.model) continue;
        s.visible = nullptr;
        if (online())
            if (auto gone = s.model->unload(*client_); !gone)
                log(LogLevel::WARNING, "{}", gone.error().message());
        s.model.reset();
    }
}

void Device::shut_card_down() noexcept
{
    if (client_ && online())
        if (auto t = client_->terminate(); !t) log(LogLevel::WARNING, "{}", t.error().message());
    controller_.shutdown(); // MHI RESET acknowledged, then bus master off: no DMA from here on
    if (client_) client_->card_fenced();
}

Result<void> Device::close(bool force, std::int16_t dev_id)
{
    closing_ = true; // no recovery begins any more
    const auto lock = interrupt();
    const auto refuse = [&](tl::unexpected<Error> why) -> Result<void> {
        closing_ = closed_.load();
        return why;
    };
    if (closed_) return refuse(fail(Code::E_UNSUPP, "{}: device is closed", name()));
    if (started_ && !force)
        return refuse(fail(Code::E_BUSY, "{}: stop the device before closing it", name()));
    if (auto own = no_tenants(); !own && !force) return refuse(tl::unexpected(std::move(own).error()));
    if (const auto out = in_flight(); out != 0 && !force)
        return refuse(
            fail(Code::E_AGAIN, "{}: {} operations are not handed back yet: dequeue them", name(), out));
    if (force) {
        started_ = false;
        (void)republish();
        if (in_flight() != 0) give_back_everything(dev_id);
    }
    drop_models();
    shut_card_down();
    each_running([](Slot&, Instance&, Running& r) { r.on_card = false, r.queue().set_fenced(); });
    deliver_all(dev_id);
    if (const auto out = in_flight(); out != 0) {
        counters_.lost_ops += out;
        log(LogLevel::ERR, "{}: {} operations of queue pairs without flush callback were never dequeued",
            name(), out);
    }
    leave_to_tenants();
    client_.reset();
    forget_everything();
    loss_ = Loss::NONE;
    if (state_ == DeviceState::RECOVERING) state_ = DeviceState::FAILED;
    configured_ = false;
    closed_ = true;
    return {};
}

Result<void> Device::selftest()
{
    QAIC_TRY(const auto lock, enter());
    QAIC_CHECK(usable());
    if (started_) return fail(Code::E_BUSY, "{}: self-test needs a stopped device", name());
    for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, std::size_t{65535}}) {
        Bytes message(size);
        for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::byte>(i * 7 + size);
        QAIC_CHECK(controller_.loopback(message));
    }
    if (!config_.builtin_programs) return {};
    QAIC_TRY(const auto dbcs, echo_every_channel(*bus_, *client_, info_, config_.op_timeout, op_limit_));
    log(LogLevel::INFO, "{}: self-test: LOOPBACK and {} DMA-Bridge channels in order", name(), dbcs);
    return {};
}

void Device::with_parts(const std::function<void(const Parts&)>& look)
{
    const Locked lock(control_);
    static const nnc::Counters none{};
    look({client_ ? client_->counters() : none, controller_.mhi().counters(), controller_.counters()});
}

} // namespace qaic
