// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/mhi/contexts.hpp"
#include <cstring>

namespace qaic::mhi {
using namespace aic100;

EventContext make_event_context(RingPlace ring) noexcept
{
    EventContext c{};
    c.ertype = event_ring_valid;
    c.rbase = ring.iova, c.rlen = ring.bytes, c.rp = ring.iova, c.wp = ring.iova;
    return c;
}

CommandContext make_command_context(RingPlace ring) noexcept
{
    CommandContext c{};
    c.rbase = ring.iova, c.rlen = ring.bytes, c.rp = ring.iova, c.wp = ring.iova;
    return c;
}

ChannelContext make_channel_context(RingPlace ring, std::uint8_t channel, ChannelState state) noexcept
{
    ChannelContext c{};
    c.chcfg = chcfg_burst_disabled | static_cast<std::uint32_t>(state);
    c.chtype = static_cast<std::uint32_t>(channel % 2 == 0 ? ChannelType::OUTBOUND : ChannelType::INBOUND);
    c.rbase = ring.iova, c.rlen = ring.bytes, c.rp = ring.iova, c.wp = ring.iova;
    return c;
}

Result<void> Contexts::allocate(Bus& bus)
{
    if (memory_) return {};
    QAIC_TRY(memory_, bus.dma_alloc(command_offset + 64, 4096, "mhi_ctx"));
    return {};
}

void Contexts::clear() noexcept
{
    for (std::size_t i = 0; i + 4 <= memory_.size(); i += 4) shared_store32(memory_.data() + i, 0);
    for (std::uint8_t id = 0; channel_info(id) != nullptr; ++id) put(id, make_idle_context(id));
}

} // namespace qaic::mhi
