// SPDX-License-Identifier: BSD-3-Clause
// ACTIVATE, DEACTIVATE, ACTIVATE_STATE_CMD. aic100-device.md 4.8, 4.13
#include "base/checked.hpp"
#include "card/nnc/commands.hpp"
#include <algorithm>

namespace card {
namespace {
namespace status = aic100::nnc_status;
using aic100::NncCmd;
constexpr NncStatus switch_parameter = -57, switch_state = -59;
constexpr std::uint8_t no_command_doorbell = 3;

NncStatus activate(Call& call, const aic100::Activate& c, aic100::ActivateResp& out)
{
    const auto vc = std::exchange(call.vc, std::nullopt);
    if (c.vc_setup == 0 || !vc) return status::PARAMETER; // a program is nothing without its channel
    const auto fifo = checked_fifo(*vc);
    if (!fifo) return status::PARAMETER;
    const auto made = call.firmware.activate(call.caller, c, *fifo);
    if (!made) return made.error();
    const auto& a = **made;
    call.activated_dbc = a.dbc;
    out.activation_id = a.id;
    out.vc_id = a.dbc;
    out.ddr_base = a.memory.ddr_base();
    out.dynamic_ddr_base = a.memory.dynamic_base();
    out.mcid_base = a.memory.mcid_base();
    out.cmd_doorbell_length = no_command_doorbell;
    out.nsp_mask = a.core_lease.grant().nsp_mask;
    return status::OK;
}

NncStatus deactivate(Call& call, const aic100::Deactivate& c, aic100::StatusResp&)
{
    const auto found = Firmware::owned(call.firmware.activations, c.activation_id, call.caller);
    // No DEACTIVATE_FROM_DEV here: whatever channel it named, the host would take for its own (4.8).
    if (!found) return found.error();
    const auto dbc = (*found)->dbc;
    const auto s = call.firmware.deactivate(**found, c.vc_teardown != 0);
    if (c.vc_teardown != 0) call.torn_down = {s, dbc};
    return s;
}

NncStatus check_states(Call& call, const aic100::ActivateStateCmd& c)
{
    for (std::uint32_t i = 0; i < c.count; ++i) {
        const auto& e = c.entries[i];
        const auto found = Firmware::owned(call.firmware.activations, e.activation_id, call.caller);
        if (!found) return found.error();
        if ((*found)->restarting) return status::SSR;
        if (e.state < 0 || e.state > 2) return switch_state;
    }
    return status::OK;
}

/// All or none of them.
NncStatus switch_states(Call& call, const aic100::ActivateStateCmd& c, aic100::StatusResp&)
{
    if (c.count > std::size(c.entries)) return switch_parameter;
    if (const auto s = check_states(call, c); s != 0) return s;
    for (std::uint32_t i = 0; i < c.count; ++i) {
        const auto a = call.firmware.activations.find(c.entries[i].activation_id);
        a->state = c.entries[i].state;
        a->memory.touched = true; // doorbells may have been rung while it slept
    }
    return status::OK;
}

constexpr Command activation_table[] = {
    commands::entry<NncCmd::ACTIVATE, aic100::Activate, aic100::ActivateResp, activate>(),
    commands::entry<NncCmd::DEACTIVATE, aic100::Deactivate, aic100::StatusResp, deactivate>(),
    commands::entry<NncCmd::ACTIVATE_STATE_CMD, aic100::ActivateStateCmd, aic100::StatusResp,
                    switch_states>(),
};
} // namespace

std::optional<Channel::Fifo> checked_fifo(const aic100::NncActivateToDev& t) noexcept
{
    const std::uint32_t n = t.request_elements;
    const auto layout = aic100::fifo_layout(n);
    if (!layout || t.response_elements != n || t.buffer_bytes < layout->bytes) return std::nullopt;
    const auto end = checked_add<std::uint64_t>(t.request_fifo, t.buffer_bytes);
    if (!end || t.response_fifo != *end - std::uint64_t{n} * sizeof(aic100::ResponseElement))
        return std::nullopt;
    return Channel::Fifo{t.request_fifo, t.response_fifo, n};
}

std::span<const Command> commands::activation_commands() noexcept { return activation_table; }

} // namespace card
