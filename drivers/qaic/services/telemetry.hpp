// SPDX-License-Identifier: BSD-3-Clause
// QAIC_TELEMETRY: sensors, one request at a time. aic100-device.md 6.3
#pragma once
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include <optional>

namespace qaic::services {

[[nodiscard]] aic100::TelemetryMessage telemetry_request(std::uint32_t sequence,
                                                         std::uint8_t command) noexcept;
/// True when `reply` repeats what it must of `request`.
[[nodiscard]] bool telemetry_matches(const aic100::TelemetryMessage& request,
                                     const aic100::TelemetryMessage& reply) noexcept;

class Telemetry {
  public:
    Telemetry(Bus& bus, mhi::Host& host, std::uint64_t& dropped) : bus_(bus), host_(host), dropped_(dropped)
    {}
    /// Starts the pair on first use. E_UNSUPP for a command the card does not know, E_TIMEOUT after 1 s.
    [[nodiscard]] Result<std::int64_t> read(std::uint8_t command);
    /// The card was booted anew: the pair must be started again.
    void reset() noexcept { posted_ = 0; }

  private:
    void take(ConstSpan packet);
    Bus& bus_;
    mhi::Host& host_;
    std::uint64_t& dropped_;
    std::uint32_t sequence_ = 0;
    unsigned posted_ = 0; ///< receive buffers the card has not used: replies that came late used none
    std::optional<aic100::TelemetryMessage> request_, reply_;
};

} // namespace qaic::services
