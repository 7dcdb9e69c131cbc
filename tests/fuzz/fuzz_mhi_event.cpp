// SPDX-License-Identifier: BSD-3-Clause
// What a hostile card can do to the MHI host: any event, any read pointer, any register, at any moment
// between our own calls. Input: a list of steps, one byte of opcode and its operands.
#include "../support/scripted_card.hpp"
#include "qaic/mhi/host.hpp"
#include <cstdlib>

namespace {
using namespace qaic;
using namespace aic100;

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : data_(std::as_bytes(std::span(data, size))) {}
    [[nodiscard]] bool empty() const { return at_ >= data_.size(); }
    template<class T>
    T take()
    {
        T value{};
        const auto n = std::min(sizeof(T), data_.size() - at_);
        std::memcpy(static_cast<void*>(&value), data_.data() + at_, n);
        at_ += n;
        return value;
    }

  private:
    ConstSpan data_;
    std::size_t at_ = 0;
};

constexpr Limits limits{
    .op = 1ms, .nnc = 1ms, .mhi = 1ms, .ready = 1ms, .soc = 1ms, .sahara = 1ms, .firmware = 1ms, .idle = 1ms};
constexpr std::uint8_t pairs[] = {6, 10, 12};

void require(bool good)
{
    if (!good) std::abort();
}

void step(Input& in, test::ScriptedCard& card, mhi::Host& host)
{
    const auto op = in.take<std::uint8_t>();
    const auto channel = pairs[op / 16 % 3];
    switch (op % 16) {
    case 0: card.post(in.take<RingElement>()); break;
    case 1: card.set_event_rp(in.take<std::uint64_t>()); break;
    case 2: card.set_event_rp(card.event_context().rbase + in.take<std::uint16_t>() % 1024); break;
    case 3: (void)host.post(channel + 1, 1 + in.take<std::uint16_t>() % 65535); break;
    case 4: (void)host.send(channel, Bytes(1 + in.take<std::uint32_t>() % 200'000)); break;
    case 5: card.complete(channel, in.take<std::uint8_t>() % 128, in.take<std::uint16_t>()); break;
    case 6:
        card.complete(channel + 1, in.take<std::uint8_t>() % 128, in.take<std::uint16_t>(),
                      Completion::OVERFLOW_);
        break;
    case 7: card.manual.advance(1ms); break;
    case 8: card.set(mhi_reg::MHISTATUS, in.take<std::uint32_t>()); break;
    case 9: card.command_code = in.take<std::uint8_t>(); break;
    case 10: card.answer_commands = !card.answer_commands; break;
    case 11: (void)host.start_pair(channel, {}); break;
    case 12: (void)host.reset_pair(channel); break;
    case 13: card.post(make_event(EventType::EXEC_ENV, 0, in.take<std::uint8_t>(), 0, 0)); break;
    case 14: (void)host.wait_exec_env(ExecEnv::AMSS, 1ms); break;
    default: break;
    }
    require(host.poll() <= event_ring_elements);
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    test::ScriptedCard card;
    card.allocations_left = 4000;
    mhi::Host host(card, limits);
    if (!host.power_up()) std::abort();
    unsigned nested = 0;
    for (const auto channel : pairs) {
        auto receiver = [&, channel](ConstSpan packet, bool) {
            require(packet.size() <= mhi_max_transfer);
            if (++nested > 1000) return;
            (void)host.post(channel + 1, 64); // what every service does
            if (!packet.empty()) (void)host.send(channel, packet);
        };
        if (!host.start_pair(channel, receiver)) std::abort();
    }
    Input in(data, size);
    for (unsigned steps = 0; steps < 500 && !in.empty(); ++steps) step(in, card, host);
    host.fenced();
    return 0;
}
