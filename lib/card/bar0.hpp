// SPDX-License-Identifier: BSD-3-Clause
// The MHI window (BAR 0): a register file that any thread may read and write, and the list of what the host
// asked for by writing, which the card's engine takes from its own thread. Registers change at once, work is
// done by poll(). aic100-device.md 2.1 - 2.5, 8.2
#pragma once
#include "aic100/regs/registers.hpp"
#include "aic100/wire/mhi.hpp"
#include "base/clock.hpp"
#include "card/host_gate.hpp"
#include <array>
#include <atomic>
#include <bitset>
#include <mutex>
#include <optional>
#include <vector>

namespace card {

/// Where this model puts the blocks that a host has to look up (2.2, recommended values).
namespace layout {
inline constexpr std::uint32_t reg_len = 0x1000, version = 0x01000000, bhi = 0x100, bhie = 0x280,
                               channel_doorbells = 0x300, event_doorbells = 0x700, channels = 128;
constexpr std::uint32_t bhi_at(std::uint32_t reg) noexcept { return bhi + reg; }
} // namespace layout

/// An image offered through BHI.
struct BhiRequest {
    std::uint64_t iova = 0;
    std::uint32_t bytes = 0, session = 0;
};

/// What the host asked for since the last look.
struct ControlRequests {
    bool soc_reset = false, mhi_reset = false;
    std::optional<aic100::MhiState> state; ///< MHICTRL state field as last written
    std::optional<BhiRequest> image;
};

struct DoorbellRequests {
    std::bitset<aic100::channel_contexts> rung;
    std::array<std::uint64_t, aic100::channel_contexts> value{};
    std::optional<std::uint64_t> command;
};

class Bar0 {
  public:
    Bar0(HostGate& gate, const Clock& clock);

    // ---- host side, any thread
    [[nodiscard]] std::uint32_t read32(std::uint64_t offset) noexcept;
    void write32(std::uint64_t offset, std::uint32_t value) noexcept;
    [[nodiscard]] std::uint64_t read64(std::uint64_t offset) noexcept;

    // ---- card side, the engine's thread
    /// True when something may be waiting in the three calls below. Cheap.
    [[nodiscard]] bool dirty() const noexcept { return dirty_.load(std::memory_order_acquire); }
    [[nodiscard]] ControlRequests take_resets();
    [[nodiscard]] ControlRequests take_control();
    [[nodiscard]] DoorbellRequests take_doorbells();
    /// Last value of event doorbell 0; nothing when it was not rung since the last reset.
    [[nodiscard]] std::optional<std::uint64_t> event_doorbell() const;
    [[nodiscard]] std::uint64_t pair(std::uint32_t low_register) const;
    [[nodiscard]] std::uint32_t get(std::uint32_t offset) const;
    /// Registers the host reads never hold all-ones (1.6): such a value loses its lowest bit.
    void set(std::uint32_t offset, std::uint32_t value);
    void set_status(aic100::MhiState state, bool ready, bool sys_err);
    void set_exec_env(aic100::ExecEnv env);
    [[nodiscard]] aic100::ExecEnv exec_env() const;

    /// All registers as after power-on, everything asked for is forgotten (SOC_RESET).
    void power_on(std::uint32_t serial);
    /// MHI RESET (8.3): MHISTATUS, INTVEC, addresses and doorbells cleared together with MHICTRL, which is
    /// the acknowledgement.
    void acknowledge_reset();

    // ---- faults and observers
    /// The next `count` reads of `offset` return `value` instead (0 = until cleared).
    void override_reads(std::uint32_t offset, std::uint32_t value, unsigned count);
    void clear_overrides();
    /// The link dies with the n-th access from now (1 = the next one).
    void remove_after(unsigned accesses);
    [[nodiscard]] std::uint64_t reads(std::uint32_t offset) const;
    [[nodiscard]] std::uint64_t writes(std::uint32_t offset) const;
    [[nodiscard]] std::uint64_t wake_rings() const;

  private:
    enum class Access : std::uint8_t { NONE, READ, WRITE, READ_WRITE };
    static constexpr std::size_t words = layout::reg_len / 4;
    struct Override {
        std::uint32_t offset, value;
        unsigned left; ///< 0 = for ever
    };

    [[nodiscard]] bool access_allowed() noexcept; // counts towards remove_after()
    [[nodiscard]] std::uint32_t read_locked(std::uint32_t offset) noexcept;
    void write_locked(std::uint32_t offset, std::uint32_t value) noexcept;
    void write_doorbell(std::uint32_t offset, std::uint32_t value) noexcept;
    void write_control(std::uint32_t value) noexcept;
    [[nodiscard]] std::uint64_t qtimer() const noexcept;
    void clear_requests() noexcept;

    HostGate& gate_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::atomic<bool> dirty_{false};
    std::array<Access, words> access_{};
    std::array<std::uint32_t, words> value_{};
    std::array<std::uint64_t, words> reads_{}, writes_{};
    std::array<std::uint32_t, aic100::channel_contexts> doorbell_high_{};
    std::uint32_t command_high_ = 0, event_high_ = 0;
    std::optional<std::uint64_t> event_doorbell_;
    ControlRequests control_;
    DoorbellRequests doorbells_;
    Nanos powered_on_{0};
    std::optional<std::uint32_t> qtimer_high_;
    std::vector<Override> overrides_;
    unsigned accesses_left_ = 0; ///< 0 = no limit
    std::uint64_t wake_rings_ = 0;
};

} // namespace card
