// SPDX-License-Identifier: BSD-3-Clause
// Activations: which replies bind a DBC, which release it, and when FIFO memory is ours again.
// aic100-device.md 4.8, 4.14; guard N-DBC
#include "qaic/nnc/client_impl.hpp"
#include <unistd.h>

namespace qaic::nnc {
using namespace aic100;

bool Client::fifo_safe(const Error& error) noexcept
{
    switch (error.code) {
    case Code::E_TIMEOUT:
    case Code::E_PROTO:
    case Code::E_CRC:
    case Code::E_RESET: return false;
    default: return true; // refused by the card, never sent, or the card is gone
    }
}

/// Status of an ACTIVATE reply in either form of refusal (4.8): the command's own, or, when that one is 0,
/// the virtual channel's.
Result<std::int32_t> Client::Impl::activate_status(const Reply& reply)
{
    QAIC_TRY(const auto response, response_in<ActivateResp>(reply, NncCmd::ACTIVATE, "ACTIVATE", 2));
    const auto vc = reply.only<NncActivateFromDev>(NncType::ACTIVATE_FROM_DEV);
    const std::int32_t status = response.status;
    if (status != 0) {
        if (vc && vc->status == 0)
            return broken(counters.n_dbc,
                          "N-DBC ACTIVATE: refused with status {} and bound to dbc={} at once", status,
                          vc->dbc.get());
        return status;
    }
    if (!vc || reply.transactions().size() != 2)
        return broken(counters.n_trx, "N-TRX ACTIVATE: accepted without its channel transaction");
    const auto vc_status = static_cast<std::int32_t>(vc->status.get());
    return vc_status;
}

Result<Activation> Client::Impl::activation_from(const Reply& reply)
{
    QAIC_TRY(const auto r, response_in<ActivateResp>(reply, NncCmd::ACTIVATE, "ACTIVATE", 2));
    const auto vc = reply.only<NncActivateFromDev>(NncType::ACTIVATE_FROM_DEV);
    if (!vc) return broken(counters.n_trx, "N-TRX ACTIVATE: accepted without its channel transaction");
    if (vc->dbc >= dbc_count)
        return broken(counters.n_dbc, "N-DBC ACTIVATE: dbc out of range got={} limit={}", vc->dbc.get(),
                      dbc_count);
    if (r.vc_id != vc->dbc)
        return broken(counters.n_dbc, "N-DBC ACTIVATE: virtual channel got={} limit={}", r.vc_id.get(),
                      vc->dbc.get());
    if ((active & 1u << vc->dbc) != 0)
        return broken(counters.n_dbc, "N-DBC ACTIVATE: dbc is in use already got={}", vc->dbc.get());
    if (r.activation_id == 0)
        return broken(counters.n_dbc, "N-DBC ACTIVATE: activation id got=0 with status 0");
    active |= 1u << vc->dbc;
    Activation a;
    a.id = r.activation_id;
    a.dbc = vc->dbc;
    a.ddr_base = r.ddr_base, a.dynamic_ddr_base = r.dynamic_ddr_base, a.mcid_base = r.mcid_base;
    a.nsp_mask = r.nsp_mask;
    return a;
}

Result<Activation> Client::activate(const ActivateRequest& request)
{
    auto& i = *impl_;
    Activate cmd{};
    cmd.type = static_cast<std::uint32_t>(NncCmd::ACTIVATE);
    cmd.process_id = static_cast<std::uint32_t>(getpid());
    cmd.constants_id = request.constants_id;
    cmd.elf_id = request.elf_id;
    cmd.reservation_id = -1;
    cmd.vc_setup = 1;
    cmd.vc_reservation_id = -1;
    cmd.initial_state = 1; // ready
    NncActivateToDev vc{};
    vc.request_fifo = request.request_fifo.value;
    vc.response_fifo = request.response_fifo.value;
    vc.request_elements = request.elements;
    vc.response_elements = request.elements;
    vc.buffer_bytes = request.fifo_bytes;
    auto message = i.message();
    message.command(cmd).transaction(NncType::ACTIVATE_TO_DEV, vc);
    std::vector<DmaMemory> none; // the FIFO is the caller's, who asks fifo_safe()
    QAIC_TRY(const auto reply, i.ask(message, "ACTIVATE", none, [&](const Reply& r) -> Result<std::int32_t> {
        return i.activate_status(r);
    }));
    return i.activation_from(reply);
}

Result<void> Client::Impl::deactivation_from(const Reply& reply, unsigned dbc)
{
    const auto vc = reply.only<NncStatusWord>(NncType::DEACTIVATE_FROM_DEV);
    if (!vc) return broken(counters.n_trx, "N-TRX DEACTIVATE: accepted without its channel transaction");
    if (vc->value != dbc)
        return broken(counters.n_dbc, "N-DBC DEACTIVATE: released another dbc got={} limit={}",
                      vc->value.get(), dbc);
    active &= ~(1u << dbc);
    return {};
}

Result<void> Client::deactivate(const Activation& activation)
{
    auto& i = *impl_;
    if (activation.dbc >= dbc_count || (i.active & 1u << activation.dbc) == 0)
        return fail(Code::E_INVAL, "{}: DEACTIVATE: dbc={} has no activation", i.bus.name(), activation.dbc);
    Deactivate cmd{};
    cmd.type = static_cast<std::uint32_t>(NncCmd::DEACTIVATE);
    cmd.activation_id = activation.id;
    cmd.vc_teardown = 1;
    auto message = i.message();
    message.command(cmd);
    std::vector<DmaMemory> none;
    QAIC_TRY(
        const auto reply, i.ask(message, "DEACTIVATE", none, [&](const Reply& r) -> Result<std::int32_t> {
            QAIC_TRY(const auto response, i.response_in<StatusResp>(r, NncCmd::DEACTIVATE, "DEACTIVATE", 2));
            if (response.status != 0) return response.status.get();
            const auto vc = r.only<NncStatusWord>(NncType::DEACTIVATE_FROM_DEV);
            return vc ? static_cast<std::int32_t>(vc->status.get()) : 0;
        }));
    return i.deactivation_from(reply, activation.dbc);
}

Result<void> Client::set_state(std::uint32_t activation_id, std::int32_t state)
{
    ActivateStateCmd cmd{};
    cmd.type = static_cast<std::uint32_t>(NncCmd::ACTIVATE_STATE_CMD);
    cmd.count = 1;
    cmd.entries[0].activation_id = activation_id;
    cmd.entries[0].state = state;
    auto message = impl_->message();
    message.command(cmd);
    QAIC_TRY(const auto r,
             impl_->command<StatusResp>(message, NncCmd::ACTIVATE_STATE_CMD, "ACTIVATE_STATE_CMD"));
    (void)r;
    return {};
}

} // namespace qaic::nnc
