// SPDX-License-Identifier: BSD-3-Clause
// At most 3 automatic recoveries in 10 minutes, with 0, 1 and 10 s before each (reliability.md 2.4): a card
// that fails for ever must not be restarted for ever.
#pragma once
#include "base/clock.hpp"
#include <algorithm>
#include <array>
#include <optional>

namespace qaic {

class RecoveryBudget {
  public:
    static constexpr unsigned attempts = 3;
    static constexpr Nanos window = 600s;
    static constexpr std::array<Nanos, attempts> back_off{0s, 1s, 10s};

    /// When the attempt after a fault at `fault` may be made; nothing when the budget is spent.
    [[nodiscard]] std::optional<Nanos> next(Nanos fault) const noexcept
    {
        const auto used = recent(fault);
        if (used >= attempts) return std::nullopt;
        return fault + back_off[used];
    }
    void spend(Nanos now) noexcept
    {
        std::rotate(at_.begin(), at_.begin() + 1, at_.end());
        at_.back() = now;
        if (count_ < attempts) ++count_;
    }
    void reset() noexcept { count_ = 0; }

  private:
    [[nodiscard]] unsigned recent(Nanos now) const noexcept
    {
        return static_cast<unsigned>(
            std::count_if(at_.end() - count_, at_.end(), [&](Nanos t) { return now - t < window; }));
    }
    std::array<Nanos, attempts> at_{};
    unsigned count_ = 0;
};

} // namespace qaic
