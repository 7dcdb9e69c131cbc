// SPDX-License-Identifier: BSD-3-Clause
// Commands in their message: the transactions that go with them, and loads that take several messages.
#include "card/nnc/server.hpp"
#include <algorithm>

namespace card {
namespace {
namespace status_code = aic100::nnc_status;
using aic100::NncHeader;
using aic100::NncType;

aic100::NncActivateFromDev activated(NncStatus status, std::uint32_t dbc)
{
    aic100::NncActivateFromDev t{};
    t.status = static_cast<std::uint32_t>(status);
    t.dbc = dbc;
    return t;
}
} // namespace

void Server::passthrough(Reply& reply, Call& call)
{
    const auto type = *read_at<le32>(call.command); // length checked before
    const auto* command = find_command(type);
    const bool offered = type == static_cast<std::uint32_t>(aic100::NncCmd::ACTIVATE) && call.vc.has_value();
    call.activated_dbc.reset();
    call.torn_down.reset();
    if (command == nullptr) {
        reply.add_response(refuse_command(type, status_code::UNDEFINED_REQUEST));
    } else if (call.command.size() < command->request_bytes || call.command.size() % 8 != 0) {
        reply.add_response(refuse_command(type, status_code::COMMAND_LENGTH));
    } else {
        reply.add_response(command->run(call));
    }
    // The passthrough goes first, in refusals too: a host stops decoding at the first failing transaction.
    if (call.activated_dbc)
        reply.add(NncType::ACTIVATE_FROM_DEV, activated(status_code::OK, *call.activated_dbc));
    else if (offered && !firmware_.config.activate_refusal_alone)
        reply.add(NncType::ACTIVATE_FROM_DEV, activated(status_code::GENERAL, 0));
    if (call.torn_down) {
        aic100::NncStatusWord word{};
        word.status = static_cast<std::uint32_t>(call.torn_down->status);
        word.value = call.torn_down->dbc;
        reply.add(NncType::DEACTIVATE_FROM_DEV, word);
    }
}

void Server::activate_alone(Reply& reply, const Call& call)
{
    const auto fifo = checked_fifo(*call.vc);
    if (!fifo) return reply.add(NncType::ACTIVATE_FROM_DEV, activated(status_code::PARAMETER, 0));
    const auto made = firmware_.activate_bare(call.caller, *fifo);
    reply.add(NncType::ACTIVATE_FROM_DEV, made ? activated(0, (*made)->dbc) : activated(made.error(), 0));
}

Bytes Server::begin_transfer(const NncHeader& head, ConstSpan message, const Transactions& list,
                             const DmaXfer& xfer)
{
    const Caller caller{head.handle, head.partition};
    std::optional<Load> load;
    for (const auto& t : list)
        if (!load && t.type == static_cast<std::uint32_t>(NncType::PASSTHROUGH_TO_DEV))
            load = begin_load(firmware_, caller, t.bytes.subspan(sizeof(aic100::NncTransaction)));
    if (!load) return carry_out(head, list, nullptr); // the command will say what is wrong with it
    pull(firmware_, *load, xfer);
    if (load->status != 0 || load->complete()) return carry_out(head, list, &*load);
    (void)pending_.take(head.handle, xfer.chunk); // an id used again: the old load is dead
    return ask_for_more(head, {xfer.chunk, std::move(*load), Bytes(message.begin(), message.end())});
}

Bytes Server::continue_transfer(const NncHeader& head, const DmaXfer& xfer)
{
    auto entry = xfer.chunk != 0 ? pending_.take(head.handle, xfer.chunk) : std::nullopt;
    if (!entry) return failure(head, status_code::NOT_FOUND);
    if (xfer.count == 0) return abort_transfer(head, *entry);
    pull(firmware_, entry->load, xfer);
    if (entry->load.status == 0 && !entry->load.complete()) return ask_for_more(head, std::move(*entry));
    const auto original = split_message(entry->message); // passed when it came
    return carry_out(head, *original, &entry->load);
}

Bytes Server::ask_for_more(const NncHeader& head, PendingLoads::Entry entry)
{
    aic100::NncDmaCont more{};
    more.chunk_id = entry.chunk;
    more.transferred = entry.load.done;
    if (!pending_.add(std::move(entry))) return failure(head, status_code::NO_ID);
    Reply reply(head);
    reply.add(NncType::DMA_XFER_CONT, more);
    return std::move(reply).finish(firmware_.config.crc_in_use);
}

Bytes Server::abort_transfer(const NncHeader& head, const PendingLoads::Entry& entry)
{
    drop_failed_payload(firmware_, entry.load);
    Reply reply(head);
    // An empty reply would reach the user as success (4.7).
    reply.add_response(refuse_command(static_cast<std::uint32_t>(entry.load.command), status_code::GENERAL));
    return std::move(reply).finish(firmware_.config.crc_in_use);
}

} // namespace card
