// SPDX-License-Identifier: BSD-3-Clause
// BAR 2 as shared memory: a memory file that the card, the host in this process and a host in another process
// map alike. aic100-device.md 5.2
#pragma once
#include "aic100/regs/registers.hpp"
#include <cstddef>
#include <cstdint>
#include <span>

namespace card {

class DbcWindow {
  public:
    /// Throws std::system_error when the machine refuses the memory.
    DbcWindow();
    ~DbcWindow();
    DbcWindow(const DbcWindow&) = delete;
    DbcWindow& operator=(const DbcWindow&) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {memory_, aic100::bar_dbc_bytes}; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

    // ---- register access by offset, any thread. Outside the DBC registers reads give 0, writes are ignored.
    [[nodiscard]] std::uint32_t read32(std::uint64_t offset) const noexcept;
    /// Only REQTP and RSPHP belong to the host.
    void write32(std::uint64_t offset, std::uint32_t value) noexcept;

    void clear() noexcept;
    /// What a host sees of the registers when the link is dead.
    void fill_all_ones() noexcept;

  private:
    [[nodiscard]] std::uint32_t* word(std::uint64_t offset) const noexcept;
    int fd_ = -1;
    std::byte* memory_ = nullptr;
};

} // namespace card
