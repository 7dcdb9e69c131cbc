// SPDX-License-Identifier: BSD-3-Clause
// What a report tells about the bottleneck, for load::explain().
#pragma once
#include "report.hpp"

namespace qaic::perf {

/// Shares that the host can see. What only the card knows (its slots, its link) stays unknown.
load::Evidence evidence_of(const Report& report);

/// Every card counted the host's register accesses; otherwise the evidence has them by the driver's rules.
[[nodiscard]] bool reads_are_counted(const Report& report);

} // namespace qaic::perf
