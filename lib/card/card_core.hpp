// SPDX-License-Identifier: BSD-3-Clause
// The card without its name: registers, gate, stages, MHI engine and services put together around a control
// server. Card adds QSM to it; a test may add something else. aic100-device.md 8.1, 8.3
#pragma once
#include "card/control_server.hpp"
#include "card/dbc_window.hpp"
#include "card/faults.hpp"
#include "card/pbl.hpp"
#include "card/sahara.hpp"
#include "card/services.hpp"
#include "card/stage.hpp"

namespace card {

class CardCore {
  public:
    CardCore(CardConfig config, HostPort& host, const Clock& clock, ControlFactory make_control);

    // ---- as in card.hpp
    [[nodiscard]] std::uint32_t read32(unsigned bar, std::uint64_t offset) noexcept;
    void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) noexcept;
    [[nodiscard]] std::uint64_t read64(unsigned bar, std::uint64_t offset) noexcept;
    bool poll();
    [[nodiscard]] std::optional<Nanos> next_due() const;
    void power_cycle();
    [[nodiscard]] Stage stage() const noexcept { return stage_.load(std::memory_order_acquire); }
    [[nodiscard]] Faults& faults() noexcept { return faults_; }

    // ---- what Faults does
    void remove();
    void system_error(bool reboot);

    // ---- parts
    [[nodiscard]] HostGate& gate() noexcept { return gate_; }
    [[nodiscard]] Bar0& bar0() noexcept { return bar0_; }
    [[nodiscard]] DbcWindow& window() noexcept { return window_; }
    [[nodiscard]] MhiEngine& engine() noexcept { return engine_; }
    [[nodiscard]] ControlServer& control() noexcept { return *control_; }
    [[nodiscard]] BootLog& boot_log() noexcept { return boot_log_; }
    [[nodiscard]] BootTimesync& boot_timesync() noexcept { return boot_timesync_; }
    [[nodiscard]] Sahara& sahara() noexcept { return sahara_; }
    [[nodiscard]] Ssr& ssr() noexcept { return ssr_; }
    [[nodiscard]] Ras& ras() noexcept { return ras_; }
    [[nodiscard]] PeriodicTimesync& timesync() noexcept { return timesync_; }

  private:
    void make_control();
    bool restart_crashed(unsigned dbc, const std::function<CrashDump()>& dump);
    [[nodiscard]] MhiEngine::Services services();
    /// Follows the table; what belongs to entering the new stage happens here.
    bool move(Cause cause);
    void arm_ready(Nanos delay);

    bool handle_resets();
    void soc_reset();
    void mhi_reset();
    /// Rings, services, users: all forgotten, all DMA stopped.
    void drop_everything();

    bool poll_timers();
    bool poll_boot();
    bool poll_requests();
    void enter_m0();
    bool poll_mission();
    bool poll_services();
    [[nodiscard]] bool host_is_done();
    void start_amss();

    CardConfig config_;
    const Clock& clock_;
    ControlFactory factory_;
    HostGate gate_;
    Bar0 bar0_;
    DbcWindow window_;
    Faults faults_;
    MhiEngine engine_;
    Pbl pbl_;

    BootLog boot_log_;
    BootTimesync boot_timesync_;
    Sahara sahara_;
    Loopback loopback_;
    Control control_channel_;
    Ssr ssr_;
    Ras ras_;
    Telemetry telemetry_;
    PeriodicTimesync timesync_;
    Silent silent_;
    std::unique_ptr<ControlServer> control_;

    std::atomic<Stage> stage_{Stage::PBL};
    std::optional<Nanos> ready_at_;
    std::optional<Nanos> amss_at_; ///< latest start of mission mode, once every image is there
    bool m0_wanted_ = false;
};

} // namespace card
