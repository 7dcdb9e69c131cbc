// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/engine/worker.hpp"
#include "pipeline/engine/walk.hpp"
#include <rte_errno.h>
#include <sched.h>

namespace pipeline {

namespace {

enum class NodeKind { SOURCE, QUEUED, KEEPING, GATHER, CALLED, END };

/// rte_graph clones nodes from these; they are never part of a graph themselves.
rte_node_t prototype(NodeKind kind)
{
    struct Form {
        const char* name;
        rte_node_process_t process;
    };
    static constexpr Form forms[] = {
        {"qaic_source",
         [](rte_graph* g, rte_node* n, void** o, std::uint16_t k) { return hot::source(g, n, o, k); }},
        {"qaic_queued",
         [](rte_graph* g, rte_node* n, void** o, std::uint16_t k) { return hot::queued(g, n, o, k); }},
        {"qaic_keeping",
         [](rte_graph* g, rte_node* n, void** o, std::uint16_t k) { return hot::keeping(g, n, o, k); }},
        {"qaic_gather",
         [](rte_graph* g, rte_node* n, void** o, std::uint16_t k) { return hot::gather(g, n, o, k); }},
        {"qaic_called",
         [](rte_graph* g, rte_node* n, void** o, std::uint16_t k) { return hot::called(g, n, o, k); }},
        {"qaic_end", [](rte_graph*, rte_node*, void**, std::uint16_t n) -> std::uint16_t { return n; }},
    };
    const auto& form = forms[static_cast<std::size_t>(kind)];
    const auto known = rte_node_from_name(form.name);
    if (known != RTE_NODE_ID_INVALID) return known;
    rte_node_register r{};
    std::copy_n(form.name, std::strlen(form.name), r.name);
    r.flags = kind == NodeKind::CALLED || kind == NodeKind::END ? 0 : RTE_NODE_SOURCE_F;
    r.process = form.process;
    r.parent_id = RTE_NODE_ID_INVALID;
    return __rte_node_register(&r);
}

NodeKind kind_of(const Seat& s)
{
    if (s.gathers) return NodeKind::GATHER;
    if (s.kind->role == QAIC_PIPE_SOURCE) return NodeKind::SOURCE;
    if (s.kind->poll != nullptr) return NodeKind::KEEPING;
    return s.plan.called ? NodeKind::CALLED : NodeKind::QUEUED;
}

} // namespace

Result<std::string> make_node(const Seat* seat, const std::string& unique_name)
{
    const auto kind = seat != nullptr ? kind_of(*seat) : NodeKind::END;
    const auto id = rte_node_clone(prototype(kind), unique_name.c_str());
    if (id == RTE_NODE_ID_INVALID)
        return fail(Code::E_STATE, "rte_graph makes no node {}: {}", unique_name, rte_strerror(rte_errno));
    return std::string(rte_node_id_to_name(id));
}

Result<void> add_edge(const std::string& from, const std::string& to)
{
    const char* next[] = {to.c_str()};
    if (rte_node_edge_update(rte_node_from_name(from.c_str()), 0, next, 1) == 1) return {};
    return fail(Code::E_STATE, "rte_graph takes no edge from {} to {}: {}", from, to,
                rte_strerror(rte_errno));
}

Result<void> make_graph(Worker& w, const std::vector<std::pair<std::string, Seat*>>& nodes, int numa)
{
    std::vector<const char*> names;
    names.reserve(nodes.size());
    for (const auto& [name, seat] : nodes) names.push_back(name.c_str());
    if (names.size() > UINT16_MAX) return fail(Code::E_LIMIT, "{} nodes on lcore {}", names.size(), w.lcore);
    rte_graph_param param{};
    param.socket_id = numa;
    param.nb_node_patterns = static_cast<std::uint16_t>(names.size());
    param.node_patterns = names.data();
    w.graph_id = rte_graph_create(w.graph_name.c_str(), &param);
    if (w.graph_id == RTE_GRAPH_ID_INVALID)
        return fail(Code::E_STATE, "rte_graph makes no graph for lcore {} with {} stages: {}", w.lcore,
                    names.size(), rte_strerror(rte_errno));
    w.graph = rte_graph_lookup(w.graph_name.c_str());
    for (const auto& [name, seat] : nodes) {
        auto* const node = rte_graph_node_get_by_name(w.graph_name.c_str(), name.c_str());
        if (node == nullptr) return fail(Code::E_STATE, "rte_graph has lost the node {}", name);
        node->ctx_ptr = seat;
    }
    return {};
}

Worker::~Worker()
{
    if (graph_id != RTE_GRAPH_ID_INVALID) rte_graph_destroy(graph_id);
}

int Worker::run(void* self)
{
    auto& w = *static_cast<Worker*>(self);
    unsigned idle_rounds = 0;
    auto before = rte_rdtsc();
    while (!w.orders->stop.load(std::memory_order_relaxed)) {
        const auto moved = w.moved;
        rte_graph_walk(w.graph);
        const auto now = rte_rdtsc();
        if (w.moved != moved) {
            w.busy.add(now - before);
            idle_rounds = 0;
        } else {
            w.idle.add(now - before);
            // a sibling thread may have the core's units, and where CPUs are short others the CPU
            rte_pause();
            if (w.give_way && ++idle_rounds > 16) sched_yield();
        }
        before = now;
    }
    return 0;
}

} // namespace pipeline
