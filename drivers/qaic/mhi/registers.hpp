// SPDX-License-Identifier: BSD-3-Clause
// The MHI window: reads that know when a card is gone, writes and doorbells in the order the card expects.
// Guards D-ALIVE and D-OFF of reliability.md 3.2; aic100-device.md 1.6, 2.1, 2.2.
#pragma once
#include "aic100/regs/registers.hpp"
#include "qaic/bus/bus.hpp"
#include <cstdint>

namespace qaic::mhi {

class Registers {
  public:
    explicit Registers(Bus& bus) : bus_(bus) {}

    /// E_REMOVED when this register and a witness both read all-ones; E_PROTO when only this one does, for
    /// 1 ms. SOC_HW_VERSION is never touched: the substitute of 1.6 is returned.
    [[nodiscard]] Result<std::uint32_t> read(std::uint32_t offset);
    [[nodiscard]] Result<std::uint32_t> read_bhi(std::uint32_t offset) { return read(bhi_ + offset); }
    /// Dropped once the card is known to be gone.
    void write(std::uint32_t offset, std::uint32_t value) noexcept;
    void write_bhi(std::uint32_t offset, std::uint32_t value) noexcept { write(bhi_ + offset, value); }
    /// High word first: the low word is the trigger (2.2).
    void write64(std::uint32_t low_offset, std::uint64_t value) noexcept;
    /// Read-modify-write of one field.
    [[nodiscard]] Result<void> update(std::uint32_t offset, aic100::Field field, std::uint32_t value);

    /// BHIOFF, then (once READY) CHDBOFF and ERDBOFF: range and alignment checked, then kept.
    [[nodiscard]] Result<void> locate_blocks();
    [[nodiscard]] Result<void> locate_doorbells();
    [[nodiscard]] std::uint32_t bhi_offset() const noexcept { return bhi_; }

    void ring_channel(unsigned channel, std::uint64_t wp) noexcept { write64(channel_db_ + 8 * channel, wp); }
    void ring_event(std::uint64_t wp) noexcept { write64(event_db_, wp); }
    void ring_command(std::uint64_t wp) noexcept { write64(aic100::mhi_reg::CRDB_LOW, wp); }
    void wake(bool on) noexcept { ring_channel(aic100::wake_doorbell, on ? 1 : 0); }

    [[nodiscard]] bool gone() const noexcept { return gone_; }
    /// A new attach begins: the card may have been plugged in again.
    void forget() noexcept { gone_ = false; }

  private:
    [[nodiscard]] Result<std::uint32_t> read_again(std::uint32_t offset);
    [[nodiscard]] Result<std::uint32_t> locate(std::uint32_t reg, std::uint32_t span, std::uint32_t align);

    Bus& bus_;
    std::uint32_t bhi_ = 0, channel_db_ = 0, event_db_ = 0;
    bool gone_ = false;
};

/// Name of a register for error texts ("MHISTATUS"), its offset when it has none.
std::string register_name(std::uint32_t offset, std::uint32_t bhi_offset);

} // namespace qaic::mhi
