// SPDX-License-Identifier: BSD-3-Clause
// Pictures as gnuplot scripts with their data inside: latency by percentile, and a sweep's latency by
// throughput. gnuplot.hpp makes SVG files of them.
#pragma once
#include "load/sweep.hpp"
#include "stats/histogram.hpp"
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::load {

struct LatencyCurve {
    std::string name;                          ///< in the key; empty: none
    const stats::Histogram* latency = nullptr; ///< nanoseconds; empty ones are left out
};

/// Latency in microseconds over percentiles that grow logarithmically towards 100 %: each grid line is one
/// nine more. `limit_us` above 0 draws a line there. A script without any data is one that says so.
[[nodiscard]] std::string latency_plot(std::string_view title, std::span<const LatencyCurve> curves,
                                       double limit_us = 0);

/// Latency from the due time over achieved rate. With one configuration p50, p99 and p99.9, with several the
/// p99 of each; a configuration is what stays the same while the rate changes (without rates: while the depth
/// changes). Points are joined in the order of the rows, so a curve that bends back shows an overload.
[[nodiscard]] std::string sweep_plot(std::string_view title, const std::vector<SweepRow>& rows,
                                     double limit_us = 0);

} // namespace qaic::load
