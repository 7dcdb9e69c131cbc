// SPDX-License-Identifier: BSD-3-Clause
// Pipelines over EAL's telemetry socket: /qaic/pipe/list, stages, links, lcores and ledger. The commands are
// there as soon as this is linked. Answers are made in telemetry threads; an error is answered as {"error":
// "E_INVAL: ..."}.
#pragma once
#include "base/result.hpp"
#include "pipeline/snapshot.hpp"
#include <functional>

namespace pipeline::metrics {
using namespace qaic;

/// Called in telemetry threads, one at a time; must not add or remove pipelines.
using TakeSnapshot = std::function<PipelineSnapshot()>;

/// Shows a pipeline by that name until it is removed. E_INVAL: there is one by that name, or the name is none
/// that a pipeline's file may have. Control threads, any.
Result<void> show_in_telemetry(const std::string& name, TakeSnapshot take);
/// After it `take` is not called again: waits for a call that runs. No pipeline by that name: nothing
/// happens.
void hide_in_telemetry(std::string_view name);

} // namespace pipeline::metrics
