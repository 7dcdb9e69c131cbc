// SPDX-License-Identifier: BSD-3-Clause
// QAIC_TELEMETRY: sensors, one request at a time. aic100-device.md 6.3
#pragma once
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include <optional>

namespace qaic::services {

/// A read, or a write when there is a value.
[[nodiscard]] aic100::TelemetryMessage telemetry_request(std::uint32_t sequence, std::uint8_t command,
                                                         std::optional<std::int64_t> value = {}) noexcept;
/// True when `reply` repeats what it must of `request`.
[[nodiscard]] bool telemetry_matches(const aic100::TelemetryMessage& request,
                                     const aic100::TelemetryMessage& reply) noexcept;

class Telemetry {
  public:
    Telemetry(Bus& bus, mhi::Host& host, std::uint64_t& dropped) : bus_(bus), host_(host), dropped_(dropped)
    {}
    /// Starts the pair on first use. E_UNSUPP for a command the card does not know, E_TIMEOUT after 1 s.
    [[nodiscard]] Result<std::int64_t> read(std::uint8_t command) { return exchange(command, {}); }
    /// E_PERM when the card does not let this one be written, E_INVAL when not to this value.
    [[nodiscard]] Result<void> write(std::uint8_t command, std::int64_t value);
    /// The card was booted anew: the pair must be started again.
    void reset() noexcept { posted_ = 0; }

  private:
    void take(ConstSpan packet);
    [[nodiscard]] Result<std::int64_t> exchange(std::uint8_t command, std::optional<std::int64_t> value);
    Bus& bus_;
    mhi::Host& host_;
    std::uint64_t& dropped_;
    std::uint32_t sequence_ = 0;
    unsigned posted_ = 0; ///< receive buffers the card has not used: replies that came late used none
    std::optional<aic100::TelemetryMessage> request_, reply_;
};

} // namespace qaic::services
