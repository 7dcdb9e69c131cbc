// SPDX-License-Identifier: BSD-3-Clause
// What runs on one lcore: the walk of its graph, round after round.
#pragma once
#include "pipeline/engine/seat.hpp"

struct rte_graph;

namespace pipeline {

struct alignas(64) Worker {
    unsigned lcore = 0, cpu = 0;
    std::string graph_name;
    std::uint16_t graph_id = UINT16_MAX;
    rte_graph* graph = nullptr;
    const Orders* orders = nullptr;
    bool give_way = false;
    std::uint64_t moved = 0; ///< items its graph's sources brought in; its own
    LiveCount busy, idle;    ///< cycles

    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();
    /// For rte_eal_remote_launch(); returns when Orders::stop is set.
    static int run(void* self);
};

/// Makes the node of a seat known to rte_graph and returns its name. nullptr: the end of a graph, which gets
/// nothing; rte_graph wants an edge out of or into each node, also of one that hands on by a queue.
Result<std::string> make_node(const Seat* seat, const std::string& unique_name);
Result<void> add_edge(const std::string& from, const std::string& to);
/// The graph of an lcore from its nodes, each of which then knows its seat.
Result<void> make_graph(Worker& worker, const std::vector<std::pair<std::string, Seat*>>& nodes, int numa);

} // namespace pipeline
