// SPDX-License-Identifier: BSD-3-Clause
// Gives the card the time: absolute at boot (QAIC_TIMESYNC), as an offset to its QTIMER every second later
// (QAIC_TIMESYNC_PERIODIC). aic100-device.md 3.6
#pragma once
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include <functional>
#include <optional>

namespace qaic::services {

/// UTC in microseconds.
using WallClock = std::function<std::uint64_t()>;

/// host_utc_us - floor(qtimer * 10 / 192); nothing when that is negative.
[[nodiscard]] std::optional<std::uint64_t> timesync_offset_us(std::uint64_t utc_us,
                                                              std::uint64_t qtimer) noexcept;
/// The answer to a boot request: its header with type 1, and the time.
[[nodiscard]] aic100::TimesyncRequest timesync_reply(aic100::TimesyncHeader header,
                                                     std::uint64_t us) noexcept;

class TimeSync {
  public:
    struct Counters {
        std::uint64_t &sent, &boot, &dropped;
    };
    TimeSync(Bus& bus, mhi::Host& host, WallClock wall, Nanos period, Counters counters)
        : bus_(bus), host_(host), wall_(std::move(wall)), period_(period), counters_(counters)
    {}
    [[nodiscard]] Result<void> start_boot();
    [[nodiscard]] Result<void> start_periodic();
    /// Sends the periodic message when it is due; a message still on its way costs the period.
    void poll();
    void stop() noexcept { due_.reset(); }

  private:
    void answer(ConstSpan packet);
    [[nodiscard]] Result<std::uint64_t> qtimer();
    Bus& bus_;
    mhi::Host& host_;
    WallClock wall_;
    Nanos period_;
    Counters counters_;
    std::optional<Nanos> due_;
};

} // namespace qaic::services
