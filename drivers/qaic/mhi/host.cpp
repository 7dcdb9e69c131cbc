// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/mhi/host.hpp"
#include "qaic/mhi/impl.hpp"

namespace qaic::mhi {
using namespace aic100;

Host::Host(Bus& bus, const Limits& limits) : impl_(std::make_unique<Impl>(bus, limits)) {}

Host::~Host()
{
    if (!impl_->quiet) impl_->retire_all();
}

Result<ExecEnv> Host::power_up()
{
    auto env = impl_->power_up(*this);
    if (!env) {
        impl_->note(env.error());
        if (impl_->health == Health::OK) impl_->health = Health::OFF;
    }
    return env;
}

Result<void> Host::wait_exec_env(ExecEnv env, Nanos limit)
{
    auto& i = *impl_;
    QAIC_CHECK(i.wait(*this, fmt::format("execution environment {}", to_string(env)), limit,
                      [&] { return i.env == env; }));
    // The event follows the register (8.9 point 13); only both together are believed.
    QAIC_TRY(const auto value, read_bhi(bhi_reg::EXECENV));
    if (value != static_cast<std::uint32_t>(env)) {
        i.sys_err(fmt::format("D-EE event says {}, EXECENV got={}", to_string(env), value));
        return i.usable();
    }
    i.drop_env(env != ExecEnv::SBL);
    return {};
}

Result<void> Host::shutdown()
{
    auto& i = *impl_;
    if (i.health == Health::GONE) i.quiet = true;
    if (i.quiet) {
        fenced();
        return {};
    }
    return mhi_reset();
}

Result<void> Host::mhi_reset()
{
    if (auto done = impl_->mhi_reset(); !done) return impl_->note(done.error()), done;
    fenced();
    return {};
}

void Host::fenced() noexcept
{
    impl_->quiet = true;
    impl_->drop_all();
    if (impl_->health != Health::GONE) impl_->health = Health::OFF;
}

Result<void> Host::start_pair(std::uint8_t to_device, Receiver receiver)
{
    auto& i = *impl_;
    const auto* info = channel_info(to_device);
    if (info == nullptr || to_device % 2 != 0)
        return fail(Code::E_INVAL, "{}: channel {} is not a to-device channel", i.bus.name(), to_device);
    QAIC_CHECK(i.usable());
    QAIC_CHECK(reset_pair(to_device));
    const auto from_device = static_cast<std::uint8_t>(to_device + 1);
    QAIC_CHECK(i.start(*this, to_device));
    // State before arming: the receiver stands before the first packet can come (reliability.md 3.1 rule 7).
    i.channels[from_device].receiver = std::move(receiver);
    if (auto started = i.start(*this, from_device); !started) {
        // The first error is the one to report; an unanswered RESET leaves the channel STOPPING.
        if (i.usable()) (void)i.reset(*this, to_device);
        return started;
    }
    return {};
}

Result<void> Host::reset_pair(std::uint8_t to_device)
{
    auto& i = *impl_;
    if (channel_info(to_device) == nullptr || to_device % 2 != 0)
        return fail(Code::E_INVAL, "{}: channel {} is not a to-device channel", i.bus.name(), to_device);
    QAIC_CHECK(i.reset(*this, static_cast<std::uint8_t>(to_device + 1)));
    return i.reset(*this, to_device);
}

bool Host::running(std::uint8_t channel) const noexcept
{
    return channel < channel_ids && impl_->channels[channel].phase == ChannelPhase::RUNNING;
}

bool Host::drained(std::uint8_t to_device) const noexcept
{
    return to_device >= channel_ids || impl_->channels[to_device].ring.used() == 0;
}

bool Host::announced(ExecEnv env) const noexcept { return impl_->env == env; }
Health Host::health() const noexcept { return impl_->health; }
const HostCounters& Host::counters() const noexcept { return impl_->counters; }

void Host::interrupt_by(const std::atomic<unsigned>* flag) noexcept { impl_->interrupt = flag; }
bool Host::interrupted() const noexcept { return impl_->interrupted(); }

Result<std::uint32_t> Host::read(std::uint32_t offset)
{
    // Not noted: it says nothing of the card.
    if (interrupted()) return fail(Code::E_RESET, "{}: interrupted", impl_->bus.name());
    auto value = impl_->regs.read(offset);
    if (!value) impl_->note(value.error());
    return value;
}

Result<std::uint32_t> Host::read_bhi(std::uint32_t offset) { return read(impl_->regs.bhi_offset() + offset); }
void Host::write(std::uint32_t offset, std::uint32_t value) { impl_->regs.write(offset, value); }
void Host::write_bhi(std::uint32_t offset, std::uint32_t value) { impl_->regs.write_bhi(offset, value); }

Result<void> Host::locate_blocks()
{
    auto& i = *impl_;
    if (i.health != Health::OK) {
        // A new attach: what the last one learnt is void, a card may have been plugged in again.
        i.regs.forget();
        i.health = Health::OFF;
        i.why.clear();
    }
    auto located = i.regs.locate_blocks();
    if (!located) i.note(located.error());
    return located;
}

Result<void> Host::Impl::usable() const
{
    if (interrupted()) return fail(Code::E_RESET, "{}: interrupted", bus.name());
    switch (health) {
    case Health::OK: return {};
    case Health::OFF: return fail(Code::E_STATE, "{}: MHI is not powered up", bus.name());
    case Health::SYS_ERR: return fail(Code::E_RESET, "{}: card reports SYS_ERR ({})", bus.name(), why);
    case Health::GONE: return fail(Code::E_REMOVED, "{}: card is gone ({})", bus.name(), why);
    case Health::BROKEN: break;
    }
    return fail(Code::E_PROTO, "{}: {}", bus.name(), why);
}

} // namespace qaic::mhi
