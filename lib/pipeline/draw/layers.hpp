// SPDX-License-Identifier: BSD-3-Clause
// Where the boxes of an acyclic graph go: layers from the sources down, few crossings, long arrows round the
// boxes between. Any thread.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace pipeline::draw {

struct Layers {
    /// What lies in a layer, from the left: a node's number, or, at nodes and above, a place where an arrow
    /// passes.
    std::vector<std::vector<std::size_t>> rows;
    /// For each edge what it goes through: its start, places of passage, its end.
    std::vector<std::vector<std::size_t>> paths;
    std::size_t points = 0; ///< nodes and places of passage
};

/// Nodes come numbered so that each edge goes to a higher number. A node's layer is its longest way from a
/// source.
[[nodiscard]] Layers layers_of(std::size_t nodes,
                               const std::vector<std::pair<std::size_t, std::size_t>>& edges);

} // namespace pipeline::draw
