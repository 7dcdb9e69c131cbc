// SPDX-License-Identifier: BSD-3-Clause
// The ways from one core to another that bench_pipeline compares. Each has put() for the producer and take()
// for the consumer: a burst at most, 0 when nothing moved.
#pragma once
#include "pipe_rig.hpp"
#include "pipeline/engine/walk.hpp"
#include <benchmark/benchmark.h>

namespace rig {

/// What one of the two lcores still has to move.
struct alignas(64) Side {
    std::uint64_t left = 0;
    std::uint16_t burst = 32;
};

/// DPDK's ring, one producer, one consumer.
struct BareRing {
    explicit BareRing(Recycler& r) : items(r)
    {
        ring = rte_ring_create("bench_bare", depth, SOCKET_ID_ANY,
                               RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
        need(ring != nullptr, "no ring");
    }
    BareRing(const BareRing&) = delete;
    BareRing& operator=(const BareRing&) = delete;
    ~BareRing() { rte_ring_free(ring); }
    std::uint16_t put(Side& s) noexcept
    {
        if (in == 0) items.next(burst, s.burst);
        const auto n = static_cast<std::uint16_t>(
            rte_ring_sp_enqueue_burst(ring, reinterpret_cast<void**>(burst + in), s.burst - in, nullptr));
        in = static_cast<std::uint16_t>(in + n);
        if (in == s.burst) in = 0;
        s.left -= n;
        return n;
    }
    std::uint16_t take(Side& s) noexcept
    {
        rte_mbuf* got[most_items];
        const auto n = static_cast<std::uint16_t>(
            rte_ring_sc_dequeue_burst(ring, reinterpret_cast<void**>(got), s.burst, nullptr));
        benchmark::DoNotOptimize(got);
        s.left -= n;
        return n;
    }
    [[nodiscard]] bool all_gone() const { return true; }
    Recycler& items;
    rte_ring* ring;
    alignas(64) rte_mbuf* burst[most_items] = {}; ///< the producer's
    std::uint16_t in = 0;                         ///< of the burst, in the ring already
};

/// The engine's link between two seats, as its nodes call it; with the clock read once a burst, as they do.
struct EngineLink {
    explicit EngineLink(Recycler& r) : items(r)
    {
        link =
            need(Link::make("bench_link", {"in", "out", depth, WhenFull::BLOCK, "bench"}, 1, SOCKET_ID_ANY));
        from.exit.ends.push_back(std::make_unique<LinkEnd>(*link));
        from.exit.waiting.resize(2 * most_items);
        from.gates.push_back(&from.exit);
        to.queues.push_back(link.get());
    }
    std::uint16_t put(Side& s) noexcept
    {
        const auto now = rte_rdtsc();
        if (!hot::gates_open(from, now) || s.left == 0) return 0;
        rte_mbuf* burst[most_items];
        items.next(burst, s.burst);
        hot::to_queues(from, burst, s.burst, now);
        s.left -= s.burst;
        return s.burst;
    }
    std::uint16_t take(Side& s) noexcept
    {
        rte_mbuf* got[most_items];
        std::uint64_t entered = 0;
        const auto n = hot::take(to, got, s.burst, entered);
        benchmark::DoNotOptimize(got);
        s.left -= n;
        return n;
    }
    [[nodiscard]] bool all_gone() const { return from.exit.waiting_n == 0; }
    Recycler& items;
    std::unique_ptr<Link> link;
    Seat from, to;
};

// ------------------------------------------------------------------------------------- rte_graph

inline rte_node_t node(const char* name, rte_node_process_t process, bool source, const char* next)
{
    rte_node_register r{};
    std::copy_n(name, std::strlen(name), r.name);
    r.flags = source ? RTE_NODE_SOURCE_F : 0;
    r.process = process;
    r.parent_id = RTE_NODE_ID_INVALID;
    const auto id = __rte_node_register(&r);
    need(id != RTE_NODE_ID_INVALID, "no node");
    if (next != nullptr) need(rte_node_edge_update(id, 0, &next, 1) == 1, "no edge");
    return id;
}

struct Graph {
    Graph(const char* name, std::initializer_list<const char*> nodes)
    {
        std::vector<const char*> names(nodes);
        rte_graph_param p{};
        p.socket_id = SOCKET_ID_ANY;
        p.nb_node_patterns = static_cast<std::uint16_t>(names.size());
        p.node_patterns = names.data();
        know(rte_graph_create(name, &p));
    }
    Graph(const Graph& parent, const char* name, int lcore)
    {
        rte_graph_param p{};
        know(rte_graph_clone(parent.id, name, &p));
        need(rte_graph_model_mcore_dispatch_core_bind(id, lcore) == 0, "graph is not bound");
    }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;
    ~Graph() { rte_graph_destroy(id); }
    void give(const char* node_name, void* context)
    {
        auto* const n = rte_graph_node_get_by_name(rte_graph_id_to_name(id), node_name);
        need(n != nullptr, node_name);
        n->ctx_ptr = context;
    }
    void know(rte_graph_t made)
    {
        need(made != RTE_GRAPH_ID_INVALID, "no graph");
        id = made;
        graph = rte_graph_lookup(rte_graph_id_to_name(id));
        need(graph != nullptr, "no graph");
    }
    rte_graph_t id = RTE_GRAPH_ID_INVALID;
    rte_graph* graph = nullptr;
};

/// Two graphs, one an lcore, and the engine's link between them: the engine without its accounts.
struct LinkedGraphs {
    explicit LinkedGraphs(Recycler& r) : link(r)
    {
        first.give("bench_put", this), second.give("bench_take", this);
    }
    static void register_nodes()
    {
        node(
            "bench_end", [](rte_graph*, rte_node*, void**, std::uint16_t n) { return n; }, false, nullptr);
        node(
            "bench_put",
            [](rte_graph*, rte_node* n, void**, std::uint16_t) -> std::uint16_t {
                auto& me = *static_cast<LinkedGraphs*>(n->ctx_ptr);
                return me.moved_in = me.link.put(*me.in);
            },
            true, "bench_end");
        node(
            "bench_take",
            [](rte_graph*, rte_node* n, void**, std::uint16_t) -> std::uint16_t {
                auto& me = *static_cast<LinkedGraphs*>(n->ctx_ptr);
                return me.moved_out = me.link.take(*me.out);
            },
            true, "bench_end");
    }
    std::uint16_t put(Side& s) noexcept
    {
        in = &s;
        rte_graph_walk(first.graph);
        return moved_in;
    }
    std::uint16_t take(Side& s) noexcept
    {
        out = &s;
        rte_graph_walk(second.graph);
        return moved_out;
    }
    [[nodiscard]] bool all_gone() const { return link.all_gone(); }
    EngineLink link;
    Graph first{"bench_first", {"bench_put"}}, second{"bench_second", {"bench_take"}};
    alignas(64) Side* in = nullptr;
    std::uint16_t moved_in = 0;
    alignas(64) Side* out = nullptr;
    std::uint16_t moved_out = 0;
};

/// rte_graph's own way: one graph, cloned for each lcore; streams of nodes that belong to the other one are
/// copied into its work queue. When that has no room the producer's lcore runs the sink itself, unless
/// `holds`: then the source waits, for which it must look into the library's pool.
struct Dispatch {
    Dispatch(Recycler& r, bool h) : items(r), holds(h)
    {
        rte_graph_worker_model_set(RTE_GRAPH_MODEL_MCORE_DISPATCH); // of all graphs there are: clones inherit
        first = std::make_unique<Graph>(parent, "1", 1);
        second = std::make_unique<Graph>(parent, "2", 2);
        first->give("bench_source", this), second->give("bench_source", this);
        first->give("bench_sink", &here), second->give("bench_sink", &there);
        need(first->graph->model == RTE_GRAPH_MODEL_MCORE_DISPATCH, "not the dispatch model");
    }
    static void register_nodes()
    {
        node(
            "bench_sink",
            [](rte_graph*, rte_node* n, void** got, std::uint16_t count) {
                benchmark::DoNotOptimize(got);
                static_cast<Seen*>(n->ctx_ptr)->items += count;
                return count;
            },
            false, nullptr);
        node(
            "bench_source",
            [](rte_graph* g, rte_node* n, void**, std::uint16_t) {
                return static_cast<Dispatch*>(n->ctx_ptr)->fill(g, n);
            },
            true, "bench_sink");
        need(rte_graph_model_mcore_dispatch_node_lcore_affinity_set("bench_source", 1) == 0, "no affinity");
        need(rte_graph_model_mcore_dispatch_node_lcore_affinity_set("bench_sink", 2) == 0, "no affinity");
    }
    std::uint16_t fill(rte_graph* g, rte_node* n) noexcept
    {
        moved_in = 0;
        if (in->left == 0 || (holds && rte_mempool_avail_count(second->graph->dispatch.mp) == 0)) return 0;
        auto** const to = rte_node_next_stream_get(g, n, 0, in->burst);
        items.next(reinterpret_cast<rte_mbuf**>(to), in->burst);
        rte_node_next_stream_put(g, n, 0, in->burst);
        in->left -= in->burst;
        return moved_in = in->burst;
    }
    std::uint16_t put(Side& s) noexcept
    {
        in = &s;
        const auto before = here.items;
        rte_graph_walk(first->graph);
        if (s.left == 0) ended.store(here.items, std::memory_order_release);
        return static_cast<std::uint16_t>(moved_in + (here.items - before));
    }
    std::uint16_t take(Side& s) noexcept
    {
        const auto before = there.items;
        rte_graph_walk(second->graph);
        const auto n = there.items - before;
        s.left -= n;
        // what never came over has been seen by the producer
        if (n == 0 && s.left != 0 && ended.load(std::memory_order_acquire) == s.left) s.left = 0;
        return static_cast<std::uint16_t>(std::min<std::uint64_t>(n, UINT16_MAX));
    }
    [[nodiscard]] bool all_gone() const { return true; }
    struct alignas(64) Seen {
        std::uint64_t items = 0;
    };
    Recycler& items;
    const bool holds;
    Graph parent{"bench_dispatch", {"bench_source"}};
    std::unique_ptr<Graph> first, second;
    Seen here, there; ///< by the sink on the wrong and on the right lcore
    alignas(64) std::atomic<std::uint64_t> ended{UINT64_MAX};
    alignas(64) Side* in = nullptr;
    std::uint16_t moved_in = 0;
};

} // namespace rig
