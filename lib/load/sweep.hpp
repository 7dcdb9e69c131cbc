// SPDX-License-Identifier: BSD-3-Clause
// Grids of runs: lists and ranges as people write them, every combination in order, and the table of what
// came of it.
#pragma once
#include "base/result.hpp"
#include "load/figures.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::load {

/// Numbers between low and high, written as a list of numbers and ranges: "1,2,4", "1..64*2" (1, 2, 4 ...
/// 64), "1000..9000+1000", "10k..1M*10" (k and M: thousands and millions). A range holds its last value only
/// when a step ends on it. In the order written; a value twice is an error, as is a list of more than 1000.
/// E_INVAL names the option, the part and what is wrong with it.
Result<std::vector<double>> parse_numbers(std::string_view option, std::string_view text, double low,
                                          double high);
/// The same for whole numbers: "1.5" is an error.
Result<std::vector<std::uint32_t>> parse_counts(std::string_view option, std::string_view text,
                                                std::uint32_t low, std::uint32_t high);

struct SweepAxes { ///< an empty one stands for its default, which is the single value given here
    std::vector<std::uint32_t> depths{32}, bursts{8}, lcores{1};
    std::vector<double> rates{0}; ///< operations/s; 0: closed loop
};

struct SweepPoint {
    std::uint32_t depth = 32, burst = 8, lcores = 1;
    double rate = 0;
    bool operator==(const SweepPoint&) const = default;
};

struct SweepGrid {
    std::vector<SweepPoint> points;
    std::size_t skipped = 0; ///< combinations left out since the burst is larger than the depth
};

/// Every combination, lcores changing slowest (threads start and stop), then depth, burst and rate: rates
/// rise within one configuration, so that a run that overloads comes last. E_LIMIT above 10,000 points,
/// E_INVAL when none is left.
Result<SweepGrid> expand(const SweepAxes& axes);

struct SweepRow {
    SweepPoint point;
    Figures figures;
};

/// A table for people, columns that never change left out, one line a row, each ended by a newline.
std::string sweep_table(const std::vector<SweepRow>& rows);

} // namespace qaic::load
