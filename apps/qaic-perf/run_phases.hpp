// SPDX-License-Identifier: BSD-3-Clause
// The phases of `run`: verify (every tensor of each model once, on one queue pair), warm-up, measure. Each
// has its own ledger.
#pragma once
#include "session.hpp"

namespace qaic::perf {

/// Fills everything in the report that the phases find out. Stops after a phase that got no further: its ops
/// are still out. E_STATE when it could not begin.
Result<void> run_phases(Session& session, Report& report);
/// Load that is not counted, for the report's --warmup, so that caches and clocks are warm.
Result<void> warm_up(Session& session, Report& report);
/// The measured phase alone, as the report's options ask for it; for commands that measure again and again.
/// With --checksum the first one has a verify phase before it, for the references.
Result<void> measure(Session& session, Report& report);

} // namespace qaic::perf
