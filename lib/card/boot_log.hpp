// SPDX-License-Identifier: BSD-3-Clause
// SBL's two small services: boot log (channels 12/13) and boot time sync (20/21). aic100-device.md 3.5, 3.6
#pragma once
#include "aic100/wire/mhi.hpp"
#include "aic100/wire/services.hpp"
#include "card/service.hpp"
#include <deque>
#include <string>

namespace card {

class BootLog final : public Service {
  public:
    explicit BootLog(PacketPort& port) : port_(port) {}
    /// One line, without newline; kept until the host listens. Beyond 256 waiting lines the oldest goes.
    void line(std::string text);
    bool poll() override;
    void reset() override { lines_.clear(); }

  private:
    PacketPort& port_;
    std::deque<std::string> lines_;
};

class BootTimesync final : public Service {
  public:
    BootTimesync(PacketPort& port, BootLog& log) : port_(port), log_(log) {}
    void started(std::uint8_t channel) override;
    void packet(Bytes bytes) override;
    void reset() override { asked_ = false; }
    /// Wall-clock time the host gave, in microseconds; 0 before that.
    [[nodiscard]] std::uint64_t host_time_us() const noexcept { return host_time_us_; }

  private:
    void send(aic100::TimesyncType type);

    PacketPort& port_;
    BootLog& log_;
    bool asked_ = false;
    std::uint64_t host_time_us_ = 0;
};

/// Checks a SYNC_REQ of either time-sync channel (3.6); its time in microseconds.
[[nodiscard]] std::optional<std::uint64_t> timesync_request_us(ConstSpan bytes);

} // namespace card
