// SPDX-License-Identifier: BSD-3-Clause
// What a card's timing model has seen, for tools.
#pragma once
#include "base/clock.hpp"
#include <cstddef>
#include <cstdint>

namespace card {
using namespace qaic;

/// Shares and means since the last reset of the counters.
struct TimingView {
    Nanos window{0};
    std::uint64_t computed = 0;
    std::size_t slots = 0, busy = 0, waiting = 0; ///< busy and waiting: now
    double mean_busy = 0, mean_waiting = 0;       ///< inferences, over time
    double all_busy = 0;                          ///< share of time in which no slot was free
    double link_in = 0, link_out = 0;             ///< share of time the link was occupied
    Nanos stall_left{0};
};

} // namespace card
