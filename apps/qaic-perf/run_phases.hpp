// SPDX-License-Identifier: BSD-3-Clause
// The phases of `run`: verify (every tensor once, on one queue pair), warm-up, measure. Each has its own
// ledger.
#pragma once
#include "report.hpp"
#include "site.hpp"

namespace qaic::perf {

/// Fills everything in the report that the phases find out. Stops after a phase that got no further: its ops
/// are still out. E_STATE and the errors of the buffers when it could not begin.
Result<void> run_phases(Site& site, const RunTensors& tensors, const std::vector<std::uint64_t>& schedule,
                        Report& report);

} // namespace qaic::perf
