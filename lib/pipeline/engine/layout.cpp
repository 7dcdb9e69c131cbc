// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/engine/layout.hpp"
#include <algorithm>

namespace pipeline {

namespace {

class Planner {
  public:
    Planner(const PipelineSpec& p, const place::Placement& placement, const std::vector<StageTraits>& traits)
        : p_(p), placement_(placement), traits_(traits)
    {}

    Result<Layout> plan()
    {
        next_.resize(p_.stages.size());
        for (const auto& l : p_.links) next_[index_of(l.from)] = index_of(l.to);
        take_seats();
        for (std::size_t s = 0; s < p_.stages.size(); ++s) QAIC_CHECK(check_order(s));
        for (std::size_t s = 0; s < p_.stages.size(); ++s)
            if (is_ordered(s)) out_.gathers.push_back({s, gather_lcore(s), HandOver::QUEUES});
        // stages stand in the order of the stream: what comes before is settled first
        for (std::size_t s = 0; s < p_.stages.size(); ++s) settle(s);
        make_queues();
        return std::move(out_);
    }

  private:
    [[nodiscard]] std::size_t index_of(const std::string& name) const
    {
        return static_cast<std::size_t>(p_.stage(name) - p_.stages.data());
    }
    void take_seats()
    {
        for (std::size_t s = 0; s < p_.stages.size(); ++s)
            for (const auto& c : placement_.choices)
                if (c.stage == p_.stages[s].name)
                    out_.seats.push_back({s, c.replica, c.lcore, c.cpu, false, HandOver::END});
        for (const auto& seat : out_.seats) out_.lcores.push_back(seat.lcore);
        std::sort(out_.lcores.begin(), out_.lcores.end());
        out_.lcores.erase(std::unique(out_.lcores.begin(), out_.lcores.end()), out_.lcores.end());
    }
    [[nodiscard]] bool is_ordered(std::size_t s) const
    {
        const auto& spec = p_.stages[s];
        return spec.replicas > 1 && spec.ordered && !traits_[s].is_source && !traits_[s].is_sink;
    }
    /// Items are numbered where they enter an ordered stage: by one thread, and each keeps its number.
    [[nodiscard]] Result<void> check_order(std::size_t s) const
    {
        if (!is_ordered(s)) return {};
        const auto& spec = p_.stages[s];
        if (traits_[s].regroups)
            return fail(Code::E_UNSUPP,
                        "{}: stage {}: replicas of {} give other items back than they took and cannot "
                        "restore an order: set ordered = false, or replicas = 1",
                        spec.place, spec.name, spec.kind);
        std::size_t from = 0;
        for (const auto& l : p_.links)
            if (l.to == spec.name) from += is_ordered(index_of(l.from)) ? 1 : p_.stage(l.from)->replicas;
        if (from != 1)
            return fail(
                Code::E_UNSUPP,
                "{}: stage {} gets items from {} places and has no one order to restore: set ordered = "
                "false",
                spec.place, spec.name, from);
        return {};
    }
    [[nodiscard]] unsigned first_lcore(std::size_t s) const
    {
        return out_.seats[out_.seats_of(s).front()].lcore;
    }
    /// Where the next stage is, when that is one place; else with the first replica.
    [[nodiscard]] unsigned gather_lcore(std::size_t s) const
    {
        return first_lcore(p_.stages[*next_[s]].replicas == 1 ? *next_[s] : s);
    }
    /// The lcores that items of `s` come from, as the next stage sees it.
    [[nodiscard]] std::vector<unsigned> exits(std::size_t s) const
    {
        if (const auto* g = out_.gather_of(s)) return {g->lcore};
        std::vector<unsigned> out;
        for (const auto i : out_.seats_of(s)) out.push_back(out_.seats[i].lcore);
        return out;
    }
    [[nodiscard]] bool can_be_called(std::size_t s) const
    {
        if (p_.stages[s].replicas != 1 || traits_[s].keeps || traits_[s].is_source) return false;
        if (p_.stages[s].batch_wait.count() != 0 && !traits_[s].regroups) return false; // it waits at a queue
        const auto here = first_lcore(s);
        return std::all_of(p_.links.begin(), p_.links.end(), [&](const LinkSpec& l) {
            if (l.to != p_.stages[s].name) return true;
            const auto from = exits(index_of(l.from));
            return std::all_of(from.begin(), from.end(), [&](unsigned lcore) { return lcore == here; });
        });
    }
    void settle(std::size_t s)
    {
        for (const auto i : out_.seats_of(s)) {
            auto& seat = out_.seats[i];
            seat.called = can_be_called(s);
            if (next_[s])
                seat.to = is_ordered(s)              ? HandOver::ORDER
                          : can_be_called(*next_[s]) ? HandOver::CALL
                                                     : HandOver::QUEUES;
        }
        for (auto& g : out_.gathers)
            if (g.stage == s && can_be_called(*next_[s])) g.to = HandOver::CALL;
    }
    void make_queues()
    {
        for (std::size_t l = 0; l < p_.links.size(); ++l)
            for (const auto i : out_.seats_of(index_of(p_.links[l].to)))
                if (!out_.seats[i].called)
                    out_.queues.push_back(
                        {l, i, static_cast<unsigned>(exits(index_of(p_.links[l].from)).size())});
    }

    const PipelineSpec& p_;
    const place::Placement& placement_;
    const std::vector<StageTraits>& traits_;
    std::vector<std::optional<std::size_t>> next_;
    Layout out_;
};

} // namespace

std::vector<std::size_t> Layout::seats_of(std::size_t stage) const
{
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < seats.size(); ++i)
        if (seats[i].stage == stage) out.push_back(i);
    return out;
}

const GatherPlan* Layout::gather_of(std::size_t stage) const
{
    const auto at =
        std::find_if(gathers.begin(), gathers.end(), [&](const auto& g) { return g.stage == stage; });
    return at != gathers.end() ? &*at : nullptr;
}

Result<Layout> lay_out(const PipelineSpec& p, const place::Placement& placement,
                       const std::vector<StageTraits>& traits)
{
    return Planner(p, placement, traits).plan();
}

} // namespace pipeline
