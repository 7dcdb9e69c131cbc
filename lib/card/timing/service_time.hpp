// SPDX-License-Identifier: BSD-3-Clause
// Draws the service times of a timing model.
#pragma once
#include "card/timing/model.hpp"
#include <random>

namespace card {

class ServiceTimes {
  public:
    explicit ServiceTimes(const TimingModel& model);
    /// The next inference's time, at most `longest_draw`. The same seed gives the same sequence.
    [[nodiscard]] Nanos draw();
    static constexpr Nanos longest_draw = std::chrono::hours(1); ///< its sum with a clock cannot overflow

  private:
    ServiceTime kind_;
    double mean_; ///< ns
    Nanos fixed_;
    std::mt19937_64 engine_;
    std::exponential_distribution<double> exponential_;
    std::lognormal_distribution<double> lognormal_;
};

} // namespace card
