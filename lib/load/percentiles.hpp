// SPDX-License-Identifier: BSD-3-Clause
// Percentiles that come closer to 1 in ever smaller steps, as HdrHistogram's text files and logarithmic
// percentile axes have them.
#pragma once
#include "stats/histogram.hpp"
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace qaic::load {

struct PercentileLevel {
    double fraction = 0;     ///< asked for; 1 in the last level and only there
    std::uint64_t value = 0; ///< Histogram::quantile(fraction)
    std::uint64_t below = 0; ///< values counted in this one's bucket and those before
};

/// Each half of what is left up to 1 is cut into `steps`: with 5 it is 0, 0.1 ... 0.4, 0.5, 0.55 ... 0.7,
/// 0.75, 0.775 ... The last level but one is the first that has everything below. Empty for an empty
/// histogram.
[[nodiscard]] std::vector<PercentileLevel> percentile_levels(const stats::Histogram& histogram,
                                                             unsigned steps = 5);

/// "p99.9" as 0.999; nothing for what is no number between 0 and 100.
[[nodiscard]] std::optional<double> percentile_named(std::string_view name);

} // namespace qaic::load
