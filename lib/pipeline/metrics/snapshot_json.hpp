// SPDX-License-Identifier: BSD-3-Clause
// A snapshot as JSON, for `qaic-pipe run --json`: every number of it under the name it has there.
#pragma once
#include "pipeline/snapshot.hpp"
#include <nlohmann/json.hpp>

namespace pipeline::metrics {

/// Latencies in microseconds, null without samples; names are UTF-8. Control threads.
[[nodiscard]] nlohmann::json snapshot_json(const PipelineSnapshot& snapshot);

} // namespace pipeline::metrics
