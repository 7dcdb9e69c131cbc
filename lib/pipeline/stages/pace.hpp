// SPDX-License-Identifier: BSD-3-Clause
// When a source's items fall due: a rate, evenly or by chance, or none (as fast as it goes). What fell due
// while the stage was kept waiting comes at once then: the rate is the stream's, not the machine's. HOT
#pragma once
#include "load/arrivals.hpp"
#include "pipeline/stage_of.hpp"

namespace pipeline {

class Pace {
  public:
    /// Options `rate` (items/s; 0, the default: none), `arrivals` ("even" or "poisson") and `seed`.
    static Result<std::unique_ptr<Pace>> make(const Options& options, double tsc_hz);

    /// How many of `most` may go at this TSC. The first call starts the clock.
    [[nodiscard]] std::uint16_t due(std::uint64_t tsc, std::uint16_t most) noexcept
    {
        if (plan_.per_second == 0) return most;
        if (!started_) {
            started_ = true;
            start_ = tsc;
            next_ = arrivals_.next();
        }
        std::uint16_t n = 0;
        for (; n < most && next_ <= tsc - start_; ++n) next_ = arrivals_.next();
        return n;
    }

    /// Of those due() gave, `n` could not be made: they go next.
    void give_back(std::uint16_t n) noexcept { owed_ += n; }
    /// due(), with those given back first.
    [[nodiscard]] std::uint16_t take(std::uint64_t tsc, std::uint16_t most) noexcept
    {
        const auto old = static_cast<std::uint16_t>(std::min<std::uint64_t>(owed_, most));
        owed_ -= old;
        return static_cast<std::uint16_t>(old + due(tsc, static_cast<std::uint16_t>(most - old)));
    }

    Pace(const load::ArrivalPlan& plan, double tsc_hz) : plan_(plan), arrivals_(plan_, tsc_hz) {}
    Pace(const Pace&) = delete; // arrivals_ refers to plan_
    Pace& operator=(const Pace&) = delete;

  private:
    load::ArrivalPlan plan_;
    load::Arrivals arrivals_;
    std::uint64_t start_ = 0, next_ = 0, owed_ = 0;
    bool started_ = false;
};

} // namespace pipeline
