// SPDX-License-Identifier: BSD-3-Clause
#include "card/ssr.hpp"
#include "aic100/wire/mhi.hpp"
#include <algorithm>

namespace card {
using aic100::SsrCmd;
using aic100::SsrEvent;
namespace {

constexpr Nanos nack_pause = 100ms; // before AFTER_POWER_UP is repeated
constexpr unsigned max_attempts = 8;
constexpr std::uint64_t longest_data = aic100::mhi_max_transfer - sizeof(aic100::SsrWord);

/// What follows each event once the host has answered it; the dump comes after BEFORE_POWER_UP.
struct Step {
    SsrEvent event, next;
};
constexpr Step steps[] = {
    {SsrEvent::BEFORE_SHUTDOWN, SsrEvent::AFTER_SHUTDOWN},
    {SsrEvent::AFTER_SHUTDOWN, SsrEvent::BEFORE_POWER_UP},
    {SsrEvent::BEFORE_POWER_UP, SsrEvent::AFTER_POWER_UP},
};

} // namespace

template<class T>
aic100::SsrHeader Ssr::header(SsrCmd command) const
{
    return {static_cast<std::uint32_t>(command), static_cast<std::uint32_t>(sizeof(T)), now_.dbc};
}

void Ssr::restart(unsigned dbc, CrashDump dump) { waiting_.push_back({dbc, std::move(dump)}); }

void Ssr::reset()
{
    state_ = State::IDLE;
    waiting_.clear();
}

bool Ssr::poll()
{
    if (state_ == State::IDLE && !waiting_.empty() && port_.running(aic100::channel::SSR) &&
        port_.running(aic100::channel::SSR + 1)) {
        begin();
        return true;
    }
    if (state_ == State::AGAIN && clock_.now() >= again_at_) {
        announce(SsrEvent::AFTER_POWER_UP);
        return true;
    }
    return false;
}

std::optional<Nanos> Ssr::next_due() const
{
    if (state_ == State::AGAIN) return again_at_;
    return std::nullopt;
}

void Ssr::begin()
{
    now_ = std::move(waiting_.front());
    waiting_.pop_front();
    attempts_ = 0;
    // The host frees the FIFOs when it sees the event: all DMA of the DBC has ended before (6.1 a).
    (void)server_->ssr_begin(now_.dbc);
    announce(SsrEvent::BEFORE_SHUTDOWN);
}

void Ssr::announce(SsrEvent event)
{
    event_ = event;
    state_ = State::EVENT;
    const aic100::SsrWord message{header<aic100::SsrWord>(SsrCmd::SSR_EVENT),
                                  static_cast<std::uint32_t>(event)};
    send(bytes_of(message));
}

void Ssr::packet(Bytes bytes)
{
    const auto head = read_at<aic100::SsrHeader>(bytes);
    const bool good = head && head->length == bytes.size() && head->dbc == now_.dbc;
    const auto word = read_at<aic100::SsrWord>(bytes);
    const auto command = good ? static_cast<SsrCmd>(head->command.get()) : SsrCmd{};
    const bool is_word = good && bytes.size() == sizeof(aic100::SsrWord);
    if (state_ == State::EVENT && is_word && command == SsrCmd::SSR_EVENT_RSP)
        return take_event_response(*word);
    if (state_ == State::OFFER && is_word && command == SsrCmd::DEBUG_TRANSFER_INFO_RSP)
        return take_offer_response(*word);
    if (state_ == State::DUMP && is_word && command == SsrCmd::DEBUG_TRANSFER_DONE) return finish_dump();
    if (state_ == State::DUMP && command == SsrCmd::MEMORY_READ &&
        bytes.size() == sizeof(aic100::SsrTransferInfo))
        return serve_read(*read_at<aic100::SsrTransferInfo>(bytes));
    ++counters_.ignored;
}

void Ssr::take_event_response(const aic100::SsrWord& answer)
{
    const auto said = static_cast<SsrEvent>(answer.value.get());
    if (said != event_ && said != SsrEvent::NACK) {
        ++counters_.ignored;
        return;
    }
    if (said == SsrEvent::NACK) ++counters_.nacks;
    // The subsystem is down whatever the host says: only the last step can be refused and is repeated, for
    // the host keeps the DBC "under SSR" until it comes again (6.1 b).
    if (said == SsrEvent::NACK && event_ == SsrEvent::AFTER_POWER_UP && ++attempts_ < max_attempts) {
        state_ = State::AGAIN;
        again_at_ = clock_.now() + nack_pause;
        return;
    }
    step_done();
}

void Ssr::step_done()
{
    const auto* step =
        std::find_if(std::begin(steps), std::end(steps), [this](const Step& s) { return s.event == event_; });
    if (step == std::end(steps)) {
        ++counters_.finished;
        state_ = State::IDLE;
        return;
    }
    if (step->next != SsrEvent::AFTER_POWER_UP) return announce(step->next);
    if (now_.dump.empty()) return power_up();
    state_ = State::OFFER;
    const aic100::SsrTransferInfo offer{header<aic100::SsrTransferInfo>(SsrCmd::DEBUG_TRANSFER_INFO), 0,
                                        dump_table_address, now_.dump.table_bytes()};
    send(bytes_of(offer));
}

void Ssr::power_up()
{
    server_->ssr_end(now_.dbc); // usable again before the host hears of it
    announce(SsrEvent::AFTER_POWER_UP);
}

void Ssr::take_offer_response(const aic100::SsrWord& answer)
{
    if (answer.value == 0) {
        state_ = State::DUMP;
        return;
    }
    ++counters_.nacks;
    ++counters_.abandoned;
    power_up();
}

void Ssr::serve_read(const aic100::SsrTransferInfo& request)
{
    auto data = now_.dump.read(request.address, std::min<std::uint64_t>(request.length, longest_data));
    if (!data || data->empty()) {
        ++counters_.ignored; // an empty answer would make the host repeat the request for ever (6.1)
        return;
    }
    aic100::SsrWord head{header<aic100::SsrWord>(SsrCmd::MEMORY_READ_RSP), 0};
    head.header.length = static_cast<std::uint32_t>(sizeof head + data->size());
    Bytes packet;
    packet.reserve(head.header.length);
    append(packet, head);
    packet.insert(packet.end(), data->begin(), data->end());
    send(packet);
}

void Ssr::finish_dump()
{
    ++counters_.dumps;
    const aic100::SsrWord done{header<aic100::SsrWord>(SsrCmd::DEBUG_TRANSFER_DONE_RSP), 0};
    send(bytes_of(done)); // before AFTER_POWER_UP (6.1 b)
    power_up();
}

} // namespace card
