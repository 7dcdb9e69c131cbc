// SPDX-License-Identifier: BSD-3-Clause
// A pipeline as a graph: as its file says it, or as it runs. Text for graphviz, or a picture of our own. Any
// thread; needs no EAL.
#pragma once
#include "pipeline/snapshot.hpp"

namespace pipeline::draw {

/// What is drawn. All that is given must be of the same pipeline and live as long as the call.
struct GraphInput {
    const PipelineSpec& spec;
    const place::Placement* placement = nullptr; ///< shows lcores; those of `now` win
    const PipelineSnapshot* now = nullptr;       ///< shows items, drops, queues, busy share, latency
    const PipelineSnapshot* before = nullptr;    ///< rates are of the time since; nullptr: since the start
};

/// For `dot -Tsvg`.
[[nodiscard]] std::string graph_dot(const GraphInput& input);
/// Layers from sources down to sinks. At most 1600 wide; the same input gives the same bytes.
[[nodiscard]] std::string graph_svg(const GraphInput& input);

/// A rate for people: "1.25 M/s", "950 k/s", "12.3/s".
[[nodiscard]] std::string rate_words(double per_second);

} // namespace pipeline::draw
