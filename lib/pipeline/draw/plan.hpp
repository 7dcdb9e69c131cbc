// SPDX-License-Identifier: BSD-3-Clause
// A placement for people: text and picture. Needs no EAL and runs nothing. Any thread.
#pragma once
#include "pipeline/spec.hpp"

namespace pipeline::draw {

/// A line a copy of a stage (lcore, CPU, core, L3, node, the sentence why), then warnings, then EAL's option.
/// `placement`: of these stages on this host.
[[nodiscard]] std::string plan_text(const PipelineSpec& spec, const place::Host& host,
                                    const place::Placement& placement);

/// The host (packages, NUMA nodes, L3, cores, CPUs, cards) with the stages on their CPUs and the links as
/// arrows. Hosts of more than 16 CPUs show idle cores as a number. At most 1600 wide; the same input gives
/// the same bytes.
[[nodiscard]] std::string plan_svg(const PipelineSpec& spec, const place::Host& host,
                                   const place::Placement& placement);

} // namespace pipeline::draw
