// SPDX-License-Identifier: BSD-3-Clause
// Pipelines as OpenMetrics 1.0 text, the way Prometheus scrapes it.
#pragma once
#include "pipeline/snapshot.hpp"
#include <span>

namespace pipeline::metrics {

inline constexpr const char* content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The whole exposition, "# EOF" and all. The pipelines' names must differ. Control threads.
[[nodiscard]] std::string openmetrics(std::span<const PipelineSnapshot> pipelines);

} // namespace pipeline::metrics
