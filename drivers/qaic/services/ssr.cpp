// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/services/ssr.hpp"
#include "qaic/log.hpp"

namespace qaic::services {
using namespace aic100;

namespace {
constexpr std::uint8_t from_ssr = channel::SSR + 1;

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

Bytes word_of(SsrCmd command, std::uint32_t dbc, std::uint32_t value)
{
    const SsrWord word{{static_cast<std::uint32_t>(command), std::uint32_t{sizeof(SsrWord)}, dbc}, value};
    Bytes out;
    append(out, word);
    return out;
}
} // namespace

Result<void> Ssr::start()
{
    last_.fill(0);
    dump_.reset();
    QAIC_CHECK(host_.start_pair(channel::SSR, [this](ConstSpan p, bool more) { take(p, more); }));
    return host_.post(from_ssr, ssr_receive_bytes);
}

/// The buffer for the card's next message is there before our answer allows it: one for a piece of a dump
/// while one is read, else a short one.
void Ssr::take(ConstSpan packet, bool more)
{
    const auto answer = respond(packet, more);
    const bool data_next = dump_ && !dump_->done;
    (void)host_.post(from_ssr, data_next ? DumpReader::chunk + std::uint32_t{sizeof(SsrWord)}
                                         : std::uint32_t{ssr_receive_bytes}); // a failure shows in health
    if (!answer.empty() && !host_.send(channel::SSR, answer))
        ++counters_.dropped; // ring full: the card does not read
}

/// What to say to it; empty = nothing.
Bytes Ssr::respond(ConstSpan packet, bool more)
{
    const auto header = read_at<SsrHeader>(packet);
    const bool framed = header && header->length == packet.size() && header->dbc < dbc_count;
    const auto word = framed && packet.size() == sizeof(SsrWord) ? read_at<SsrWord>(packet) : std::nullopt;
    switch (framed ? static_cast<SsrCmd>(header->command.get()) : SsrCmd{}) {
    case SsrCmd::SSR_EVENT:
        if (word) return take_event(*word);
        break;
    case SsrCmd::DEBUG_TRANSFER_INFO:
        if (packet.size() == sizeof(SsrTransferInfo)) return take_offer(*read_at<SsrTransferInfo>(packet));
        break;
    case SsrCmd::MEMORY_READ_RSP:
        if (dump_ && !dump_->done) return take_data(packet, header->dbc, more);
        break;
    case SsrCmd::DEBUG_TRANSFER_DONE_RSP:
        if (word && dump_ && dump_->done && dump_->dbc == header->dbc) return take_done(*word);
        break;
    default: break;
    }
    ++counters_.dropped;
    if (dump_)
        end_dump(fail(Code::E_PROTO, "{}: crash dump: message that does not belong to it", bus_.name()));
    return {};
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

Bytes Ssr::take_event(const SsrWord& message)
{
    const auto dbc = message.header.dbc.get();
    const auto value = message.value.get();
    const auto event = static_cast<SsrEvent>(value);
    switch (event) {
    case SsrEvent::BEFORE_SHUTDOWN:
    case SsrEvent::AFTER_SHUTDOWN:
    case SsrEvent::BEFORE_POWER_UP:
    case SsrEvent::AFTER_POWER_UP: break;
    default: return word_of(SsrCmd::SSR_EVENT_RSP, dbc, value); // unknown events are echoed (6.1)
    }
    const bool abandoned = dump_ && dump_->dbc == dbc;
    if (abandoned)
        end_dump(fail(Code::E_CANCELED, "{}: crash dump: the card went on without it", bus_.name()));
    // The card says AFTER_POWER_UP again when it was not heard.
    if ((abandoned && event == SsrEvent::AFTER_POWER_UP) || !in_order(dbc, event)) {
        ++counters_.dropped;
        return word_of(SsrCmd::SSR_EVENT_RSP, dbc, static_cast<std::uint32_t>(SsrEvent::NACK));
    }
    ++counters_.events;
    // The owner takes the DBC out of use first: the answer says that it has.
    if (handler_) handler_(dbc, event);
    return word_of(SsrCmd::SSR_EVENT_RSP, dbc, value);
}

Bytes Ssr::take_offer(const SsrTransferInfo& offer)
{
    const auto dbc = offer.header.dbc.get();
    const auto refuse = [&] { return word_of(SsrCmd::DEBUG_TRANSFER_INFO_RSP, dbc, 1); }; // skips the dump
    if (dump_bytes_ == 0 || dump_ || last_[dbc] != static_cast<std::uint32_t>(SsrEvent::BEFORE_POWER_UP))
        return refuse();
    auto reader = DumpReader::begin(offer.address, offer.length, dump_bytes_);
    if (!reader) {
        log(LogLevel::WARNING, "{}: DBC {}: {}: declined", bus_.name(), dbc, reader.error().message());
        return refuse();
    }
    dump_.emplace(Reading{dbc, std::move(*reader), bus_.clock().now() + dump_limit});
    auto answer = word_of(SsrCmd::DEBUG_TRANSFER_INFO_RSP, dbc, 0);
    if (!host_.send(channel::SSR, answer)) {
        ++counters_.dropped;
        dump_.reset();
        return {};
    }
    return ask();
}

Bytes Ssr::take_data(ConstSpan packet, unsigned dbc, bool more)
{
    Result<void> taken;
    if (more || dbc != dump_->dbc || packet.size() < sizeof(SsrWord))
        taken = fail(Code::E_PROTO, "{}: crash dump: piece of {} bytes for DBC {}, asked for DBC {}",
                     bus_.name(), packet.size(), dbc, dump_->dbc);
    else
        taken = dump_->reader.take(packet.subspan(sizeof(SsrWord)));
    if (taken) return ask();
    ++counters_.dropped;
    end_dump(tl::unexpected<Error>(std::move(taken).error()));
    return {};
}

/// The next piece, or the end.
Bytes Ssr::ask()
{
    const auto next = dump_->reader.next();
    if (!next) {
        dump_->done = true;
        return word_of(SsrCmd::DEBUG_TRANSFER_DONE, dump_->dbc, 0);
    }
    const SsrTransferInfo read{
        {static_cast<std::uint32_t>(SsrCmd::MEMORY_READ), std::uint32_t{sizeof(SsrTransferInfo)}, dump_->dbc},
        0u,
        next->address,
        next->length};
    Bytes out;
    append(out, read);
    return out;
}

Bytes Ssr::take_done(const SsrWord& message)
{
    if (message.value == 0)
        end_dump(std::move(dump_->reader).container());
    else
        end_dump(fail(Code::E_CANCELED, "{}: crash dump: the card ended it with status {}", bus_.name(),
                      message.value.get()));
    return {};
}

void Ssr::end_dump(Result<Bytes> container)
{
    Dump ended{dump_->dbc, std::move(container), dump_->reader.cut()};
    dump_.reset();
    if (dump_handler_) dump_handler_(std::move(ended));
}

void Ssr::poll()
{
    if (dump_ && bus_.clock().now() >= dump_->until)
        end_dump(
            fail(Code::E_TIMEOUT, "{}: crash dump: not complete after {} s", bus_.name(), dump_limit / 1s));
}

} // namespace qaic::services
