// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/controller.hpp"
#include "qaic/boot/attach.hpp"
#include "qaic/boot/sequence.hpp"
#include "qaic/services/bootlog.hpp"
#include "qaic/services/loopback.hpp"
#include "qaic/services/ras.hpp"
#include "qaic/services/telemetry.hpp"
#include "qaic/services/timesync.hpp"

namespace qaic {
using namespace aic100;

struct Controller::Impl {
    Impl(Bus& b, ControllerConfig c)
        : bus(b), config(std::move(c)), host(bus, config.limits), log(bus, host, counters.r_msg),
          time(bus, host, config.wall_clock_us, config.timesync_period,
               {counters.timesync_sent, counters.timesync_boot, counters.r_msg}),
          ssr(bus, host, {counters.ssr_events, counters.r_msg}),
          ras(host, {counters.ras_messages, counters.ras_dropped, counters.r_msg, counters.ce, counters.ue,
                     counters.ue_nonfatal}),
          sensors(bus, host, counters.r_msg), loop(bus, host, config.limits.op)
    {}

    Result<BootReport> boot();
    Result<void> start_services();
    /// Bus master off; then no DMA is left and the host's memory is ours again (fence rung 4).
    Result<void> off_the_bus();

    Bus& bus;
    ControllerConfig config;
    ServiceCounters counters;
    mhi::Host host;
    services::BootLog log;
    services::TimeSync time;
    services::Ssr ssr;
    services::Ras ras;
    services::Telemetry sensors;
    services::Loopback loop;
};

Result<BootReport> Controller::Impl::boot()
{
    time.stop();
    sensors.reset();
    boot::Sequence sequence({bus, host, config, log, time, counters});
    QAIC_CHECK(sequence.run());
    QAIC_CHECK(start_services());
    sequence.stages().done("online");
    return sequence.stages().report(sequence.found());
}

// Ascending channel order (2.14 step 15).
Result<void> Controller::Impl::start_services()
{
    QAIC_CHECK(ssr.start());
    // The control client starts this pair afresh with a receiver of its own.
    QAIC_CHECK(host.start_pair(channel::CONTROL, {}));
    QAIC_CHECK(ras.start());
    return time.start_periodic();
}

Result<void> Controller::Impl::off_the_bus()
{
    const bool gone = host.health() == mhi::Health::GONE;
    auto off = bus.set_bus_master(false);
    if (off || gone) host.fenced();
    return gone ? Result<void>{} : off;
}

Controller::Controller(Bus& bus, ControllerConfig config)
    : impl_(std::make_unique<Impl>(bus, std::move(config)))
{}
Controller::~Controller() { shutdown(); }

Result<BootReport> Controller::boot()
{
    auto report = impl_->boot();
    if (!report) {
        impl_->time.stop();
        // The first error is the one to report; memory the card may still reach is then never freed.
        (void)impl_->off_the_bus();
    }
    return report;
}

void Controller::shutdown() noexcept
{
    impl_->time.stop();
    // A card that does not acknowledge loses the bus all the same.
    (void)impl_->host.shutdown();
    (void)impl_->off_the_bus();
}

Result<void> Controller::fence_card()
{
    auto& i = *impl_;
    i.time.stop();
    const auto off = i.off_the_bus();
    auto reset = boot::soc_reset(i.bus, i.host, i.config.limits);
    if (!reset && reset.error().code == Code::E_REMOVED) {
        i.host.fenced();
        return {}; // rung 6: a card that is gone makes no DMA
    }
    if (reset) i.host.fenced();
    // Either rung alone stops all DMA: SoC reset confirmed, or bus master read back as off.
    return reset || off ? Result<void>{} : reset;
}

Result<void> Controller::off_the_bus()
{
    impl_->time.stop();
    return impl_->off_the_bus();
}

void Controller::poll()
{
    impl_->host.poll();
    if (impl_->host.health() != mhi::Health::OK) return;
    impl_->time.poll();
    impl_->ssr.poll();
}

void Controller::interrupt_by(const std::atomic<unsigned>* flag) noexcept { impl_->host.interrupt_by(flag); }
bool Controller::interrupted() const noexcept { return impl_->host.interrupted(); }
mhi::Host& Controller::mhi() noexcept { return impl_->host; }
mhi::Health Controller::health() const noexcept { return impl_->host.health(); }
void Controller::on_ssr(SsrHandler handler) { impl_->ssr.on_event(std::move(handler)); }
void Controller::on_dump(DumpHandler handler) { impl_->ssr.on_dump(std::move(handler)); }
void Controller::accept_dumps(std::uint64_t bytes) noexcept { impl_->ssr.accept_dumps(bytes); }
bool Controller::dumping() const noexcept { return impl_->ssr.dumping(); }
void Controller::on_ras(RasHandler handler) { impl_->ras.on_message(std::move(handler)); }
const std::string& Controller::boot_log() const noexcept { return impl_->log.text(); }

const ServiceCounters& Controller::counters() const noexcept
{
    impl_->counters.log_bytes = impl_->log.text().size();
    return impl_->counters;
}

Result<std::int64_t> Controller::telemetry(std::uint8_t command) { return impl_->sensors.read(command); }
Result<void> Controller::set_telemetry(std::uint8_t command, std::int64_t value)
{
    return impl_->sensors.write(command, value);
}
Result<void> Controller::loopback(ConstSpan message) { return impl_->loop.exchange(message); }

} // namespace qaic
