// SPDX-License-Identifier: BSD-3-Clause
#include "card/mhi_engine.hpp"
#include <bit>

namespace card {
namespace mhi = aic100::mhi_reg;
namespace {

constexpr unsigned tds_per_poll = 32; // of one channel, so that one busy channel does not starve the rest
static_assert(MhiEngine::channels <= 32, "work_ has one bit per channel");

} // namespace

MhiEngine::Entry MhiEngine::enter_m0()
{
    (void)bar0_.take_doorbells(); // rung before M0: allowed to nobody (2.12)
    control_ = {bar0_.pair(mhi::MHICTRLBASE_LOW), bar0_.pair(mhi::MHICTRLLIMIT_LOW)};
    data_ = {bar0_.pair(mhi::MHIDATABASE_LOW), bar0_.pair(mhi::MHIDATALIMIT_LOW)};
    event_rings_ = aic100::mhicfg_ner.get(bar0_.get(mhi::MHICFG));
    channel_contexts_ = bar0_.pair(mhi::CCABAP_LOW);
    command_context_ = bar0_.pair(mhi::CRCBAP_LOW);
    const auto event_context = bar0_.pair(mhi::ECABAP_LOW);

    aic100::CommandContext command;
    const bool placed = event_rings_ > 0 && control_.holds(event_context, sizeof(aic100::EventContext)) &&
                        control_.holds(command_context_, sizeof command) &&
                        control_.holds(channel_contexts_, sizeof(aic100::ChannelContext) * channels);
    if (!placed) return Entry::FAILED;
    const bool read = gate_.read(command_context_, std::as_writable_bytes(std::span(&command, 1))) &&
                      events_.attach(event_context, control_);
    if (!read) return gate_.open() ? Entry::FAILED : Entry::RETRY;
    const auto ring = Ring::make(command.rbase, command.rlen);
    if (!ring || !ring->holds(command.rp) || !control_.holds(ring->base(), ring->bytes())) {
        events_.detach();
        return Entry::FAILED;
    }
    command_ring_ = *ring;
    command_rd_ = command_wr_ = command.rp;
    return Entry::OK;
}

void MhiEngine::shut()
{
    events_.detach();
    for (auto& channel : channels_) channel.disable();
    work_ = 0;
}

void MhiEngine::set_env(aic100::ExecEnv env)
{
    env_ = env;
    for (unsigned id = 0; id < channels; ++id)
        if (aic100::channel_info(id)->in_sbl != (env == aic100::ExecEnv::SBL)) channels_[id].disable();
}

void MhiEngine::post_state(aic100::MhiState state)
{
    events_.post(
        aic100::make_event(aic100::EventType::STATE_CHANGE, 0, static_cast<std::uint8_t>(state), 0, 0));
}

void MhiEngine::post_env(aic100::ExecEnv env)
{
    events_.post(aic100::make_event(aic100::EventType::EXEC_ENV, 0, static_cast<std::uint8_t>(env), 0, 0));
}

bool MhiEngine::poll()
{
    if (!up() || events_.broken()) return false;
    bool did = events_.flush();
    if (bar0_.dirty()) take_doorbells();
    did |= commands();
    did |= transfers();
    return did;
}

void MhiEngine::take_doorbells()
{
    const auto bells = bar0_.take_doorbells();
    if (bells.command) {
        if (command_ring_.holds(*bells.command))
            command_wr_ = *bells.command;
        else
            ++counters_.bad_doorbells;
    }
    if (bells.rung.none()) return;
    for (unsigned id = 0; id < bells.rung.size(); ++id) {
        if (!bells.rung.test(id)) continue;
        if (id >= channels || !channels_[id].running())
            ++counters_.stale_doorbells;
        else if (!channels_[id].doorbell(bells.value[id]))
            ++counters_.bad_doorbells;
        else
            work_ |= 1u << id;
    }
}

bool MhiEngine::transfers()
{
    bool did = false;
    for (auto left = work_; left != 0; left &= left - 1) {
        const auto id = static_cast<std::uint8_t>(std::countr_zero(left));
        auto& channel = channels_[id];
        if (channel.running() && !channel.fetch(gate_)) ++counters_.bad_doorbells;
        did |= id % 2 == 0 ? take_tds(id) : channel.deliver(gate_, events_, data_);
        if (!channel.has_work()) work_ &= ~(1u << id);
    }
    return did;
}

bool MhiEngine::take_tds(std::uint8_t id)
{
    auto& channel = channels_[id];
    auto& service = *services_[id / 2];
    bool did = false;
    for (unsigned n = 0; n < tds_per_poll; ++n) {
        if (!channel.running() || !channel.has_td() || !events_.accepts_work() || !service.ready()) break;
        bool retry = false;
        auto bytes = channel.take_td(gate_, events_, data_, retry);
        if (retry) break;
        did = true;
        ++(bytes ? counters_.tds : counters_.bad_tds);
        if (bytes) service.packet(std::move(*bytes));
    }
    return did;
}

bool MhiEngine::send(std::uint8_t from_device, Bytes packet)
{
    if (!running(from_device)) {
        ++counters_.dropped;
        return false;
    }
    ++counters_.sent;
    channels_[from_device].queue(std::move(packet));
    channels_[from_device].deliver(gate_, events_, data_);
    if (channels_[from_device].has_work()) work_ |= 1u << from_device;
    return true;
}

bool MhiEngine::running(std::uint8_t channel) const
{
    return channel < channels && channels_[channel].running();
}

std::size_t MhiEngine::pending(std::uint8_t from_device) const
{
    return from_device < channels ? channels_[from_device].pending() : 0;
}

} // namespace card
