// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/nnc/reply.hpp"
#include "qaic/nnc/message.hpp"
#include <fmt/format.h>

namespace qaic::nnc {
using namespace aic100;

namespace {

/// Smallest legal length of each transaction that a card may send (4.5). A passthrough holds at least a
/// command's type and one word.
struct Known {
    NncType type;
    std::size_t least;
};
constexpr Known known[] = {
    {NncType::PASSTHROUGH_FROM_DEV, sizeof(NncTransaction) + sizeof(CmdHead)},
    {NncType::ACTIVATE_FROM_DEV, sizeof(NncActivateFromDev)},
    {NncType::DEACTIVATE_FROM_DEV, sizeof(NncStatusWord)},
    {NncType::STATUS_FROM_DEV, sizeof(NncStatusFromDev)},
    {NncType::TERMINATE_FROM_DEV, sizeof(NncStatusWord)},
    {NncType::DMA_XFER_CONT, sizeof(NncDmaCont)},
    {NncType::VALIDATE_PARTITION_FROM_DEV, sizeof(NncStatusWord)},
};
const Known* lookup(std::uint32_t type) noexcept
{
    for (const auto& k : known)
        if (static_cast<std::uint32_t>(k.type) == type) return &k;
    return nullptr;
}

template<class... A>
tl::unexpected<Violation> violation(Guard guard, std::optional<std::uint32_t> sequence,
                                    fmt::format_string<A...> text, A&&... args)
{
    return tl::unexpected<Violation>(Violation{guard, fmt::format(text, std::forward<A>(args)...), sequence});
}

/// Rule 4 up to the length: received bytes, magic, header length, padding, count.
tl::expected<NncHeader, Violation> check_header(ConstSpan packet)
{
    const auto h = read_at<NncHeader>(packet);
    if (!h)
        return violation(Guard::N_HDR, {}, "N-HDR message shorter than its header got={} limit={}",
                         packet.size(), sizeof *h);
    if (packet.size() > nnc_max_from_device)
        return violation(Guard::N_HDR, {}, "N-HDR message too long got={} limit={}", packet.size(),
                         nnc_max_from_device);
    if (h->magic != nnc_magic)
        return violation(Guard::N_HDR, {}, "N-HDR magic got={:#x} limit={:#x}", h->magic.get(), nnc_magic);
    if (h->length < sizeof *h || h->length > packet.size())
        return violation(Guard::N_HDR, {}, "N-HDR length beyond the bytes received got={} limit={}",
                         h->length.get(), packet.size());
    if (h->padding != 0)
        return violation(Guard::N_HDR, {}, "N-HDR padding got={:#x} limit=0", h->padding.get());
    const auto most = (h->length - sizeof *h) / sizeof(NncTransaction);
    if (h->count > most)
        return violation(Guard::N_HDR, h->sequence.get(), "N-HDR transaction count got={} limit={}",
                         h->count.get(), most);
    return *h;
}

/// All transactions of `body`, which starts at offset `base` of the message and must be used up exactly.
tl::expected<std::vector<Reply::Transaction>, Violation> walk(ConstSpan body, const NncHeader& header)
{
    std::vector<Reply::Transaction> out;
    out.reserve(header.count);
    std::size_t at = 0;
    const auto bad = [&](std::string_view what, std::size_t got, std::size_t limit) {
        return violation(Guard::N_TRX, header.sequence.get(), "N-TRX {} got={} limit={} offset={}", what, got,
                         limit, sizeof header + at);
    };
    for (std::uint32_t i = 0; i < header.count; ++i) {
        const auto head = read_at<NncTransaction>(body, at);
        if (!head) return bad("transaction begins beyond the message", body.size() - at, sizeof *head);
        const auto* k = lookup(head->type);
        if (!k) return bad("unknown transaction type", head->type, 19);
        if (head->length < k->least)
            return bad("transaction shorter than its struct", head->length, k->least);
        if (head->length % 8 != 0) return bad("transaction length is no multiple of 8", head->length, 8);
        if (head->length > body.size() - at)
            return bad("transaction ends beyond the message", head->length, body.size() - at);
        if (k->type == NncType::DMA_XFER_CONT && header.count != 1)
            return bad("DMA_XFER_CONT is not alone", header.count, 1);
        out.push_back({k->type, sizeof header + at, head->length});
        at += head->length;
    }
    if (at != body.size()) return bad("transactions do not fill the message", at, body.size());
    return out;
}

} // namespace

const Reply::Transaction* Reply::find_only(NncType type) const noexcept
{
    const Transaction* found = nullptr;
    for (const auto& t : transactions_) {
        if (t.type != type) continue;
        if (found != nullptr) return nullptr;
        found = &t;
    }
    return found;
}

ConstSpan Reply::response() const noexcept
{
    if (transactions_.empty() || transactions_[0].type != NncType::PASSTHROUGH_FROM_DEV) return {};
    const auto& t = transactions_[0];
    return ConstSpan(bytes_).subspan(t.at + sizeof(NncTransaction), t.length - sizeof(NncTransaction));
}

tl::expected<Reply, Violation> decode_reply(ConstSpan packet, CrcUse crc)
{
    const auto header = check_header(packet);
    if (!header) return tl::unexpected<Violation>(header.error());
    const auto message = packet.first(header->length);
    const bool crc_ok = message_crc(message) == header->crc;
    const auto wrong_crc = [&] {
        return violation(Guard::N_CRC, header->sequence.get(), "N-CRC got={:#010x} limit={:#010x}",
                         header->crc.get(), message_crc(message));
    };
    if (crc == CrcUse::ON && !crc_ok) return wrong_crc();

    Reply reply;
    auto transactions = walk(message.subspan(sizeof *header), *header);
    if (!transactions) return tl::unexpected<Violation>(transactions.error());
    reply.header_ = *header;
    reply.bytes_.assign(message.begin(), message.end());
    reply.transactions_ = std::move(*transactions);
    if (crc == CrcUse::LEARN && !crc_ok) {
        const auto status = reply.only<NncStatusFromDev>(NncType::STATUS_FROM_DEV);
        if (status && (status->flags & nnc_flags::CRC) != 0) return wrong_crc();
    }
    return reply;
}

} // namespace qaic::nnc
