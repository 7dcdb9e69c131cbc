// SPDX-License-Identifier: BSD-3-Clause
// How often a client read and wrote each register through messages, by name. What a client does in memory it
// has mapped is not seen. One thread.
#pragma once
#include "aic100/regs/registers.hpp"
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace card_server {

struct Count {
    std::uint64_t reads = 0, writes = 0;
    Count& operator+=(const Count& other)
    {
        reads += other.reads, writes += other.writes;
        return *this;
    }
    [[nodiscard]] bool any() const { return reads != 0 || writes != 0; }
};

class Counters {
  public:
    /// One access of up to 8 bytes; counted once, at the register it begins in.
    void read(unsigned bar, std::uint64_t offset) { at(bar, offset).reads++; }
    void write(unsigned bar, std::uint64_t offset) { at(bar, offset).writes++; }
    void config(bool write) { write ? config_.writes++ : config_.reads++; }
    void msi(unsigned vector)
    {
        if (vector < msi_.size()) ++msi_[vector];
    }
    /// The card read or wrote host memory, or was refused (no such memory, no client).
    void dma(bool write, std::size_t bytes, bool done);
    void reset() { *this = Counters{}; }

    struct Dma {
        std::uint64_t reads = 0, writes = 0, read_bytes = 0, written_bytes = 0, refused = 0;
    };
    [[nodiscard]] const Dma& dma() const { return dma_; }

    struct Named {
        std::string name;
        Count count;
    };
    /// Every register of BAR 0 that was touched.
    [[nodiscard]] std::vector<Named> bar0() const;
    /// REQHP, REQTP, RSPHP, RSPTP of one DBC.
    [[nodiscard]] const std::array<Count, 4>& dbc(unsigned index) const { return dbc_[index]; }
    [[nodiscard]] Count bar2_other() const { return bar2_other_; }
    [[nodiscard]] Count bar(unsigned bar) const;
    [[nodiscard]] Count config() const { return config_; }
    [[nodiscard]] const std::array<std::uint64_t, aic100::msi_vectors_offered>& msi() const { return msi_; }

  private:
    [[nodiscard]] Count& at(unsigned bar, std::uint64_t offset);

    std::array<Count, aic100::bar_mhi_bytes / 4> bar0_{};
    std::array<std::array<Count, 4>, aic100::dbc_count> dbc_{};
    Count bar2_other_, bar4_, config_;
    std::array<std::uint64_t, aic100::msi_vectors_offered> msi_{};
    Dma dma_;
};

/// Name of a BAR 0 register: "MHICTRL", "BHI_EXECENV", "CHDB[20].LOW", "0x0ff0".
[[nodiscard]] std::string bar0_register(std::uint32_t offset);

} // namespace card_server
