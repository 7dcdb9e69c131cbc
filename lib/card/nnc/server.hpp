// SPDX-License-Identifier: BSD-3-Clause
// One message in, one reply out: checks, the walk over transactions, and what they mean together.
// aic100-device.md 4.7 - 4.11, 8.6
#pragma once
#include "card/nnc/commands.hpp"

namespace card {

class Server {
  public:
    explicit Server(Firmware& firmware) : firmware_(firmware) {}
    [[nodiscard]] std::optional<Bytes> handle(ConstSpan message);
    /// The next message has to be STATUS with a CRC.
    void channel_started() noexcept { awaiting_status_ = true; }
    void reset();
    void mute(bool on) noexcept { mute_ = on; }

  private:
    using Transactions = std::vector<Transaction>;
    [[nodiscard]] std::optional<Bytes> refuse_damaged(const aic100::NncHeader& head) const;
    [[nodiscard]] Bytes failure(const aic100::NncHeader& head, NncStatus status) const;
    /// 0, or why the message cannot be carried out at all.
    [[nodiscard]] static NncStatus check(const Transactions& list);
    [[nodiscard]] Bytes begin_transfer(const aic100::NncHeader& head, ConstSpan message,
                                       const Transactions& list, const DmaXfer& xfer);
    [[nodiscard]] Bytes continue_transfer(const aic100::NncHeader& head, const DmaXfer& xfer);
    [[nodiscard]] Bytes ask_for_more(const aic100::NncHeader& head, PendingLoads::Entry entry);
    [[nodiscard]] Bytes abort_transfer(const aic100::NncHeader& head, const PendingLoads::Entry& entry);
    [[nodiscard]] Bytes carry_out(const aic100::NncHeader& head, const Transactions& list, Load* load);
    void passthrough(Reply& reply, Call& call);
    void activate_alone(Reply& reply, const Call& call);
    void terminate(Reply& reply, const Transaction& t);
    void validate_partition(Reply& reply, const Transaction& t) const;
    void status(Reply& reply) const;

    Firmware& firmware_;
    PendingLoads pending_;
    bool awaiting_status_ = true, mute_ = false;
};

} // namespace card
