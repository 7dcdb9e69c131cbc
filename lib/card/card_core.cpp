// SPDX-License-Identifier: BSD-3-Clause
#include "card/card_core.hpp"

namespace card {
using aic100::ExecEnv;
using aic100::MhiState;

namespace {
constexpr Nanos farewell_limit = 200ms;
}

CardCore::CardCore(CardConfig config, HostPort& host, const Clock& clock, ControlFactory make_control_with)
    : config_(std::move(config)), clock_(clock), factory_(std::move(make_control_with)), gate_(host),
      bar0_(gate_, clock), faults_(*this), engine_(gate_, bar0_, faults_.events),
      pbl_(gate_, bar0_, faults_.boot), boot_log_(engine_), boot_timesync_(engine_, boot_log_),
      sahara_(engine_, boot_log_, faults_.boot), loopback_(engine_), control_channel_(engine_),
      ssr_(engine_, clock), ras_(engine_), telemetry_(engine_, clock)
{
    engine_.connect(services());
    make_control();
    bar0_.power_on(config_.serial);
}

void CardCore::make_control()
{
    control_.reset(); // the old one must be gone before the new one takes the window
    const auto crashed = [this](unsigned dbc, const std::function<CrashDump()>& dump) {
        return restart_crashed(dbc, dump);
    };
    control_ = factory_(config_, QsmPorts{gate_, clock_, window_.bytes(), crashed});
    control_channel_.connect(*control_);
    ssr_.connect(*control_);
}

/// Begins at once or not at all: a restart that waited could meet the next user of the DBC.
bool CardCore::restart_crashed(unsigned dbc, const std::function<CrashDump()>& dump)
{
    const auto to_host = static_cast<std::uint8_t>(aic100::channel::SSR + 1);
    if (!ssr_.idle() || !engine_.running(aic100::channel::SSR) || !engine_.running(to_host)) return false;
    ssr_.restart(dbc, dump());
    ssr_.poll();
    return true;
}

MhiEngine::Services CardCore::services()
{
    MhiEngine::Services all{};
    const std::pair<std::uint8_t, Service*> rows[] = {
        {aic100::channel::LOOPBACK, &loopback_},
        {aic100::channel::SAHARA, &sahara_},
        {aic100::channel::DIAG, &silent_},
        {aic100::channel::SSR, &ssr_},
        {aic100::channel::QDSS, &silent_},
        {aic100::channel::CONTROL, &control_channel_},
        {aic100::channel::LOGGING, &boot_log_},
        {aic100::channel::STATUS, &ras_},
        {aic100::channel::TELEMETRY, &telemetry_},
        {aic100::channel::DEBUG, &silent_},
        {aic100::channel::TIMESYNC, &boot_timesync_},
        {aic100::channel::TIMESYNC_PERIODIC, &timesync_},
        {aic100::channel::IPCR, &silent_},
    };
    static_assert(std::size(rows) == aic100::channel_table.size());
    for (const auto& [channel, service] : rows) all[channel / 2] = service;
    return all;
}

std::uint32_t CardCore::read32(unsigned bar, std::uint64_t offset) noexcept
{
    if (bar == aic100::bar_mhi) return bar0_.read32(offset);
    if (gate_.gone()) return aic100::all_ones;
    return bar == aic100::bar_dbc ? window_.read32(offset) : 0;
}

void CardCore::write32(unsigned bar, std::uint64_t offset, std::uint32_t value) noexcept
{
    if (bar == aic100::bar_mhi)
        bar0_.write32(offset, value);
    else if (bar == aic100::bar_dbc && !gate_.gone())
        window_.write32(offset, value);
}

std::uint64_t CardCore::read64(unsigned bar, std::uint64_t offset) noexcept
{
    if (bar == aic100::bar_mhi) return bar0_.read64(offset);
    return read32(bar, offset) | std::uint64_t{read32(bar, offset + 4)} << 32;
}

bool CardCore::poll()
{
    if (gate_.gone()) {
        const bool news = stage() != Stage::GONE;
        if (news) remove();
        window_.fill_all_ones(); // a host that maps the window may have written into it
        return news;
    }
    bool did = bar0_.dirty() && handle_resets();
    did |= poll_timers();
    if (!gate_.open()) return did; // no bus mastering: everything else waits (D57)
    did |= poll_boot();
    did |= poll_mission();
    for (unsigned i = 0; i < faults_.msi_storm; ++i)
        for (unsigned v = 0; v < aic100::msi_vectors_offered; ++v) gate_.raise_msi(v), did = true;
    return did;
}

bool CardCore::poll_timers()
{
    if (!ready_at_ || faults_.boot.withhold_ready || clock_.now() < *ready_at_) return false;
    ready_at_.reset();
    return move(Cause::READY_DUE);
}

bool CardCore::poll_boot()
{
    bool did = bar0_.dirty() && poll_requests();
    if (m0_wanted_) enter_m0(), did = true;
    if (stage() != Stage::PBL || !pbl_.busy()) return did;
    if (pbl_.step()) move(Cause::IMAGE_ACCEPTED);
    return !faults_.boot.stall_bhi || did;
}

bool CardCore::poll_requests()
{
    const auto wanted = bar0_.take_control();
    if (wanted.image && stage() == Stage::PBL) pbl_.offer(*wanted.image);
    const bool ready = stage() == Stage::SBL_READY || stage() == Stage::AMSS_READY;
    if (wanted.state == MhiState::M0 && ready) m0_wanted_ = true;
    return wanted.image || wanted.state;
}

void CardCore::enter_m0()
{
    const auto entry = engine_.enter_m0();
    if (entry == MhiEngine::Entry::RETRY) return;
    m0_wanted_ = false;
    if (entry == MhiEngine::Entry::FAILED) return system_error(false);
    const auto env = bar0_.exec_env();
    engine_.set_env(env);
    move(Cause::M0_ENTERED);
    engine_.post_state(MhiState::M0);
    engine_.post_env(env);
}

bool CardCore::poll_mission()
{
    if (stage() != Stage::SBL_M0 && stage() != Stage::AMSS_M0) return false;
    bool did = engine_.poll();
    did |= poll_services();
    if (stage() == Stage::SBL_M0 && sahara_.finished() && host_is_done()) start_amss(), did = true;
    if (stage() == Stage::AMSS_M0) did |= control_->poll();
    return did;
}

bool CardCore::poll_services()
{
    if (stage() == Stage::SBL_M0) {
        const bool did = boot_log_.poll();
        return sahara_.poll() || did;
    }
    const bool did = ras_.poll();
    return ssr_.poll() || did;
}

/// Linux posts its Sahara buffer again after the last answer too, and complains when the channel has gone by
/// then. Silicon takes seconds to start its firmware; we wait for the buffer, or that long.
bool CardCore::host_is_done()
{
    if (!amss_at_) amss_at_ = clock_.now() + farewell_limit;
    return engine_.posted(aic100::channel::SAHARA + 1) != 0 || clock_.now() >= *amss_at_;
}

/// 8.3: the register first, then the event; SBL's channels are forgotten without a word to the host, whose
/// rings and contexts stay in use.
void CardCore::start_amss()
{
    amss_at_.reset();
    bar0_.set_exec_env(ExecEnv::AMSS);
    move(Cause::IMAGES_DONE);
    engine_.set_env(ExecEnv::AMSS);
    sahara_.reset(), boot_log_.reset(), boot_timesync_.reset();
    telemetry_.reset(); // its uptime starts here
    engine_.post_env(ExecEnv::AMSS);
}

std::optional<Nanos> CardCore::next_due() const
{
    std::optional<Nanos> first;
    const auto take = [&first](std::optional<Nanos> at) {
        if (at && (!first || *at < *first)) first = at;
    };
    if (gate_.gone()) return first;
    if (!faults_.boot.withhold_ready) take(ready_at_);
    if (stage() == Stage::SBL_M0) take(amss_at_);
    if (!gate_.open() || stage() != Stage::AMSS_M0) return first;
    take(ssr_.next_due());
    take(control_->next_due());
    return first;
}

} // namespace card
