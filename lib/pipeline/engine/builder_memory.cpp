// SPDX-License-Identifier: BSD-3-Clause
// The Builder's other half: pools, graphs, and the stages' start.
#include "pipeline/engine/builder.hpp"
#include <algorithm>
#include <map>
#include <rte_lcore.h>

namespace pipeline {

Result<void> Builder::make_pools()
{
    std::uint64_t room = 0;
    std::uint64_t items = 4ULL * most_items;
    bool regroups = false;
    std::map<std::size_t, std::uint64_t> rooms; // replicas of a stage need no more than one of them
    for (const auto& s : e_->seats_) {
        if (s->kind->room != nullptr) rooms[s->plan.stage] = s->kind->room(s->self);
        if (s->kind->ready != nullptr) items += s->kind->ready(s->self);
        items += 2ULL * most_items + s->exit.waiting.size();
        regroups = regroups || (s->kind->flags & QAIC_PIPE_REGROUPS) != 0;
    }
    for (const auto& [stage, bytes] : rooms) room += bytes + 64;
    for (const auto& l : e_->links_) items += l->spec.depth;
    if (options_.items != 0) items = options_.items;
    constexpr std::uint64_t most_items_in_flight = 1ULL << 24;
    if (items > most_items_in_flight)
        return fail(Code::E_LIMIT, "pipeline {}: its queues could hold {} items, limit {}", e_->spec_.name,
                    items, most_items_in_flight);
    const auto numa = static_cast<int>(rte_lcore_to_socket_id(e_->layout_.lcores.front()));
    const auto count = static_cast<std::uint32_t>(items);
    QAIC_TRY(e_->pool_, make_item_pool(fmt::format("qp{}_items", number_), count, room, numa));
    // Items made inside the stream have a pool of their own: sources cannot take the last ones from a batch
    // that must get on.
    if (regroups) {
        QAIC_TRY(e_->regroup_pool_, make_item_pool(fmt::format("qp{}_groups", number_), count, room, numa));
    }
    return {};
}

Result<void> Builder::start_stages()
{
    for (const auto& s : e_->seats_) {
        if (s->kind->start == nullptr) continue;
        char error[1024] = "";
        auto* const pool = s->kind->role == QAIC_PIPE_SOURCE || !e_->regroup_pool_ ? e_->pool_.get()
                                                                                   : e_->regroup_pool_.get();
        if (s->kind->start(s->self, pool, error, sizeof error) != 0)
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
