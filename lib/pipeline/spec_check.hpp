// SPDX-License-Identifier: BSD-3-Clause
// What the parts of a pipeline have to do with each other.
#pragma once
#include "pipeline/spec.hpp"

namespace pipeline {

/// Kinds, options, links, circles; then brings stages into an order in which each comes behind what it takes
/// from, and tells each wish whom the stage is linked to. E_FORMAT as parse_pipeline().
Result<void> check_pipeline(PipelineSpec& p, const std::string& file, std::span<const Kind> kinds);

} // namespace pipeline
