// SPDX-License-Identifier: BSD-3-Clause
// Reads back what `qaic-perf run --json` wrote. A report may come from anywhere: nothing in it is believed.
#pragma once
#include "base/result.hpp"
#include "load/compare.hpp"
#include "load/distribution.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::perf {

/// Something of a report that can be compared: a number at a place, or a percentile of the latency.
struct Metric {
    std::string name;
    load::Better better = load::Better::LOWER;
    std::string pointer; ///< JSON pointer of the number; empty: a percentile
    double fraction = 0; ///< of the latency histogram, for a percentile
    std::string_view unit;
};

/// throughput, mean, max, cycles, or a percentile as "p99.9". E_INVAL lists them.
Result<Metric> metric_named(std::string_view name);

/// What a comparison needs of one report.
struct ReportFigures {
    std::vector<double> values;       ///< one a metric, finite, above 0
    load::Distribution latency;       ///< ns; only filled for a percentile
    std::vector<std::string> setting; ///< what ought to be the same in both, in the order of setting_names()
};

/// Largest report: 64 MiB. One of this tool has at most 3,776 buckets, about 300 KB.
inline constexpr std::uint64_t max_report_bytes = 64ULL << 20;

/// E_FORMAT names the key and what is wrong with it: no JSON (with the byte), no report of this schema, a run
/// that itself failed, a key that is missing or of another type, figures that are none.
Result<ReportFigures> parse_report(std::string_view json, std::span<const Metric> metrics);
/// The same of a file; errors start with its path.
Result<ReportFigures> read_report(const std::string& path, std::span<const Metric> metrics);

/// Names of what should not differ between two reports that are compared: model, CPU, burst ...
std::span<const std::string_view> setting_names();

} // namespace qaic::perf
