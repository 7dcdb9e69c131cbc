// SPDX-License-Identifier: BSD-3-Clause
// What lives behind one MHI channel pair, and what the MHI engine offers to it. aic100-device.md 2.13, 6
#pragma once
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include <cstdint>
#include <optional>

namespace card {
using namespace qaic;

/// Sends packets on from-device channels. Never blocks: a packet without a posted buffer waits.
class PacketPort {
  public:
    /// So many replies may lack a buffer before a service takes no more requests.
    static constexpr std::size_t max_unanswered = 16;

    virtual ~PacketPort() = default;
    /// False when the channel is not running; the packet is then gone.
    virtual bool send(std::uint8_t from_device, Bytes packet) = 0;
    [[nodiscard]] virtual bool running(std::uint8_t channel) const = 0;
    /// Packets that wait for a buffer.
    [[nodiscard]] virtual std::size_t pending(std::uint8_t from_device) const = 0;
};

/// All calls on the engine's thread. packet() comes after the completion event of its TD was posted.
class Service {
  public:
    virtual ~Service() = default;
    /// A channel of the pair was started; may be a restart.
    virtual void started(std::uint8_t) {}
    /// RESET or STOP of one channel.
    virtual void stopped(std::uint8_t) {}
    /// False holds the next TD in the host's ring.
    [[nodiscard]] virtual bool ready() const { return true; }
    virtual void packet(Bytes) {} // NOLINT(performance-unnecessary-value-param): for those who keep it
    /// True when anything was done.
    virtual bool poll() { return false; }
    [[nodiscard]] virtual std::optional<Nanos> next_due() const { return std::nullopt; }
    /// MHI RESET, SoC reset, or the end of the pair's execution environment.
    virtual void reset() {}
};

} // namespace card
