// SPDX-License-Identifier: BSD-3-Clause
// An emulated Cloud AI 100 behind BAR reads and writes, DMA and MSI: what a PCI function is to its host, and
// no more. No thread, clock or socket of its own: the caller polls it, and gives it a clock. Any number a
// process. Behaviour: aic100-device.md 8. Shares tables and byte layouts (lib/aic100) with the driver, no
// code.
#pragma once
#include "base/clock.hpp"
#include "card/config.hpp"
#include "card/host_port.hpp"
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace card {

/// Where the card is between power-on and mission mode (8.3).
enum class Stage : std::uint8_t {
    PBL,
    SBL_INIT,
    SBL_READY,
    SBL_M0,
    AMSS,
    AMSS_READY,
    AMSS_M0,
    SYS_ERR,
    GONE
};
std::string_view to_string(Stage stage) noexcept;

class Faults; // faults.hpp: what a test may break

class Card {
  public:
    /// Powered on, in PBL. `host` and `clock` must outlive the card.
    Card(CardConfig config, HostPort& host, const Clock& clock);
    ~Card();
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    // ---- MMIO. Any thread; a read sees every earlier write of its own thread. Unknown offsets read 0.
    // ----------
    [[nodiscard]] std::uint32_t read32(unsigned bar, std::uint64_t offset) noexcept;
    void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) noexcept;
    /// One atomic 64-bit read (QTIMER).
    [[nodiscard]] std::uint64_t read64(unsigned bar, std::uint64_t offset) noexcept;
    /// BAR 2 as plain shared memory of bar_dbc_bytes: the four registers of each DBC are words in it, which
    /// the card polls and updates. read32/write32 of BAR 2 act on the same words. Valid as long as the card.
    [[nodiscard]] std::span<std::byte> dbc_window() noexcept;
    /// A file descriptor of that memory, to be mapped by another process. Owned by the card.
    [[nodiscard]] int dbc_window_fd() const noexcept;

    // ---- what the host sets in configuration space. Any thread.
    // ------------------------------------------------
    /// Bus Master Enable; cleared at power-on. While clear the card makes no DMA and raises no MSI at all.
    void set_bus_master(bool on) noexcept;
    /// MSI messages enabled by the host: 0, 1 (single-MSI mode, 1.4) or 32.
    void set_msi_messages(unsigned messages) noexcept;

    // ---- engine. One thread at a time.
    // ---------------------------------------------------------------------------
    /// Does what is due now, without waiting. True when anything was done.
    bool poll();
    /// The earliest time at which poll() would act without any outside stimulus; nullopt when there is none.
    [[nodiscard]] std::optional<Nanos> next_due() const;
    /// Power off and on: PBL, memory lost. Same thread as poll().
    void power_cycle();

    // ---- observers, for tools and tests
    // ----------------------------------------------------------------------------
    [[nodiscard]] Stage stage() const noexcept;
    /// Same thread as poll().
    [[nodiscard]] Faults& faults() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace card
