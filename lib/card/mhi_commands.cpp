// SPDX-License-Identifier: BSD-3-Clause
// The command ring: one completion event per command, in order, whatever the command. aic100-device.md 2.9
#include "card/mhi_engine.hpp"

namespace card {
using aic100::ChannelState;
using aic100::Command;
using aic100::Completion;

bool MhiEngine::commands()
{
    bool did = false;
    while (command_rd_ != command_wr_ && events_.accepts_work()) {
        aic100::RingElement command;
        if (!gate_.read(command_rd_, std::as_writable_bytes(std::span(&command, 1)))) {
            if (gate_.open()) command_rd_ = command_wr_, ++counters_.bad_doorbells;
            break;
        }
        const auto code = execute(command);
        if (!code) break;
        did = true;
        ++counters_.commands;
        counters_.refused_commands += *code == Completion::SUCCESS ? 0 : 1;
        const auto at = command_rd_;
        command_rd_ = command_ring_.next(command_rd_);
        events_.post(aic100::make_event(aic100::EventType::COMMAND_COMPLETION, at,
                                        static_cast<std::uint8_t>(*code), 0, 0));
        if (*code == Completion::SUCCESS) notify(command);
    }
    if (did) {
        // For information only: no host is known to read it (2.7).
        const le64 rp = command_rd_;
        (void)gate_.write(command_context_ + offsetof(aic100::CommandContext, rp), bytes_of(rp));
    }
    return did;
}

std::optional<Completion> MhiEngine::execute(const aic100::RingElement& command)
{
    const auto id = aic100::element_channel(command);
    switch (static_cast<Command>(aic100::command_of(command))) {
    case Command::NOP: return Completion::SUCCESS;
    case Command::START_CHANNEL: return start(id);
    case Command::STOP_CHANNEL: return stop(id, false);
    case Command::RESET_CHANNEL: return stop(id, true);
    }
    return Completion::UNDEFINED_ERR;
}

/// A refused access while the gate is open is the host's fault; while it is closed the command waits.
std::optional<Completion> MhiEngine::access_failed() const
{
    if (gate_.open()) return Completion::UNDEFINED_ERR;
    return std::nullopt;
}

std::uint64_t MhiEngine::context_of(std::uint8_t id) const noexcept
{
    return channel_contexts_ + id * sizeof(aic100::ChannelContext);
}

bool MhiEngine::write_state(std::uint8_t id, std::uint32_t chcfg, ChannelState state)
{
    // The host read-modify-writes this word later: bits [31:8] are its own (2.9).
    const le32 word = (chcfg & ~aic100::chcfg_state_mask) | static_cast<std::uint32_t>(state);
    return gate_.write(context_of(id), bytes_of(word));
}

std::optional<Completion> MhiEngine::start(std::uint8_t id)
{
    const auto* info = aic100::channel_info(id);
    // SBL's contexts are freed by the host as soon as it sees AMSS: they are not even read (8.3).
    if (info == nullptr || info->in_sbl != (env_ == aic100::ExecEnv::SBL)) return Completion::UNDEFINED_ERR;
    aic100::ChannelContext ctx;
    if (!gate_.read(context_of(id), std::as_writable_bytes(std::span(&ctx, 1)))) return access_failed();
    const auto ring = Ring::make(ctx.rbase, ctx.rlen);
    const auto type = id % 2 == 0 ? aic100::ChannelType::OUTBOUND : aic100::ChannelType::INBOUND;
    const bool good =
        (ctx.chcfg & aic100::chcfg_state_mask) == static_cast<unsigned>(ChannelState::ENABLED) &&
        ctx.chtype == static_cast<std::uint32_t>(type) && ctx.erindex == 0 && ring && ring->holds(ctx.rp) &&
        ring->holds(ctx.wp) && control_.holds(ring->base(), ring->bytes());
    if (!good) return Completion::UNDEFINED_ERR;
    if (!write_state(id, ctx.chcfg, ChannelState::RUNNING)) return access_failed();
    channels_[id].start(id, *ring, ctx.rp, ctx.wp); // also when it runs already: the context counts
    work_ |= 1u << id;
    return Completion::SUCCESS;
}

std::optional<Completion> MhiEngine::stop(std::uint8_t id, bool reset)
{
    if (id >= channels) return Completion::UNDEFINED_ERR;
    auto& channel = channels_[id];
    const bool allowed = channel.running() || (reset && channel.state() != MhiChannel::State::DISABLED);
    if (!allowed) return Completion::UNDEFINED_ERR;
    le32 chcfg;
    if (!gate_.read(context_of(id), std::as_writable_bytes(std::span(&chcfg, 1)))) return access_failed();
    if (!write_state(id, chcfg, reset ? ChannelState::DISABLED : ChannelState::STOP)) return access_failed();
    if (reset)
        channel.disable();
    else
        channel.stop();
    return Completion::SUCCESS;
}

void MhiEngine::notify(const aic100::RingElement& command)
{
    const auto id = aic100::element_channel(command);
    if (static_cast<Command>(aic100::command_of(command)) == Command::NOP) return;
    auto& service = *services_[id / 2];
    if (channels_[id].running())
        service.started(id);
    else
        service.stopped(id);
}

} // namespace card
