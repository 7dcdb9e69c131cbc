// SPDX-License-Identifier: BSD-3-Clause
// Question and answer on the control channel: one request outstanding, replies matched by sequence number,
// one posted buffer per reply still owed, late replies through the same decoder. aic100-device.md 4.1, 4.11;
// guards N-HDR, N-CRC, N-SEQ, N-TRX.
#pragma once
#include "qaic/bus/bus.hpp"
#include "qaic/nnc/channel.hpp"
#include "qaic/nnc/client.hpp"
#include "qaic/nnc/message.hpp"
#include "qaic/nnc/reply.hpp"
#include <deque>
#include <functional>
#include <vector>

namespace qaic::nnc {

class Exchange {
  public:
    Exchange(Bus& bus, Channel& channel, Nanos limit, Counters& counters);
    ~Exchange();

    /// Starts the channel; the next request must be STATUS, whose reply decides about CRC use (4.3).
    [[nodiscard]] Result<void> open();
    /// Sends `message` and waits for its reply. `memory` is what the message describes to the card: when it
    /// is not certain that the card has finished with it (E_TIMEOUT, E_PROTO, E_CRC, E_RESET), it is taken
    /// over and kept until a late reply or card_fenced() frees it; otherwise it stays with the caller.
    /// `meanwhile` is called once between sending and waiting.
    [[nodiscard]] Result<Reply> request(Message& message, std::string_view what,
                                        std::vector<DmaMemory>& memory,
                                        const std::function<void()>& meanwhile = {});
    /// Lets `pause` pass while events are handled. Ends early, with the error, when the card is lost.
    [[nodiscard]] Result<void> rest(Nanos pause);
    /// The card makes no DMA any more: memory kept for it is freed.
    void card_fenced() noexcept { abandoned_.clear(); }
    [[nodiscard]] std::size_t retired_bytes() const noexcept;

  private:
    struct Abandoned {
        std::uint32_t sequence = 0;
        std::vector<DmaMemory> memory;
    };
    struct Waiting {
        explicit Waiting(std::uint32_t of) : sequence(of), dropped(0) {}
        std::uint32_t sequence;
        unsigned dropped; ///< messages thrown away meanwhile, bounded
        std::optional<Result<Reply>> result;
    };
    void receive(ConstSpan packet, bool more);
    void refused(const Violation& violation);
    void matched(Reply reply);
    [[nodiscard]] Result<void> send(ConstSpan bytes, std::string_view what);
    [[nodiscard]] Result<void> wait_reply(std::string_view what);

    Bus& bus_;
    Channel& channel_;
    Nanos limit_;
    Counters& counters_;
    CrcUse crc_ = CrcUse::LEARN;
    std::uint32_t next_sequence_ = 0; ///< per device, never reset (4.12)
    std::size_t posted_ = 0;          ///< receive buffers the card may use
    std::optional<Waiting> waiting_;
    std::deque<Abandoned> abandoned_; ///< requests given up, replies still owed
};

} // namespace qaic::nnc
