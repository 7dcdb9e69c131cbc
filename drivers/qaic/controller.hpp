// SPDX-License-Identifier: BSD-3-Clause
// From any state of the card to mission mode, and the channels that must be served there: boot (BHI, Sahara),
// boot log, time sync, SSR, RAS. One thread at a time (the device's control lock). Spawns nothing: poll() is
// called by waits and by the device's housekeeping. aic100-device.md 1.7, 2.14, 3, 6
#pragma once
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include "qaic/services/ssr.hpp"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace qaic {

/// What to do with a card found in AMSS or SBL: the previous owner may have died with DMA in flight.
enum class AttachPolicy : std::uint8_t {
    SOC_RESET, ///< everything that is not a clean PBL is reset (reliability.md 2.3 rung 3); default
    WARM,      ///< AMSS: MHI RESET and reuse of the running firmware; SBL and SYS_ERR are still reset
};

struct ControllerConfig {
    Limits limits;
    std::vector<std::string> firmware_path; ///< directories that hold qcom/aic100/ or the files themselves
    AttachPolicy attach = AttachPolicy::SOC_RESET;
    Nanos timesync_period = 1s;                   ///< 0 = off
    std::function<std::uint64_t()> wall_clock_us; ///< UTC in us; only for time sync
};

/// One line of the boot story: what ended, when (since attach began), how long it took.
struct BootStage {
    std::string name; ///< "soc_reset", "pbl", "sbl", "sahara", "amss", "online"
    Nanos took{};
};
struct BootReport {
    std::vector<BootStage> stages;
    Nanos total{};
    std::string found; ///< execution environment the card was found in
};

struct ServiceCounters {
    std::uint64_t timesync_sent = 0, timesync_boot = 0, ssr_events = 0, ras_messages = 0, ras_dropped = 0,
                  r_msg = 0, log_bytes = 0, sahara_bytes = 0, ce = 0, ue = 0, ue_nonfatal = 0;
};

class Controller {
  public:
    /// Called for an SSR event of a DBC before it is acknowledged: BEFORE_SHUTDOWN means the card has stopped
    /// all DMA of that DBC; the owner takes it out of use. Called with the control lock held.
    using SsrHandler = std::function<void(unsigned dbc, aic100::SsrEvent event)>;
    using RasHandler = std::function<void(const aic100::RasMessage& message)>;

    Controller(Bus& bus, ControllerConfig config);
    ~Controller();

    /// Brings the card to AMSS with SSR, STATUS (RAS), CONTROL (10/11) and TIMESYNC_PERIODIC started. On
    /// failure the card is left without DMA (bus master off) and boot() may be tried again. E_FW names file,
    /// offset, rule.
    [[nodiscard]] Result<BootReport> boot();
    /// Graceful end: MHI RESET acknowledged, then bus master off. Idempotent.
    void shutdown() noexcept;
    /// SoC reset as a fence (rung 3): afterwards the card makes no DMA. The controller is then off; boot()
    /// again.
    [[nodiscard]] Result<void> fence_card();

    /// While `flag` is not 0, boot() and every wait of the control protocol end early with E_RESET; the card
    /// must be fenced afterwards. nullptr: nothing interrupts. With the lock that guards this object.
    void interrupt_by(const std::atomic<unsigned>* flag) noexcept;
    [[nodiscard]] bool interrupted() const noexcept;

    /// Bus master off and read back (rung 4): at once, whatever the card does. The controller is then off.
    [[nodiscard]] Result<void> off_the_bus();

    /// Events, service channels, periodic time sync. Bounded work. Call at least every few ms while booting
    /// or waiting, at least once a second otherwise (8.9 point 44).
    void poll();
    [[nodiscard]] mhi::Host& mhi() noexcept;
    [[nodiscard]] mhi::Health health() const noexcept;

    /// A crash dump that was read after an SSR, or why not: services/ssr.hpp. As SsrHandler.
    using DumpHandler = std::function<void(services::Ssr::Dump dump)>;
    void on_ssr(SsrHandler handler);
    void on_dump(DumpHandler handler);
    /// Crash dumps of at most `bytes` are read; 0 = declined, as at first.
    void accept_dumps(std::uint64_t bytes) noexcept;
    /// One is being read: poll() often.
    [[nodiscard]] bool dumping() const noexcept;
    void on_ras(RasHandler handler);
    /// Text of the boot log since the last boot; printable characters and newlines only, at most 1 MiB.
    [[nodiscard]] const std::string& boot_log() const noexcept;
    [[nodiscard]] const ServiceCounters& counters() const noexcept;
    /// One telemetry write: E_PERM when the card does not let this one be written, E_INVAL for the value.
    [[nodiscard]] Result<void> set_telemetry(std::uint8_t command, std::int64_t value);
    /// One telemetry read (6.3): starts channel 16/17 on first use. E_UNSUPP for a command the card does not
    /// know.
    [[nodiscard]] Result<std::int64_t> telemetry(std::uint8_t command);
    /// LOOPBACK self-test: sends `message` (1..65535 bytes) on channel 0 and compares what comes back.
    [[nodiscard]] Result<void> loopback(ConstSpan message);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace qaic
