// SPDX-License-Identifier: BSD-3-Clause
// The 32 semaphores of one activation, shared by its DMA-Bridge channel and its NSPs. Commands are the words
// of aic100-device.md 5.3; a store by an NSP has the same fields without the enable bit (workload 7.5).
// 12-bit arithmetic is a choice of the model [M]: INC at 4095 gives 0, DEC at 0 stays 0; both are counted.
#pragma once
#include "aic100/wire/dbc.hpp"
#include <array>
#include <cstdint>

namespace card {

class Semaphores {
  public:
    using Values = std::array<std::uint16_t, aic100::semaphore_count>;

    /// Does the command's wait condition hold? True for a command that waits for nothing.
    [[nodiscard]] bool ready(std::uint32_t word) const noexcept
    {
        const auto now = values_[aic100::sem_word::index(word)];
        const auto value = aic100::sem_word::value(word);
        switch (static_cast<aic100::SemOp>(aic100::sem_word::op(word))) {
        case aic100::SemOp::WAIT_EQUAL: return now == value;
        case aic100::SemOp::WAIT_GREATER_EQUAL: return now >= value;
        case aic100::SemOp::P: return now > 0;
        default: return true;
        }
    }
    /// Performs a command whose condition holds.
    void apply(std::uint32_t word) noexcept
    {
        auto& s = values_[aic100::sem_word::index(word)];
        switch (static_cast<aic100::SemOp>(aic100::sem_word::op(word))) {
        case aic100::SemOp::INIT: s = static_cast<std::uint16_t>(aic100::sem_word::value(word)); break;
        case aic100::SemOp::INC: increment(s); break;
        case aic100::SemOp::DEC:
        case aic100::SemOp::P: decrement(s); break;
        default: return;
        }
        changed = true;
    }
    void set(const Values& values) noexcept
    {
        values_ = values;
        changed = true;
    }
    [[nodiscard]] const Values& values() const noexcept { return values_; }

    bool changed = false; ///< set by every change, cleared by the channel that looks again at what waits
    std::uint64_t wraps = 0, underflows = 0;

  private:
    void increment(std::uint16_t& s) noexcept
    {
        if (s == aic100::semaphore_max) ++wraps;
        s = static_cast<std::uint16_t>((s + 1u) & aic100::semaphore_max);
    }
    void decrement(std::uint16_t& s) noexcept
    {
        if (s == 0) {
            ++underflows;
            return;
        }
        --s;
    }
    Values values_{};
};

} // namespace card
