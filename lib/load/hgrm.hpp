// SPDX-License-Identifier: BSD-3-Clause
// The percentile text that HdrHistogram's tools write and its plotters read.
#pragma once
#include "stats/histogram.hpp"
#include <string>

namespace qaic::load {

/// Of a histogram in nanoseconds; values are written in microseconds with three decimals. Columns, comment
/// lines and the spacing of percentiles are those of HdrHistogram's outputPercentileDistribution, 5 steps to
/// a half; the bucket counts in the last comment line are this histogram's own.
[[nodiscard]] std::string hgrm_text(const stats::Histogram& nanoseconds);

} // namespace qaic::load
