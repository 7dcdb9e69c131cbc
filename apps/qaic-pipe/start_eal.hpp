// SPDX-License-Identifier: BSD-3-Clause
// EAL for a pipeline that has its CPUs.
#pragma once
#include "eal_setup.hpp"
#include "options.hpp"
#include "pipeline/spec.hpp"

namespace qaic_pipe {
using namespace qaic;

/// Those of the options; without any, an emulated card for a pipeline with a stage that infers.
std::vector<std::string> devices_of(const RunOptions& options, const pipeline::PipelineSpec& spec);
/// With the lcores of the placement; what the user put behind "--" wins. Its notes go to stderr.
Result<eal::Eal> start_eal(const RunOptions& options, const std::vector<std::string>& devices,
                           const place::Placement& placement);

} // namespace qaic_pipe
