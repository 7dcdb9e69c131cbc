// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/nnc/message.hpp"
#include <cassert>
#include <zlib.h>

namespace qaic::nnc {
using namespace aic100;

namespace {
const Bytef* z(ConstSpan s) noexcept { return reinterpret_cast<const Bytef*>(s.data()); }
} // namespace

std::uint32_t message_crc(ConstSpan message) noexcept
{
    static constexpr Bytef zero[4] = {};
    assert(message.size() >= sizeof(NncHeader));
    const auto rest = message.subspan(sizeof zero);
    const auto crc = crc32(crc32(0, zero, sizeof zero), z(rest), static_cast<uInt>(rest.size()));
    return static_cast<std::uint32_t>(crc);
}

Message::Message(std::uint32_t handle, std::int32_t partition)
{
    header_.magic = nnc_magic;
    header_.handle = handle;
    header_.partition = partition;
    bytes_.resize(sizeof header_);
}

void Message::begin(NncType type, std::size_t length)
{
    assert(length % 8 == 0 && length <= nnc_max_to_device - bytes_.size());
    NncTransaction head;
    head.type = static_cast<std::uint32_t>(type);
    head.length = static_cast<std::uint32_t>(length);
    append(bytes_, bytes_of(head));
    ++count_;
}

Message& Message::passthrough(ConstSpan command, ConstSpan tail)
{
    begin(NncType::PASSTHROUGH_TO_DEV, nnc_passthrough_extra + command.size() + tail.size());
    append(bytes_, command);
    append(bytes_, tail);
    bytes_.resize(bytes_.size() + 8);
    return *this;
}

std::size_t Message::pairs_that_fit() const noexcept
{
    const auto taken = bytes_.size() + sizeof(NncDmaXfer) + nnc_dma_budget_reserve;
    return taken < nnc_max_to_device ? (nnc_max_to_device - taken) / sizeof(NncDmaPair) : 0;
}

Message& Message::dma_xfer(std::uint32_t tag, std::uint32_t chunk, std::span<const NncDmaPair> pairs)
{
    assert(pairs.size() <= pairs_that_fit());
    NncDmaXfer xfer{};
    xfer.tag = tag;
    xfer.count = static_cast<std::uint32_t>(pairs.size());
    xfer.chunk_id = chunk;
    begin(NncType::DMA_XFER_TO_DEV, sizeof xfer + pairs.size_bytes());
    append(bytes_, ConstSpan(bytes_of(xfer)).subspan(sizeof(NncTransaction)));
    append(bytes_, std::as_bytes(pairs));
    return *this;
}

ConstSpan Message::finish(std::uint32_t sequence, bool with_crc)
{
    header_.crc = 0;
    header_.sequence = sequence;
    header_.length = static_cast<std::uint32_t>(bytes_.size());
    header_.count = count_;
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    if (with_crc) {
        header_.crc = message_crc(bytes_);
        std::memcpy(bytes_.data(), &header_.crc, sizeof header_.crc);
    }
    return bytes_;
}

} // namespace qaic::nnc
