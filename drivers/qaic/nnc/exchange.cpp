// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/nnc/exchange.hpp"
#include <algorithm>

namespace qaic::nnc {
using namespace aic100;

namespace {
constexpr Nanos poll_step = 100us;
constexpr Nanos ring_room_limit = 2s; ///< 20 x 100 ms (4.1)
constexpr unsigned dropped_limit = 64;
constexpr std::size_t abandoned_limit = 64; ///< half the receive ring: one buffer is owed for each

/// Has the card possibly not finished with what the request described?
bool card_may_still_use(Code code) noexcept
{
    return code == Code::E_TIMEOUT || code == Code::E_PROTO || code == Code::E_CRC || code == Code::E_RESET;
}
} // namespace

Exchange::Exchange(Bus& bus, Channel& channel, Nanos limit, Counters& counters)
    : bus_(bus), channel_(channel), limit_(limit), counters_(counters)
{}

Exchange::~Exchange()
{
    for (auto& a : abandoned_)
        for (auto& m : a.memory) m.retire();
}

Result<void> Exchange::open()
{
    posted_ = 0;
    crc_ = CrcUse::LEARN;
    // Whoever starts the channel anew can expect no answer to anything older; its memory stays until a fence.
    return channel_.start([this](ConstSpan packet, bool more) { receive(packet, more); });
}

std::size_t Exchange::retired_bytes() const noexcept
{
    std::size_t sum = 0;
    for (const auto& a : abandoned_)
        for (const auto& m : a.memory) sum += m.size();
    return sum;
}

Result<void> Exchange::send(ConstSpan bytes, std::string_view what)
{
    // The receive buffer comes first (8.9 point 19). One left behind by a failed send is used again (4.1).
    if (const auto owed = abandoned_.size() + 1; posted_ < owed) {
        QAIC_CHECK(channel_.post());
        ++posted_;
    }
    return wait_until(bus_, fmt::format("room for {} in the control ring", what), ring_room_limit, poll_step,
                      [&]() -> Result<bool> {
                          QAIC_CHECK(channel_.alive());
                          auto sent = channel_.send(bytes);
                          if (sent) return true;
                          if (sent.error().code != Code::E_AGAIN) return tl::unexpected<Error>(sent.error());
                          channel_.poll();
                          return false;
                      });
}

Result<void> Exchange::wait_reply(std::string_view what)
{
    return wait_until(bus_, fmt::format("reply to {}", what), limit_, poll_step, [&]() -> Result<bool> {
        channel_.poll();
        if (waiting_->result) return true;
        QAIC_CHECK(channel_.alive());
        if (posted_ < abandoned_.size() + 1) { // a dropped message used the buffer meant for our reply
            QAIC_CHECK(channel_.post());
            ++posted_;
        }
        return false;
    });
}

Result<Reply> Exchange::request(Message& message, std::string_view what, std::vector<DmaMemory>& memory,
                                const std::function<void()>& meanwhile)
{
    if (abandoned_.size() >= abandoned_limit)
        return fail(Code::E_STATE, "{}: {} not sent: {} earlier requests were never answered; reset the card",
                    bus_.name(), what, abandoned_.size());
    const auto sequence = next_sequence_++;
    waiting_.emplace(sequence);
    if (auto sent = send(message.finish(sequence, crc_ != CrcUse::OFF), what); !sent) {
        waiting_.reset();
        // Nothing went out, so a lack of room is no reason to distrust the memory.
        if (sent.error().code == Code::E_TIMEOUT) sent.error().code = Code::E_AGAIN;
        return tl::unexpected<Error>(std::move(sent).error());
    }
    ++counters_.requests;
    if (meanwhile) meanwhile();
    const auto waited = wait_reply(what);
    auto result = std::move(waiting_->result);
    waiting_.reset();
    if (result && *result) return std::move(*result);
    auto error = result ? result->error() : waited.error();
    if (card_may_still_use(error.code)) {
        Abandoned a;
        a.sequence = sequence;
        a.memory = std::move(memory);
        memory.clear();
        abandoned_.push_back(std::move(a));
    }
    return tl::unexpected<Error>(std::move(error));
}

Result<void> Exchange::rest(Nanos pause)
{
    const auto end = bus_.clock().now() + pause;
    while (bus_.clock().now() < end) {
        channel_.poll();
        QAIC_CHECK(channel_.alive());
        bus_.relax(std::min<Nanos>(1ms, end - bus_.clock().now()));
    }
    return {};
}

void Exchange::receive(ConstSpan packet, bool more)
{
    if (posted_ > 0) --posted_;
    if (more) return refused({Guard::N_HDR, "N-HDR message longer than one buffer got=>4096 limit=4096", {}});
    auto reply = decode_reply(packet, crc_);
    if (!reply) return refused(reply.error());
    ++counters_.replies;
    matched(std::move(*reply));
}

void Exchange::refused(const Violation& violation)
{
    switch (violation.guard) {
    case Guard::N_HDR: ++counters_.n_hdr; break;
    case Guard::N_CRC: ++counters_.n_crc; break;
    case Guard::N_TRX: ++counters_.n_trx; break;
    }
    if (!waiting_ || waiting_->result) return;
    const bool ours = violation.sequence && *violation.sequence == waiting_->sequence;
    if (!ours && ++waiting_->dropped < dropped_limit) return;
    const auto code = violation.guard == Guard::N_CRC ? Code::E_CRC : Code::E_PROTO;
    waiting_->result.emplace(fail(code, "{}: {}", bus_.name(), violation.text));
}

void Exchange::matched(Reply reply)
{
    if (waiting_ && !waiting_->result && reply.sequence() == waiting_->sequence) {
        if (crc_ == CrcUse::LEARN)
            if (const auto s = reply.only<NncStatusFromDev>(NncType::STATUS_FROM_DEV))
                crc_ = (s->flags & nnc_flags::CRC) != 0 ? CrcUse::ON : CrcUse::OFF;
        waiting_->result.emplace(std::move(reply));
        return;
    }
    const auto late = std::find_if(abandoned_.begin(), abandoned_.end(),
                                   [&](const Abandoned& a) { return a.sequence == reply.sequence(); });
    if (late == abandoned_.end()) {
        ++counters_.n_seq; // nobody ever asked this
        return;
    }
    // The card has now finished with that request's memory. What the reply says of a DBC changes nothing
    // here: the waiter has failed, and its DBC is fenced or was never taken (N-DBC).
    ++counters_.late;
    abandoned_.erase(late);
}

} // namespace qaic::nnc
