// SPDX-License-Identifier: BSD-3-Clause
// Event ring: every value in it was chosen by the card. Guards M-ERP, M-ELEM, M-TRE, M-LEN, M-CMD, D-EE,
// D-STATE of reliability.md 3.2; aic100-device.md 2.8 - 2.12.
#include "qaic/mhi/impl.hpp"
#include <algorithm>
#include <cstring>

namespace qaic::mhi {
using namespace aic100;

namespace {
constexpr unsigned bad_elements_a_second = 64; // M-ELEM: more means MHI reset
}

std::size_t Host::poll()
{
    auto& i = *impl_;
    if (i.polling || i.health != Health::OK) return 0;
    i.polling = true;
    const auto handled = i.consume();
    if (i.health == Health::OK && i.bus.clock().now() - i.looked >= i.limits.idle) i.look_at_status();
    i.polling = false;
    return handled;
}

std::size_t Host::Impl::consume()
{
    std::size_t n = 0;
    RingElement event;
    // The ring holds at most 31 events; a card that keeps moving rp does not keep us here.
    while (n < event_ring_elements && health == Health::OK) {
        const auto rp = contexts.event_rp();
        const auto found = events.next(rp, event);
        if (found == EventRing::Poll::VIOLATION) {
            ++counters.m_erp;
            broken(fmt::format("M-ERP event ring read pointer got=0x{:x} limit=0x{:x}+{}", rp,
                               events.memory().place().iova, events.memory().place().bytes));
            break;
        }
        if (found != EventRing::Poll::EVENT) break;
        contexts.set_event_wp(events.write_pointer());
        ++n, ++counters.events;
        handle(event);
    }
    if (n != 0 && !regs.gone()) regs.ring_event(events.write_pointer());
    return n;
}

void Host::Impl::handle(const RingElement& event)
{
    switch (static_cast<EventType>(event_type(event))) {
    case EventType::STATE_CHANGE: return on_state(event_code(event));
    case EventType::EXEC_ENV: return on_exec_env(event_code(event));
    case EventType::COMMAND_COMPLETION: return on_command(event);
    case EventType::TRANSFER: return on_transfer(event);
    case EventType::BANDWIDTH: return; // ignored by every host of this card (2.8)
    case EventType::TRANSFER_COALESCED:
    case EventType::TIME_SYNC: break; // never asked for
    }
    bad_element();
}

void Host::Impl::on_state(std::uint8_t state)
{
    switch (static_cast<MhiState>(state)) {
    case MhiState::M0: return on_m0();
    case MhiState::M1:
        // Grant M2 and ask for M0 back at once: a polled host has nothing to save by sleeping (2.10).
        if (auto ok = regs.update(mhi_reg::MHICTRL, mhictrl_state, static_cast<std::uint32_t>(MhiState::M2));
            !ok)
            return note(ok.error());
        regs.wake(true);
        return;
    case MhiState::SYS_ERR: return sys_err("state event");
    default: break;
    }
    // M2, M3 and the rest were never asked for: an illegal transition (D-STATE).
    sys_err(fmt::format("D-STATE unexpected state event got=0x{:x}", state));
}

void Host::Impl::on_m0() noexcept
{
    m0 = true;
    regs.wake(true);
    const auto wp = commands.memory().address(commands.write_index());
    if (commands.write_index() != 0) regs.ring_command(wp);
    for (unsigned id = 0; id < channel_ids; ++id) {
        const auto& c = channels[id];
        if (c.phase == ChannelPhase::RUNNING && c.ring.used() != 0)
            regs.ring_channel(id, c.ring.memory().address(c.ring.write_index()));
    }
    regs.wake(false);
}

// Legal: nothing -> SBL or AMSS, SBL -> AMSS, and the same again.
void Host::Impl::on_exec_env(std::uint8_t value)
{
    const auto next = static_cast<ExecEnv>(value);
    const bool first = !env && (next == ExecEnv::SBL || next == ExecEnv::AMSS);
    const bool onward = env == ExecEnv::SBL && next == ExecEnv::AMSS;
    if (first || onward || env == next) {
        env = next;
        return;
    }
    sys_err(fmt::format("D-EE illegal execution environment event got={} ({}) after {}", value,
                        to_string(next), env ? to_string(*env) : "none"));
}

void Host::Impl::on_command(const RingElement& event)
{
    if (commands.complete(event.ptr, event_code(event)) != CommandRing::Verdict::VIOLATION) return;
    ++counters.m_cmd;
    broken(
        fmt::format("M-CMD command completion matches no outstanding command got=0x{:x}", event.ptr.get()));
}

void Host::Impl::on_transfer(const RingElement& event)
{
    const auto id = element_channel(event);
    if (id >= channel_ids) return bad_element();
    auto& c = channels[id];
    if (c.phase == ChannelPhase::STOPPING) return; // stale: the channel is being reset
    if (c.phase != ChannelPhase::RUNNING) return bad_element();
    switch (static_cast<Completion>(event_code(event))) {
    case Completion::EOT:
    case Completion::EOB: return complete(id, event);
    case Completion::OVERFLOW_: return id % 2 == 0 ? bad_element() : complete(id, event);
    case Completion::OOB:
    case Completion::DB_MODE:
        if (c.ring.used() != 0) regs.ring_channel(id, c.ring.memory().address(c.ring.write_index()));
        return;
    default: break; // UNDEFINED_ERR, BAD_TRE: no buffer is completed; the rest is not a code
    }
    bad_element();
}

void Host::Impl::complete(std::uint8_t channel, const RingElement& event)
{
    auto& c = channels[channel];
    const auto index = c.ring.find(event.ptr);
    if (!index) {
        ++counters.m_tre;
        return broken(fmt::format(
            "M-TRE event names an unexpected element got=0x{:x} limit=0x{:x}+{} channel={}", event.ptr.get(),
            c.ring.memory().place().iova, c.ring.memory().place().bytes, channel));
    }
    auto slot = c.ring.take(*index);
    const auto length = event_length(event);
    const bool good = length <= slot.length;
    if (!good) ++counters.m_len;
    if (channel % 2 == 0) return pool.give(std::move(slot.buffer));
    // A private copy; a message that claims more than was posted is handed on empty, which no protocol takes.
    packet.assign(slot.buffer.data(), slot.buffer.data() + (good ? length : 0));
    pool.give(std::move(slot.buffer));
    const bool more = static_cast<Completion>(event_code(event)) == Completion::OVERFLOW_;
    if (c.receiver) c.receiver(packet, more);
}

void Host::Impl::bad_element()
{
    ++counters.m_elem;
    const auto now = bus.clock().now();
    if (elem_in_window == 0 || now - elem_window >= 1s) elem_window = now, elem_in_window = 0;
    if (++elem_in_window > bad_elements_a_second)
        broken(fmt::format("M-ELEM more than {} bad events a second", bad_elements_a_second));
}

void Host::Impl::look_at_status()
{
    looked = bus.clock().now();
    const auto status = regs.read(mhi_reg::MHISTATUS);
    if (!status) return note(status.error());
    const auto state = mhistatus_state.get(*status);
    if (state == static_cast<std::uint32_t>(MhiState::SYS_ERR) || mhistatus_syserr.get(*status) != 0)
        return sys_err(fmt::format("MHISTATUS=0x{:x}", *status));
    if (!mhi_state_known(state)) sys_err(fmt::format("D-STATE MHISTATUS=0x{:x}", *status));
}

void Host::Impl::sys_err(std::string reason)
{
    ++counters.sys_errors;
    health = Health::SYS_ERR;
    why = std::move(reason);
}

void Host::Impl::broken(std::string reason)
{
    health = Health::BROKEN;
    why = std::move(reason);
}

void Host::Impl::note(const Error& error)
{
    why = error.text;
    if (error.code == Code::E_REMOVED)
        health = Health::GONE;
    else if (error.code == Code::E_PROTO)
        health = Health::BROKEN;
    else if (error.code == Code::E_RESET)
        health = Health::SYS_ERR;
}

} // namespace qaic::mhi
