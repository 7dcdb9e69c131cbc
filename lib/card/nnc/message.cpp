// SPDX-License-Identifier: BSD-3-Clause
#include "card/nnc/message.hpp"
#include <cstring>
#include <zlib.h>

namespace card {
using aic100::NncHeader;
using aic100::NncTransaction;

std::uint32_t message_crc(ConstSpan bytes) noexcept
{
    static constexpr Bytef zero[4] = {};
    const auto rest = bytes.subspan(sizeof zero);
    const auto crc =
        ::crc32_z(::crc32_z(0, zero, sizeof zero), reinterpret_cast<const Bytef*>(rest.data()), rest.size());
    return static_cast<std::uint32_t>(crc);
}

Verdict check_message(ConstSpan bytes, CrcRule rule, NncHeader& header)
{
    const auto head = read_at<NncHeader>(bytes);
    if (!head || head->magic != aic100::nnc_magic) return Verdict::UNREADABLE;
    header = *head;
    if (bytes.size() > aic100::nnc_max_to_device || head->length != bytes.size()) return Verdict::DAMAGED;
    if (rule == CrcRule::IF_PRESENT && head->crc == 0) return Verdict::GOOD;
    return message_crc(bytes) == head->crc ? Verdict::GOOD : Verdict::DAMAGED;
}

std::optional<std::vector<Transaction>> split_message(ConstSpan bytes)
{
    const auto head = read_at<NncHeader>(bytes);
    if (!head || head->count > (bytes.size() - sizeof(NncHeader)) / sizeof(NncTransaction))
        return std::nullopt;
    std::vector<Transaction> out;
    auto left = bytes.subspan(sizeof(NncHeader));
    for (std::uint32_t i = 0; i < head->count; ++i) {
        const auto t = read_at<NncTransaction>(left);
        if (!t || t->length < sizeof(NncTransaction) || t->length > left.size()) return std::nullopt;
        out.push_back({t->type, left.first(t->length)});
        left = left.subspan(t->length);
    }
    if (!left.empty()) return std::nullopt;
    return out;
}

Reply::Reply(const NncHeader& to)
{
    NncHeader h{};
    h.magic = aic100::nnc_magic;
    h.sequence = to.sequence;
    h.handle = to.handle;
    h.partition = to.partition;
    append(bytes_, h);
}

void Reply::add_response(ConstSpan response)
{
    append(bytes_, NncTransaction{static_cast<std::uint32_t>(aic100::NncType::PASSTHROUGH_FROM_DEV),
                                  static_cast<std::uint32_t>(sizeof(NncTransaction) + response.size())});
    bytes_.insert(bytes_.end(), response.begin(), response.end());
    ++count_;
}

void Reply::add_failure(std::int32_t status)
{
    aic100::NncStatusFromDev t{};
    t.major = aic100::nnc_major;
    t.minor = aic100::nnc_minor;
    t.status = static_cast<std::uint32_t>(status);
    add(aic100::NncType::STATUS_FROM_DEV, t);
}

Bytes Reply::finish(bool with_crc) &&
{
    auto h = *read_at<NncHeader>(bytes_);
    h.length = static_cast<std::uint32_t>(bytes_.size());
    h.count = count_;
    std::memcpy(bytes_.data(), &h, sizeof h);
    if (with_crc) {
        const qaic::le32 crc(message_crc(bytes_));
        std::memcpy(bytes_.data(), &crc, sizeof crc);
    }
    return std::move(bytes_);
}

} // namespace card
