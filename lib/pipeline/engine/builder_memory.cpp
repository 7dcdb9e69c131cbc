// SPDX-License-Identifier: BSD-3-Clause
// The Builder's other half: pools, graphs, and the stages' start.
#include "pipeline/engine/builder.hpp"
#include "pipeline/registry.hpp"
#include <algorithm>
#include <map>
#include <rte_lcore.h>

namespace pipeline {

Result<void> Builder::make_pools()
{
    // each seat: what it has in hand, what waits at its exit, what lies in its lcore's cache of the pool
    std::uint64_t items = items_ + (4 * e_->layout_.seats.size() + 4) * most_items;
    bool regroups = false;
    for (const auto& s : e_->spec_.stages)
        regroups = regroups || (stage_kind(s.kind)->flags & QAIC_PIPE_REGROUPS) != 0;
    for (const auto& q : e_->layout_.queues) items += e_->spec_.links[q.link].depth;
    if (options_.items != 0) items = options_.items;
    constexpr std::uint64_t most_items_in_flight = 1ULL << 24;
    if (items > most_items_in_flight)
        return fail(Code::E_LIMIT, "pipeline {}: its queues could hold {} items, limit {}", e_->spec_.name,
                    items, most_items_in_flight);
    const auto numa = static_cast<int>(rte_lcore_to_socket_id(e_->layout_.lcores.front()));
    const auto count = static_cast<std::uint32_t>(items);
    QAIC_TRY(e_->pool_, make_item_pool(fmt::format("qp{}_items", number_), count, room_, numa));
    // Items made inside the stream have a pool of their own: sources cannot take the last ones from a batch
    // that must get on.
    if (regroups) {
        QAIC_TRY(e_->regroup_pool_, make_item_pool(fmt::format("qp{}_groups", number_), count, room_, numa));
    }
    return {};
}

Result<void> Builder::start_stages()
{
    for (const auto& s : e_->seats_) {
        if (s->kind->start == nullptr) continue;
        char error[1024] = "";
        if (s->kind->start(s->self, error, sizeof error) != 0)
            return fail(Code::E_STATE, "{}",
                        *error != '\0' ? error : "a stage could not start and does not say why");
    }
    return {};
}

Result<void> Builder::make_graphs()
{
    std::map<unsigned, std::vector<std::pair<std::string, Seat*>>> by_lcore;
    std::map<const Seat*, std::string> names;
    const auto add = [&](Seat& s) -> Result<void> {
        QAIC_TRY(names[&s], make_node(&s, fmt::format("{}.{}", number_, s.name)));
        by_lcore[s.plan.lcore].emplace_back(names[&s], &s);
        return {};
    };
    for (const auto& s : e_->seats_) QAIC_CHECK(add(*s));
    for (const auto& s : e_->gathers_) QAIC_CHECK(add(*s));
    std::map<unsigned, std::string> ends;
    for (const auto& [lcore, nodes] : by_lcore) {
        QAIC_TRY(ends[lcore], make_node(nullptr, fmt::format("{}.lcore{}", number_, lcore)));
    }
    for (const auto& [seat, name] : names) {
        const auto* const next = called_by(*seat);
        QAIC_CHECK(add_edge(name, next != nullptr ? names.at(next) : ends.at(seat->plan.lcore)));
    }
    for (const auto& [lcore, nodes] : by_lcore) {
        auto w = std::make_unique<Worker>();
        w->lcore = lcore;
        w->cpu = nodes.front().second->plan.cpu;
        w->graph_name = fmt::format("qp{}_lcore{}", number_, lcore);
        w->orders = &e_->orders_;
        w->give_way = options_.give_way;
        for (const auto& [name, seat] : nodes) seat->moved = &w->moved;
        QAIC_CHECK(make_graph(*w, nodes, static_cast<int>(rte_lcore_to_socket_id(lcore))));
        e_->workers_.push_back(std::move(w));
    }
    return {};
}

} // namespace pipeline
