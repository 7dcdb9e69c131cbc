// SPDX-License-Identifier: BSD-3-Clause
#include "card/nnc/server.hpp"
#include <algorithm>

namespace card {
namespace {
namespace status_code = aic100::nnc_status;
using aic100::NncHeader;
using aic100::NncType;
constexpr NncStatus buffer_too_small = -10;

struct TransactionRule {
    NncType type;
    std::size_t request_bytes, reply_bytes; ///< reply of a passthrough comes from its command
    unsigned most;                          ///< per message
};
constexpr unsigned any_number = aic100::nnc_max_to_device;
constexpr TransactionRule rules[] = {
    {NncType::PASSTHROUGH_TO_DEV, sizeof(aic100::NncTransaction) + sizeof(std::uint32_t), 0, any_number},
    {NncType::DMA_XFER_TO_DEV, sizeof(aic100::NncDmaXfer), sizeof(aic100::NncDmaCont), 1},
    {NncType::ACTIVATE_TO_DEV, sizeof(aic100::NncActivateToDev), sizeof(aic100::NncActivateFromDev), 1},
    {NncType::STATUS_TO_DEV, sizeof(aic100::NncTransaction), sizeof(aic100::NncStatusFromDev), any_number},
    {NncType::TERMINATE_TO_DEV, sizeof(aic100::NncTerminateToDev), sizeof(aic100::NncStatusWord), any_number},
    {NncType::VALIDATE_PARTITION_TO_DEV, sizeof(aic100::NncValidatePartition), sizeof(aic100::NncStatusWord),
     any_number},
};

const Transaction* find(const std::vector<Transaction>& list, NncType type)
{
    const auto it = std::find_if(list.begin(), list.end(), [type](const Transaction& t) {
        return t.type == static_cast<std::uint32_t>(type);
    });
    return it == list.end() ? nullptr : &*it;
}

ConstSpan payload(const Transaction& t) { return t.bytes.subspan(sizeof(aic100::NncTransaction)); }

std::uint32_t command_type(const Transaction& t)
{
    const auto type = read_at<le32>(payload(t));
    return t.type == static_cast<std::uint32_t>(NncType::PASSTHROUGH_TO_DEV) && type ? type->get() : 0;
}

/// Most bytes a command adds to the reply, the transactions that follow some of them included.
std::size_t command_reply_bytes(const Transaction& t)
{
    const auto* command = find_command(command_type(t));
    const auto response = command != nullptr ? command->response_bytes : sizeof(aic100::StatusResp);
    return sizeof(aic100::NncTransaction) + response + sizeof(aic100::NncActivateFromDev);
}
} // namespace

void Server::reset()
{
    pending_.clear();
    awaiting_status_ = true;
}

Bytes Server::failure(const NncHeader& head, NncStatus status) const
{
    Reply reply(head);
    reply.add_failure(status);
    return std::move(reply).finish(firmware_.config.crc_in_use);
}

std::optional<Bytes> Server::refuse_damaged(const NncHeader& head) const
{
    if (!firmware_.config.answer_bad_crc) return std::nullopt;
    return failure(head, status_code::GENERAL);
}

NncStatus Server::check(const Transactions& list)
{
    std::size_t reply_bytes = sizeof(NncHeader);
    for (const auto& rule : rules) {
        const auto count =
            static_cast<unsigned>(std::count_if(list.begin(), list.end(), [&](const Transaction& t) {
                return t.type == static_cast<std::uint32_t>(rule.type);
            }));
        if (count > rule.most) return status_code::PARAMETER;
    }
    for (const auto& t : list) {
        const auto rule = std::find_if(std::begin(rules), std::end(rules), [&](const TransactionRule& r) {
            return t.type == static_cast<std::uint32_t>(r.type);
        });
        if (rule == std::end(rules)) return status_code::UNDEFINED_REQUEST;
        if (t.bytes.size() < rule->request_bytes) return status_code::COMMAND_LENGTH;
        reply_bytes += rule->reply_bytes != 0 ? rule->reply_bytes : command_reply_bytes(t);
    }
    return reply_bytes > aic100::nnc_max_from_device ? buffer_too_small : status_code::OK;
}

std::optional<Bytes> Server::handle(ConstSpan message)
{
    if (mute_) return std::nullopt;
    NncHeader head;
    const auto rule = awaiting_status_ || firmware_.config.crc_in_use ? CrcRule::ALWAYS : CrcRule::IF_PRESENT;
    switch (check_message(message, rule, head)) {
    case Verdict::UNREADABLE: return std::nullopt;
    case Verdict::DAMAGED: return refuse_damaged(head);
    case Verdict::GOOD: break;
    }
    const auto list = split_message(message);
    if (!list) return failure(head, status_code::PARAMETER);
    if (awaiting_status_ && (list->size() != 1 || find(*list, NncType::STATUS_TO_DEV) == nullptr))
        return refuse_damaged(head); // 4.3: nothing else may come first
    awaiting_status_ = false;
    if (const auto why = check(*list); why != 0) return failure(head, why);

    const auto* transfer = find(*list, NncType::DMA_XFER_TO_DEV);
    if (transfer == nullptr) return carry_out(head, *list, nullptr);
    const auto xfer = read_xfer(*transfer);
    if (!xfer) return failure(head, status_code::COMMAND_LENGTH);
    if (list->size() == 1) return continue_transfer(head, *xfer);
    return begin_transfer(head, message, *list, *xfer);
}

Bytes Server::carry_out(const NncHeader& head, const Transactions& list, Load* load)
{
    Reply reply(head);
    Call call{firmware_, {head.handle, head.partition}, {}, load, std::nullopt};
    bool commanded = false;
    for (const auto& t : list)
        commanded = commanded || command_type(t) == static_cast<std::uint32_t>(aic100::NncCmd::ACTIVATE);
    if (const auto* t = find(list, NncType::ACTIVATE_TO_DEV))
        call.vc = read_at<aic100::NncActivateToDev>(t->bytes);
    for (const auto& t : list) {
        switch (static_cast<NncType>(t.type)) {
        case NncType::PASSTHROUGH_TO_DEV:
            call.command = payload(t);
            passthrough(reply, call);
            break;
        case NncType::ACTIVATE_TO_DEV:
            if (!commanded) activate_alone(reply, call);
            break;
        case NncType::STATUS_TO_DEV: status(reply); break;
        case NncType::TERMINATE_TO_DEV: terminate(reply, t); break;
        case NncType::VALIDATE_PARTITION_TO_DEV: validate_partition(reply, t); break;
        default: break; // DMA_XFER: already done
        }
    }
    return std::move(reply).finish(firmware_.config.crc_in_use);
}

void Server::status(Reply& reply) const
{
    aic100::NncStatusFromDev t{};
    t.major = aic100::nnc_major;
    t.minor = firmware_.config.nnc_minor;
    t.flags = firmware_.config.crc_in_use ? aic100::nnc_flags::CRC : 0;
    reply.add(NncType::STATUS_FROM_DEV, t);
}

void Server::terminate(Reply& reply, const Transaction& t)
{
    const auto who = read_at<aic100::NncTerminateToDev>(t.bytes)->handle.get(); // length checked before
    pending_.drop_of(who);
    firmware_.terminate(who);
    reply.add(NncType::TERMINATE_FROM_DEV, aic100::NncStatusWord{});
}

void Server::validate_partition(Reply& reply, const Transaction& t) const
{
    const auto id = read_at<aic100::NncValidatePartition>(t.bytes)->partition.get();
    aic100::NncStatusWord word{};
    if (!firmware_.groups.find(id)) word.status = static_cast<std::uint32_t>(status_code::ID_NOT_FOUND);
    reply.add(NncType::VALIDATE_PARTITION_FROM_DEV, word);
}

} // namespace card
