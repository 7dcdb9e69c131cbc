// SPDX-License-Identifier: BSD-3-Clause
// Runs as comma-separated values (RFC 4180, but with lines that end in a newline alone), one row each.
#pragma once
#include "load/figures.hpp"
#include <span>
#include <string>

namespace qaic::load {

/// The header: the caller's labels ("model", "depth"), then each figure with its unit ("latency_p99_us").
[[nodiscard]] std::string csv_header(std::span<const std::string> labels);
/// A row: as many values as there were labels, then the figures, numbers with all their digits.
[[nodiscard]] std::string csv_row(std::span<const std::string> values, const Figures& figures);

} // namespace qaic::load
