// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/engine/builder.hpp"
#include "pipeline/create.hpp"
#include <algorithm>
#include <rte_lcore.h>

namespace pipeline {

namespace {

unsigned next_number()
{
    static std::atomic<unsigned> made{0};
    return made++;
}

} // namespace

Builder::Builder(const PipelineSpec& spec, const place::Placement& placement, const EngineOptions& options)
    : placement_(placement), options_(options), e_(new Engine), number_(next_number())
{
    e_->spec_ = spec;
}

Result<std::unique_ptr<Engine>> Builder::build()
{
    std::vector<StageTraits> traits;
    for (const auto& s : e_->spec_.stages) {
        const auto* const kind = stage_kind(s.kind);
        if (kind == nullptr) return fail(Code::E_INVAL, "{}: no kind \"{}\"", s.place, s.kind);
        traits.push_back({kind->role == QAIC_PIPE_SOURCE, kind->role == QAIC_PIPE_SINK, kind->poll != nullptr,
                          (kind->flags & QAIC_PIPE_REGROUPS) != 0});
    }
    QAIC_TRY(e_->layout_, lay_out(e_->spec_, placement_, traits));
    for (const auto lcore : e_->layout_.lcores)
        if (rte_lcore_is_enabled(lcore) == 0)
            return fail(Code::E_STATE, "lcore {} is not EAL's; start it with --lcores '{}'", lcore,
                        placement_.lcores);
    QAIC_CHECK(measure());
    QAIC_CHECK(make_pools());
    QAIC_CHECK(make_seats());
    make_gathers();
    QAIC_CHECK(make_links());
    join();
    QAIC_CHECK(make_graphs());
    QAIC_CHECK(start_stages());
    return std::move(e_);
}

Result<void*> Builder::create(const SeatPlan& plan, rte_mempool* pool)
{
    return create_stage(e_->spec_.stages[plan.stage],
                        {options_.folder, plan.replica, rte_get_tsc_hz(),
                         static_cast<int>(rte_lcore_to_socket_id(plan.lcore)), pool});
}

Result<void> Builder::measure()
{
    std::size_t measured = e_->spec_.stages.size();
    for (const auto& plan : e_->layout_.seats) {
        const auto& kind = *stage_kind(e_->spec_.stages[plan.stage].kind);
        QAIC_TRY(auto* const self, create(plan, nullptr));
        // an item passes one of a stage's replicas
        if (kind.room != nullptr && plan.stage != measured) room_ += kind.room(self) + 64;
        if (kind.ready != nullptr) items_ += kind.ready(self);
        measured = plan.stage;
        kind.destroy(self);
    }
    return {};
}

Result<void> Builder::make_seats()
{
    for (const auto& plan : e_->layout_.seats) {
        const auto& spec = e_->spec_.stages[plan.stage];
        auto seat = std::make_unique<Seat>();
        seat->kind = stage_kind(spec.kind);
        const bool regroups = (seat->kind->flags & QAIC_PIPE_REGROUPS) != 0;
        QAIC_TRY(seat->self, create(plan, regroups ? e_->regroup_pool_.get() : e_->pool_.get()));
        seat->plan = plan;
        seat->name = spec.replicas == 1 ? spec.name : fmt::format("{}.{}", spec.name, plan.replica);
        seat->to = plan.to;
        seat->batch = static_cast<std::uint16_t>(std::min<std::uint32_t>(spec.batch, most_items));
        seat->batch_wait = regroups ? 0 : ticks_of(spec.batch_wait, rte_get_tsc_hz());
        seat->deadline = ticks_of(spec.deadline, rte_get_tsc_hz());
        seat->source_number = static_cast<std::uint16_t>(e_->seats_.size());
        seat->orders = &e_->orders_;
        seat->fail_flag = &e_->orders_.failed;
        e_->seats_.push_back(std::move(seat));
    }
    return {};
}

void Builder::make_gathers()
{
    for (const auto& g : e_->layout_.gathers) {
        auto seat = std::make_unique<Seat>();
        seat->gathers = true;
        seat->kind = stage_kind(e_->spec_.stages[g.stage].kind);
        seat->plan = {g.stage, 0, g.lcore, 0, false, g.to};
        seat->name = e_->spec_.stages[g.stage].name + ".order";
        seat->to = g.to;
        seat->orders = &e_->orders_;
        seat->fail_flag = &e_->orders_.failed;
        e_->gathers_.push_back(std::move(seat));
    }
}

Result<void> Builder::make_links()
{
    for (const auto& q : e_->layout_.queues) {
        auto& to = *e_->seats_[q.seat];
        QAIC_TRY(auto link,
                 Link::make(fmt::format("qp{}_{}", number_, e_->links_.size()), e_->spec_.links[q.link],
                            q.producers, static_cast<int>(rte_lcore_to_socket_id(to.plan.lcore))));
        to.queues.push_back(link.get());
        e_->links_.push_back(std::move(link));
        e_->link_seats_.push_back(q.seat);
    }
    return {};
}

std::size_t Builder::stage_after(std::size_t stage) const
{
    const auto& s = e_->spec_;
    for (const auto& l : s.links)
        if (l.from == s.stages[stage].name) return static_cast<std::size_t>(s.stage(l.to) - s.stages.data());
    return s.stages.size();
}

std::size_t Builder::window_of(std::size_t stage) const
{
    const auto& g = e_->layout_.gathers;
    return static_cast<std::size_t>(
        std::find_if(g.begin(), g.end(), [&](const auto& x) { return x.stage == stage; }) - g.begin());
}

Seat* Builder::called_by(const Seat& seat)
{
    if (seat.to != HandOver::CALL) return nullptr;
    return e_->seats_[e_->layout_.seats_of(stage_after(seat.plan.stage)).front()].get();
}

void Builder::join_exit(Seat& seat, std::size_t stage)
{
    const auto next = stage_after(stage);
    for (std::size_t i = 0; i < e_->links_.size(); ++i) {
        const auto& link = *e_->links_[i];
        if (link.spec.from != e_->spec_.stages[stage].name) continue;
        seat.exit.ends.push_back(std::make_unique<LinkEnd>(*e_->links_[i]));
        seat.exit.when_full = link.spec.when_full;
    }
    if (e_->layout_.gather_of(next) != nullptr) seat.exit.numbers = e_->windows_[window_of(next)].get();
}

void Builder::join()
{
    constexpr std::uint32_t keeps_at_most = 4096; // of items a replica holds itself, as cards do
    for (const auto& g : e_->layout_.gathers) {
        std::uint32_t size = 0;
        for (const auto i : e_->layout_.seats_of(g.stage))
            for (const auto* q : e_->seats_[i]->queues) size += q->spec.depth + keeps_at_most;
        e_->windows_.push_back(std::make_unique<OrderWindow>(std::bit_ceil(size)));
    }
    std::vector<Seat*> all;
    for (const auto& s : e_->seats_) all.push_back(s.get());
    for (const auto& s : e_->gathers_) all.push_back(s.get());
    for (auto* s : all) {
        if (s->to == HandOver::QUEUES) join_exit(*s, s->plan.stage);
        if (s->gathers || s->to == HandOver::ORDER)
            s->into_order = e_->windows_[window_of(s->plan.stage)].get();
    }
    for (auto* s : all) {
        if (s->plan.called) continue;
        const Seat* last = s;
        while (const auto* next = called_by(*last)) last = next;
        if (last->to != HandOver::QUEUES) continue;
        auto& x = const_cast<Seat*>(last)->exit;
        s->gates.push_back(&x);
        // a round of each that can reach it, and both halves of one that keeps items
        x.waiting.resize(x.waiting.size() + 2 * std::size_t{most_items});
    }
}

} // namespace pipeline
