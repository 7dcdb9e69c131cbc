// SPDX-License-Identifier: BSD-3-Clause
// The small services of mission mode: loopback, control, RAS, telemetry, periodic time sync, and the channels
// that only listen. aic100-device.md 2.13, 3.6, 6
#pragma once
#include "aic100/wire/mhi.hpp"
#include "aic100/wire/services.hpp"
#include "card/control_server.hpp"
#include "card/service.hpp"
#include <array>
#include <deque>

namespace card {

/// Every transfer on 0 comes back on 1, same bytes. Takes no more than the host makes room for.
class Loopback final : public Service {
  public:
    explicit Loopback(PacketPort& port) : port_(port) {}
    [[nodiscard]] bool ready() const override;
    void packet(Bytes bytes) override;

  private:
    PacketPort& port_;
};

/// QAIC_CONTROL: one TD in, at most one reply out.
class Control final : public Service {
  public:
    explicit Control(PacketPort& port) : port_(port) {}
    void connect(ControlServer& server) noexcept { server_ = &server; }
    void started(std::uint8_t channel) override;
    [[nodiscard]] bool ready() const override;
    void packet(Bytes bytes) override;

  private:
    PacketPort& port_;
    ControlServer* server_ = nullptr;
};

/// QAIC_STATUS: error reports to the host, nothing back.
class Ras final : public Service {
  public:
    explicit Ras(PacketPort& port) : port_(port) {}
    void push(const aic100::RasMessage& message);
    bool poll() override;
    void reset() override { waiting_.clear(); }

  private:
    PacketPort& port_;
    std::deque<aic100::RasMessage> waiting_;
};
/// A well-formed report: header, counts of one and a syndrome of the source's layout (6.2).
[[nodiscard]] aic100::RasMessage make_ras(aic100::RasSource source, aic100::RasErrorType type,
                                          std::uint32_t sequence = 0);

class Telemetry final : public Service {
  public:
    Telemetry(PacketPort& port, const Clock& clock);
    [[nodiscard]] bool ready() const override;
    void packet(Bytes bytes) override;
    void reset() override;

  private:
    [[nodiscard]] std::int8_t answer(aic100::TelemetryMessage& message);

    PacketPort& port_;
    const Clock& clock_;
    std::array<std::int64_t, aic100::telemetry_commands> values_{};
    Nanos up_since_{0};
};

class PeriodicTimesync final : public Service {
  public:
    void packet(Bytes bytes) override;
    void reset() override { offset_us_.reset(); }
    /// Host wall-clock time minus card time, as last told.
    [[nodiscard]] std::optional<std::uint64_t> offset_us() const noexcept { return offset_us_; }
    [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }

  private:
    std::optional<std::uint64_t> offset_us_;
    std::uint64_t rejected_ = 0;
};

/// DIAG, QDSS, DEBUG, IPCR: transfers are taken and completed, nothing is ever said (6.4).
class Silent final : public Service {};

} // namespace card
