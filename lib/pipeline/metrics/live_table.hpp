// SPDX-License-Identifier: BSD-3-Clause
// A running pipeline as a table for a terminal: no line is longer than 100 columns, and all of it is ASCII.
#pragma once
#include "pipeline/snapshot.hpp"

namespace pipeline::metrics {

/// Rates, busy shares, cycles an item and full shares are of the time between the two snapshots; since the
/// start without one before, or when that one is of another run. Latencies are since the start. Control
/// threads.
[[nodiscard]] std::string live_table(const PipelineSnapshot& now, const PipelineSnapshot* before);

/// "1,234,567", or what fits into `width`: "1,234.5 k", "1.2 M". At least 7.
[[nodiscard]] std::string grouped(std::uint64_t value, std::size_t width);
/// Four digits and a unit: "0", "12.3", "1.234 M".
[[nodiscard]] std::string scaled(double value);

} // namespace pipeline::metrics
