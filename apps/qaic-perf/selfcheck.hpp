// SPDX-License-Identifier: BSD-3-Clause
// What the tool itself costs, and whether its arrivals are what they are called. No EAL, no device.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace qaic::perf {

struct SelfCheck {
    struct Cost {
        std::uint16_t burst = 0;
        double bare = 0;   ///< ticks an operation of the null queue alone
        double closed = 0; ///< of the tool around it, closed loop
        double open = 0;   ///< open loop, everything due
    };
    std::vector<Cost> costs;
    double record_ns = 0; ///< one latency into a histogram
    struct Pace {
        double wanted = 0, achieved = 0; ///< operations/s
        double late_p50_us = 0, late_p99_us = 0;
        std::uint64_t lost = 0;
    };
    std::vector<Pace> paces;
    /// Kolmogorov-Smirnov distance of Poisson gaps from the exponential times sqrt(n): 1.63 is exceeded by
    /// one good generator in a hundred.
    double gaps_distance = 0;
    double counts_variance = 0; ///< of arrivals in windows, over their mean: 1 for a Poisson process
    double tsc_hz = 0;
    [[nodiscard]] bool arrivals_good() const
    {
        return gaps_distance < 1.95 && counts_variance > 0.95 && counts_variance < 1.05;
    }
};

/// About `seconds` of one core.
SelfCheck check_self(double seconds, std::uint64_t seed);

} // namespace qaic::perf
