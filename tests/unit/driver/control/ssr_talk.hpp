// SPDX-License-Identifier: BSD-3-Clause
// Channel 6/7 of a scripted card: what it says and what the driver answers, packet by packet.
#pragma once
#include "qaic/services/ssr.hpp"
#include "support/scripted_card.hpp"

namespace test {

class SsrTalk {
  public:
    explicit SsrTalk(std::uint64_t accept) : host(card, limits), ssr(card, host, {events, dropped})
    {
        good = host.power_up() && ssr.start();
        ssr.accept_dumps(accept);
        ssr.on_dump([this](services::Ssr::Dump d) { dumps.push_back(std::move(d)); });
    }
    ~SsrTalk() { host.fenced(); }
    SsrTalk(const SsrTalk&) = delete;
    SsrTalk& operator=(const SsrTalk&) = delete;

    /// The card fills the next receive buffer; false when it is too short or there is none.
    bool say(ConstSpan packet, bool more = false)
    {
        const auto at = said_ % ring;
        if (posted() == said_) return false;
        const auto element = card.element(from_device, at);
        if (packet.size() > (element.dw0.get() & 0xffff)) return false;
        if (!card.dma_write(element.ptr, packet)) return false;
        card.complete(from_device, at, static_cast<std::uint16_t>(packet.size()),
                      more ? aic100::Completion::OVERFLOW_ : aic100::Completion::EOT);
        ++said_;
        host.poll();
        return true;
    }
    bool say(aic100::SsrCmd command, std::uint32_t dbc, std::uint32_t value)
    {
        const aic100::SsrWord w{{static_cast<std::uint32_t>(command), std::uint32_t{16}, dbc}, value};
        return say(bytes_of(w));
    }
    bool offer(std::uint32_t dbc, std::uint64_t address, std::uint64_t length)
    {
        const aic100::SsrTransferInfo i{{1u, std::uint32_t{32}, dbc}, 0u, address, length};
        return say(bytes_of(i));
    }
    bool data(std::uint32_t dbc, ConstSpan bytes)
    {
        Bytes out;
        append(out, aic100::SsrWord{{8u, static_cast<std::uint32_t>(16 + bytes.size()), dbc}, 0u});
        out.insert(out.end(), bytes.begin(), bytes.end());
        return say(out);
    }
    /// Down as far as BEFORE_POWER_UP, every step acknowledged.
    void bring_down(std::uint32_t dbc)
    {
        for (const std::uint32_t event : {2u, 4u, 8u}) (void)say(aic100::SsrCmd::SSR_EVENT, dbc, event);
    }
    /// What the driver sent since the last look; the card takes it.
    std::vector<Bytes> heard()
    {
        std::vector<Bytes> out;
        const auto wp = (card.channel_context(6).wp - card.channel_context(6).rbase) / 16;
        for (; heard_ % ring != wp; ++heard_) {
            const auto e = card.element(6, heard_ % ring);
            const auto length = e.dw0.get() & 0xffff;
            Bytes packet(length);
            for (std::uint32_t i = 0; i < length; ++i) packet[i] = card.dma_read<std::byte>(e.ptr + i);
            out.push_back(std::move(packet));
            card.complete(6, heard_ % ring, static_cast<std::uint16_t>(length));
        }
        host.poll();
        return out;
    }
    /// Buffers the driver has posted in all, modulo the ring.
    unsigned posted()
    {
        const auto c = card.channel_context(from_device);
        const auto wp = static_cast<unsigned>((c.wp - c.rbase) / 16);
        return said_ + (wp + ring - said_ % ring) % ring;
    }
    std::uint32_t buffer() { return card.element(from_device, said_ % ring).dw0.get() & 0xffff; }

    static constexpr std::uint8_t from_device = 7;
    static constexpr unsigned ring = 32;
    static constexpr Limits limits{
        .op = 1s, .nnc = 1s, .mhi = 1s, .ready = 1s, .soc = 1s, .sahara = 1s, .firmware = 1s, .idle = 1ms};
    ScriptedCard card;
    mhi::Host host;
    std::uint64_t events = 0, dropped = 0;
    services::Ssr ssr;
    std::vector<services::Ssr::Dump> dumps;
    bool good = false;

  private:
    unsigned said_ = 0, heard_ = 0;
};

} // namespace test
