// SPDX-License-Identifier: BSD-3-Clause
// What is written in the boxes and on the arrows of a graph, the same for text and picture. Any thread.
#pragma once
#include "pipeline/draw/graph.hpp"

namespace pipeline::draw {

struct GraphNode {
    std::string name;
    std::vector<std::string> lines; ///< below the name
    double busy = -1;               ///< share of its lcores' time; below 0: not known
    bool drops = false;
};

struct GraphEdge {
    std::size_t from = 0, to = 0; ///< nodes
    std::vector<std::string> lines;
    bool drops = false;
    double fullest = 0; ///< high-water mark over depth
};

struct Graph {
    std::vector<GraphNode> nodes; ///< as the spec has its stages
    std::vector<GraphEdge> edges; ///< as it has its links
    std::string title;
    std::vector<std::string> lines; ///< of the whole: time, ledger, end to end
};

[[nodiscard]] Graph graph_of(const GraphInput& input);

} // namespace pipeline::draw
