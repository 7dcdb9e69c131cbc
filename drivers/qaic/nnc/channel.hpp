// SPDX-License-Identifier: BSD-3-Clause
// What the NNC client needs of the control channel (MHI 10/11), so that its rules are tested without a card.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <functional>
#include <memory>

namespace qaic {
class Controller;
}

namespace qaic::nnc {

/// Control thread only. Set-up and waiting: virtual calls are of no consequence here.
class Channel {
  public:
    /// One received packet; `more`: it goes on in the next buffer, so it is longer than any legal message.
    using Receiver = std::function<void(ConstSpan packet, bool more)>;
    virtual ~Channel() = default;
    /// Starts the pair afresh: no buffers posted, and the card expects STATUS with a CRC next (4.3).
    [[nodiscard]] virtual Result<void> start(Receiver receiver) = 0;
    /// Posts one receive buffer of 4096 bytes.
    [[nodiscard]] virtual Result<void> post() = 0;
    /// Sends one message; E_AGAIN, and nothing sent, when the ring has no room for all of it.
    [[nodiscard]] virtual Result<void> send(ConstSpan message) = 0;
    /// Handles what the card sent; calls the receiver.
    virtual void poll() = 0;
    /// Can a reply still come? E_REMOVED, E_RESET or E_STATE otherwise.
    [[nodiscard]] virtual Result<void> alive() = 0;
};

/// The control channel of a booted card. `controller` must outlive it.
[[nodiscard]] std::unique_ptr<Channel> make_mhi_channel(Controller& controller, std::string device);

} // namespace qaic::nnc
