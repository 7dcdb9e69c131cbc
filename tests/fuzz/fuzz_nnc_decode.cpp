// SPDX-License-Identifier: BSD-3-Clause
// What a card may say to the NNC client: the decoder on raw bytes, then a whole conversation whose replies
// are the input. First byte: bit 0 makes the CRC right, bit 1 the sequence number, bits 3:2 the decoder's CRC
// rule. Then messages, each {u16 length, bytes}.
#include "../unit/driver/nnc/fakes.hpp"
#include "qaic/nnc/reply.hpp"
#include <cstdlib>

namespace {
using namespace qaic;
using namespace qaic::nnc;

void require(bool ok)
{
    if (!ok) std::abort();
}

void decode(ConstSpan packet, CrcUse use)
{
    const auto reply = decode_reply(packet, use);
    if (!reply) return require(!reply.error().text.empty());
    std::size_t at = sizeof(aic100::NncHeader);
    for (const auto& t : reply->transactions()) {
        require(t.at == at && t.length >= 16 && t.length % 8 == 0);
        at += t.length;
    }
    require(at <= packet.size() && reply->response().size() <= packet.size());
}

class Script {
  public:
    Script(ConstSpan data, std::uint8_t mode) : data_(data), mode_(mode) {}
    std::optional<Bytes> next(std::uint32_t sequence)
    {
        const auto length = read_at<le16>(data_);
        if (!length) return std::nullopt;
        data_ = data_.subspan(2);
        const auto n = std::min<std::size_t>(*length, data_.size());
        Bytes out(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(n));
        data_ = data_.subspan(n);
        if (out.size() >= sizeof(aic100::NncHeader)) repair(out, sequence);
        return out;
    }

  private:
    void repair(Bytes& m, std::uint32_t sequence) const
    {
        aic100::NncHeader h = *read_at<aic100::NncHeader>(m);
        if (mode_ & 2) h.sequence = sequence, h.magic = aic100::nnc_magic, h.padding = 0;
        if (mode_ & 1) h.length = static_cast<std::uint32_t>(m.size());
        std::memcpy(m.data(), &h, sizeof h);
        if (!(mode_ & 1)) return;
        h.crc = message_crc(m);
        std::memcpy(m.data(), &h, sizeof h);
    }
    ConstSpan data_;
    std::uint8_t mode_;
};

void converse(ConstSpan data, std::uint8_t mode)
{
    Script script(data, mode);
    Limits limits;
    limits.nnc = 3ms;
    Bench b(
        [&](FakeChannel& ch, ConstSpan m) {
            const auto seq = header_of(m).sequence.get();
            if (read_at<le32>(m, 32)->get() == 15) return ch.reply(status_reply(seq, mode & 1));
            if (auto packet = script.next(seq)) ch.reply(std::move(*packet));
        },
        limits);
    require(b.client->hello().has_value());
    b.client->set_staging_piece(4096);
    const Bytes elf(4096 * 2 + 5);
    if (auto id = b.client->load_elf(elf, "n")) require(*id != 0);
    (void)b.client->load_constants({}, elf, ConstSpan(elf).first(10));
    if (auto a = b.client->activate({.elf_id = 1, .elements = 512, .fifo_bytes = 0x9000})) {
        require(a->dbc < 16 && a->id != 0);
        (void)b.client->deactivate(*a);
    }
    (void)b.client->info();
    (void)b.client->resources();
    (void)b.client->terminate();
    b.client->card_fenced();
    require(b.bus.live.empty());
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    if (size == 0) return 0;
    const auto data = std::as_bytes(std::span(bytes + 1, size - 1));
    const auto mode = bytes[0];
    decode(data, static_cast<CrcUse>((mode >> 2 & 3) % 3));
    converse(data, mode);
    return 0;
}
