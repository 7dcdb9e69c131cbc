// SPDX-License-Identifier: BSD-3-Clause
// The figures of a run that fit in a line: what tables, CSV files and pictures show. An Outcome has 90 KiB of
// histograms; a sweep keeps thousands of these instead.
#pragma once
#include "load/outcome.hpp"
#include <array>
#include <cstdint>
#include <string_view>

namespace qaic::load {

struct Figures {
    double offered = 0, achieved = 0; ///< operations/s; offered 0: closed loop
    double seconds = 0;
    std::uint64_t succeeded = 0, failed = 0, late = 0, unfinished = 0;
    /// Latency from the due time in microseconds, by quantile_columns.
    std::array<double, 5> latency_us{};
    double max_us = 0, mean_us = 0;
    double service_p99_us = 0; ///< from the enqueue call that took it
    double lateness_p99_us = 0;
};

struct QuantileColumn {
    std::string_view name; ///< "p99"
    double fraction;
};
inline constexpr std::array<QuantileColumn, 5> quantile_columns{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}};

[[nodiscard]] Figures figures_of(const Outcome& outcome) noexcept;

} // namespace qaic::load
