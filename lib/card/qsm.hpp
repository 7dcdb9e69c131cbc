// SPDX-License-Identifier: BSD-3-Clause
// The management firmware behind QAIC_CONTROL and everything it commands: card memory, resources,
// activations, the 16 DMA-Bridge channels and the NSPs. Knows nothing of MHI: messages come in and go out as
// bytes. aic100-device.md 4, 5, 8.6, 8.7; aic100-workload.md 4.3, 5, 7.7
#pragma once
#include "base/clock.hpp"
#include "card/config.hpp"
#include "card/crash_dump.hpp"
#include "card/host_port.hpp"
#include "card/timing/view.hpp"
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace card {

/// What the rest of the card lends to QSM.
struct QsmPorts {
    HostPort& host; ///< already gated by Bus Master Enable; raise_msi(i + 1) for DBC i is mapped to
                    ///< vector 0 by it when only one message is enabled
    const Clock& clock;
    std::span<std::byte> dbc_window; ///< BAR 2, bar_dbc_bytes
    /// The workload of a DBC died by itself: restart it (6.1), with the dump if it was asked for. Called from
    /// within poll(), again and again until it returns true; it may call ssr_begin(). May be empty.
    std::function<bool(unsigned dbc, const std::function<CrashDump()>& dump)> workload_crashed{};
};

/// One thread: the one that polls the card.
class Qsm {
  public:
    Qsm(const CardConfig& config, QsmPorts ports);
    ~Qsm();

    /// One complete message of channel 10. The reply for channel 11, or nothing when the message is dropped
    /// (8.6 point 1). When it returns, all host memory the message described has been read (4.7), and for
    /// DEACTIVATE and TERMINATE all DMA of the channels concerned has ended.
    [[nodiscard]] std::optional<Bytes> control(ConstSpan message);
    /// The control channel was started anew: the next message must be STATUS with a CRC (4.3).
    void control_started();
    /// MHI RESET or SoC reset: stops all DMA, drops every user's objects, DBC registers to 0 (8.3).

    void reset();
    /// One round of the DMA Bridge and the NSPs. True when anything moved.
    bool poll();
    [[nodiscard]] std::optional<Nanos> next_due() const;

    // ---- SSR (6.1): driven by the card's SSR service
    // ---------------------------------------------------------------
    /// Stops all DMA of the DBC and kills its workload; commands touching it answer -36 until ssr_end.
    /// False when no activation owns the DBC.
    bool ssr_begin(unsigned dbc);
    void ssr_end(unsigned dbc);

    // ---- fault hooks and observers (tests)
    // -----------------------------------------------------------------------------
    struct DbcView {
        bool active = false;
        std::uint32_t elements = 0, req_head = 0, rsp_tail = 0;
        std::size_t pending = 0;    ///< fetched, not finished
        std::uint64_t executed = 0; ///< elements finished since activation
        std::uint32_t handle = 0;
        std::uint16_t semaphores[32] = {};
    };
    [[nodiscard]] DbcView dbc(unsigned index) const;
    /// What the program of a DBC logged last, as far as it is a host-native one (aic100-workload.md 7.4).
    [[nodiscard]] std::string program_log(unsigned index) const;
    /// The next `count` responses of a DBC carry `code` instead of their own.
    void fail_responses(unsigned dbc, std::uint16_t code, unsigned count);
    /// While set, the DBC fetches nothing (a hung DMA engine).
    void freeze(unsigned dbc, bool on);
    /// While set, QSM reads messages and answers none (hung firmware).
    void mute(bool on);
    /// What the timing model has seen; nothing without one.
    [[nodiscard]] std::optional<TimingView> timing();
    void reset_timing();
    /// Nothing is computed for `time` from now on; then all goes on where it was. False without a timing
    /// model.
    bool stall(Nanos time);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace card
