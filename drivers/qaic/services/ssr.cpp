// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/ssr.hpp"

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::uint8_t from_device = channel::SSR + 1;

/// An event and the one before it in the same DBC.
struct Step {
    SsrEvent event;
    std::uint32_t after;
};
constexpr Step steps[] = {
    {SsrEvent::AFTER_SHUTDOWN, static_cast<std::uint32_t>(SsrEvent::BEFORE_SHUTDOWN)},
    {SsrEvent::BEFORE_POWER_UP, static_cast<std::uint32_t>(SsrEvent::AFTER_SHUTDOWN)},
    {SsrEvent::AFTER_POWER_UP, static_cast<std::uint32_t>(SsrEvent::BEFORE_POWER_UP)},
};
} // namespace

Result<void> Ssr::start()
{
    last_.fill(0);
    QAIC_CHECK(host_.start_pair(channel::SSR, [this](ConstSpan p, bool) { take(p); }));
    return host_.post(from_device, ssr_receive_bytes);
}

void Ssr::take(ConstSpan packet)
{
    (void)host_.post(from_device, ssr_receive_bytes); // a failure shows in the host's health
    const auto header = read_at<SsrHeader>(packet);
    if (!header || header->length != packet.size() || header->dbc >= dbc_count)
        return void(++counters_.dropped);
    const auto event = read_at<SsrWord>(packet);
    switch (static_cast<SsrCmd>(header->command.get())) {
    case SsrCmd::SSR_EVENT:
        if (packet.size() == sizeof(SsrWord)) return take_event(*event);
        break;
    case SsrCmd::DEBUG_TRANSFER_INFO:
        if (packet.size() == sizeof(SsrTransferInfo))
            return answer(SsrCmd::DEBUG_TRANSFER_INFO_RSP, header->dbc, 1); // nack: the card skips the dump
        break;
    default: break;
    }
    ++counters_.dropped;
}

bool Ssr::in_order(unsigned dbc, SsrEvent event) noexcept
{
    auto& last = last_[dbc];
    if (event == SsrEvent::BEFORE_SHUTDOWN) { // a restart may begin at any time, also within another
        last = static_cast<std::uint32_t>(event);
        return true;
    }
    for (const auto& step : steps) {
        if (step.event != event || step.after != last) continue;
        last = event == SsrEvent::AFTER_POWER_UP ? 0 : static_cast<std::uint32_t>(event);
        return true;
    }
    return false;
}

void Ssr::take_event(const SsrWord& message)
{
    const auto dbc = message.header.dbc.get();
    const auto value = message.value.get();
    const auto event = static_cast<SsrEvent>(value);
    switch (event) {
    case SsrEvent::BEFORE_SHUTDOWN:
    case SsrEvent::AFTER_SHUTDOWN:
    case SsrEvent::BEFORE_POWER_UP:
    case SsrEvent::AFTER_POWER_UP: break;
    default: return answer(SsrCmd::SSR_EVENT_RSP, dbc, value); // unknown events are echoed (6.1)
    }
    if (!in_order(dbc, event)) {
        ++counters_.dropped;
        return answer(SsrCmd::SSR_EVENT_RSP, dbc, static_cast<std::uint32_t>(SsrEvent::NACK));
    }
    ++counters_.events;
    // The owner takes the DBC out of use first: the answer says that it has.
    if (handler_) handler_(dbc, event);
    answer(SsrCmd::SSR_EVENT_RSP, dbc, value);
}

void Ssr::answer(SsrCmd command, std::uint32_t dbc, std::uint32_t value)
{
    const SsrWord reply{{static_cast<std::uint32_t>(command), std::uint32_t{sizeof(SsrWord)}, dbc}, value};
    if (!host_.send(channel::SSR, bytes_of(reply))) ++counters_.dropped; // ring full: the card does not read
}

} // namespace qaic::services
