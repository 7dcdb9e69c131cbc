// SPDX-License-Identifier: BSD-3-Clause
// The files that a command writes besides its report: what the options ask for, and nothing before the end.
#pragma once
#include "load/plot.hpp"
#include "report.hpp"

namespace qaic::perf {

/// E_INVAL for the first file of the options that cannot be written: asked before the card is touched.
Result<void> check_outputs(const RunOptions& options);
/// Of one measurement: --csv, --hgrm, --plot (latency by percentile; `limit_us` above 0: a line there).
Result<void> write_outputs(const Report& report, double limit_us = 0);
/// Of many: --csv and --plot (latency by throughput).
Result<void> write_outputs(const RunOptions& options, const std::vector<load::SweepRow>& rows,
                           double limit_us = 0);
/// `text` to the file of --json, if it is given.
Result<void> write_json(const RunOptions& options, const std::string& text);

} // namespace qaic::perf
