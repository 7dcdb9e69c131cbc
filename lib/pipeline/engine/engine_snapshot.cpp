// SPDX-License-Identifier: BSD-3-Clause
// What a running engine shows: relaxed reads of what its lcores count.
#include "pipeline/engine/engine.hpp"
#include <algorithm>
#include <array>

namespace pipeline {

namespace {

Percentiles percentiles_of(const stats::Histogram& h, std::uint64_t highest)
{
    const double us = 1e6 / static_cast<double>(rte_get_tsc_hz());
    const auto at = [&](double q) { return static_cast<double>(std::min(h.quantile(q), highest)) * us; };
    return {h.count(), at(0.5), at(0.99), at(0.999), static_cast<double>(highest) * us};
}

Percentiles percentiles_of(const LiveHistogram& live)
{
    auto h = std::make_unique<stats::Histogram>();
    live.copy_to(*h);
    return percentiles_of(*h, live.highest());
}

/// Reasons that can happen at this seat, and its kind's own.
std::vector<Count> drops_of(const Seat& s)
{
    std::vector<Count> out;
    for (std::size_t r = 0; r < OWN_REASONS; ++r)
        out.push_back({std::string(shared_reasons[r]), s.dropped[r].get()});
    for (std::size_t r = 0; r < QAIC_PIPE_MOST_REASONS; ++r) {
        if (s.kind->drop_reasons == nullptr || s.kind->drop_reasons[r] == nullptr) break;
        out.push_back({s.kind->drop_reasons[r], s.dropped[OWN_REASONS + r].get()});
    }
    return out;
}

std::vector<Count> counts_of(const Seat& s)
{
    std::vector<Count> out;
    if (s.kind->counts == nullptr) return out;
    std::array<qaic_pipe_count, 64> counts;
    const auto n = s.kind->counts(s.self, counts.data(), static_cast<std::uint32_t>(counts.size()));
    for (std::size_t i = 0; i < std::min<std::size_t>(n, counts.size()); ++i)
        out.push_back({counts[i].name, counts[i].value});
    return out;
}

StageSnapshot stage_of(const Seat& s, const PipelineSpec& spec)
{
    const auto& stage = spec.stages[s.plan.stage];
    StageSnapshot out;
    out.name = stage.name, out.kind = stage.kind;
    out.replica = s.plan.replica, out.lcore = s.plan.lcore, out.cpu = s.plan.cpu;
    out.in = s.in.get(), out.out = s.out.get();
    out.dropped = drops_of(s);
    out.held = s.held.load(std::memory_order_relaxed);
    out.busy_cycles = s.busy.get(), out.bursts = s.bursts.get();
    out.latency = percentiles_of(s.latency);
    out.counts = counts_of(s);
    return out;
}

/// What is lost behind replicas that were put into order is shown with the first of them.
void add_drops(const Seat& gather, const PipelineSpec& spec, PipelineSnapshot& out)
{
    const auto& name = spec.stages[gather.plan.stage].name;
    for (auto& s : out.stages)
        if (s.name == name && s.replica == 0)
            for (std::size_t r = 0; r < OWN_REASONS; ++r) s.dropped[r].value += gather.dropped[r].get();
}

void add_ends(const Seat& s, const Link& link, LinkSnapshot& out)
{
    for (const auto& end : s.exit.ends) {
        if (&end->link != &link) continue;
        out.moved += end->moved.get();
        out.bursts += end->bursts.get();
        out.full_bursts += end->full_bursts.get();
        out.dropped += end->dropped.get();
        out.high_water = std::max(out.high_water, static_cast<std::uint32_t>(end->high_water.get()));
    }
}

} // namespace

PipelineSnapshot Engine::snapshot() const
{
    PipelineSnapshot out;
    out.name = spec_.name;
    out.tsc_hz = static_cast<double>(rte_get_tsc_hz());
    const auto now = running_ || stopped_tsc_ == 0 ? rte_rdtsc() : stopped_tsc_;
    out.seconds = started_tsc_ == 0 ? 0 : static_cast<double>(now - started_tsc_) / out.tsc_hz;
    out.ledger = ledger();
    auto all = std::make_unique<stats::Histogram>();
    std::uint64_t highest = 0;
    for (const auto& s : seats_) {
        out.stages.push_back(stage_of(*s, spec_));
        s->end_to_end.copy_to(*all);
        highest = std::max(highest, s->end_to_end.highest());
    }
    for (const auto& g : gathers_) add_drops(*g, spec_, out);
    out.end_to_end = percentiles_of(*all, highest);
    for (std::size_t i = 0; i < links_.size(); ++i) {
        const auto& l = *links_[i];
        LinkSnapshot link{l.spec.from,
                          l.spec.to,
                          seats_[link_seats_[i]]->plan.replica,
                          l.spec.when_full,
                          l.spec.depth,
                          l.waiting(),
                          0,
                          0,
                          0,
                          0,
                          0};
        for (const auto& s : seats_) add_ends(*s, l, link);
        for (const auto& s : gathers_) add_ends(*s, l, link);
        out.links.push_back(std::move(link));
    }
    for (const auto& w : workers_) out.lcores.push_back({w->lcore, w->cpu, w->busy.get(), w->idle.get()});
    return out;
}

} // namespace pipeline
