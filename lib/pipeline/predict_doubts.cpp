// SPDX-License-Identifier: BSD-3-Clause
// What is likely wrong with a pipeline, whatever its rates are.
#include "pipeline/predict.hpp"
#include <algorithm>
#include <fmt/ranges.h>

namespace pipeline {

namespace {

using Texts = std::vector<std::string>;

double us(Nanos t) { return static_cast<double>(t.count()) / 1e3; }

void short_links(const PipelineSpec& spec, Texts& out)
{
    for (const auto& l : spec.links) {
        const auto* const to = spec.stage(l.to);
        if (l.depth <= 1)
            out.push_back(fmt::format(
                "link {} -> {} has depth 1: both ends wait for each other at every item", l.from, l.to));
        else if (to != nullptr && l.depth < to->batch)
            out.push_back(
                fmt::format("link {} -> {} holds {} items, and {} takes {} at once: depth {} would do",
                            l.from, l.to, l.depth, l.to, to->batch, std::max(64U, 2 * to->batch)));
    }
}

void shallow_cards(const Costs& costs, Texts& out)
{
    for (const auto& c : costs.cards)
        if (c.depth == 1)
            out.push_back(
                fmt::format("stage {} has one item in flight on {}: the card idles while it is fetched and "
                            "brought",
                            c.stage, c.card));
}

/// The longest time that an item may have waited for batches and a card when it has gone through each stage.
std::map<std::string, double> waits_of(const PipelineSpec& spec, const Costs& costs)
{
    std::map<std::string, double> out;
    for (const auto& s : spec.stages) {
        double before = 0, card = 0;
        for (const auto& l : spec.links)
            if (l.to == s.name) before = std::max(before, out[l.from]);
        for (const auto& c : costs.cards)
            if (c.stage == s.name) card = std::max(card, c.latency_us);
        out[s.name] = before + us(s.batch_wait) + card;
    }
    return out;
}

void late(const PipelineSpec& spec, const Costs& costs, Texts& out)
{
    const auto waits = waits_of(spec, costs);
    for (const auto& s : spec.stages) {
        if (s.deadline.count() == 0) continue;
        if (s.batch_wait > s.deadline)
            out.push_back(fmt::format("stage {}: batch_wait_us {:.0f} is longer than its deadline_us {:.0f}",
                                      s.name, us(s.batch_wait), us(s.deadline)));
        else if (waits.at(s.name) > us(s.deadline))
            out.push_back(
                fmt::format("stage {}: deadline_us {:.0f} is below the {:.0f} us that batches and cards may "
                            "take up to there",
                            s.name, us(s.deadline), waits.at(s.name)));
    }
}

/// Whether items may come to a stage in another order than they left their source.
bool mixed(const PipelineSpec& spec, const std::string& stage, std::string& by)
{
    for (const auto& l : spec.links) {
        if (l.to != stage) continue;
        const auto* const from = spec.stage(l.from);
        if (from == nullptr) continue;
        if (from->replicas > 1 && !from->ordered) return by = from->name, true;
        if (mixed(spec, l.from, by)) return true;
    }
    return false;
}

/// Stages whose placement says "with" are called there and wait for nobody.
void shared(const PipelineSpec& spec, const place::Placement& placement, Texts& out)
{
    struct Cpu {
        std::vector<std::string> stages;
        std::size_t copies = 0;
    };
    std::map<unsigned, Cpu> on;
    for (const auto& c : placement.choices) {
        const auto* const stage = spec.stage(c.stage);
        if (stage != nullptr && stage->wish.wish == place::Wish::WITH) continue;
        auto& cpu = on[c.cpu];
        ++cpu.copies;
        if (std::find(cpu.stages.begin(), cpu.stages.end(), c.stage) == cpu.stages.end())
            cpu.stages.push_back(c.stage);
    }
    for (const auto& [id, cpu] : on) {
        if (cpu.stages.size() > 1)
            out.push_back(fmt::format("CPU {}: {} take turns", id, fmt::join(cpu.stages, ", ")));
        else if (cpu.copies > 1)
            out.push_back(fmt::format("CPU {}: {} copies of {} are no faster there than one", id, cpu.copies,
                                      cpu.stages.front()));
    }
}

} // namespace

std::vector<std::string> doubts(const PipelineSpec& spec, const place::Placement& placement,
                                const Costs& costs)
{
    Texts out = placement.warnings;
    short_links(spec, out);
    shallow_cards(costs, out);
    late(spec, costs, out);
    for (const auto& stage : costs.need_order)
        if (std::string by; mixed(spec, stage, by))
            out.push_back(fmt::format(
                "stage {} needs items in their order, and the copies of {} mix them: ordered = true", stage,
                by));
    shared(spec, placement, out);
    for (const auto& s : spec.stages)
        if (!costs.stages.contains(s.name))
            out.push_back(fmt::format("stage {}: its cost is not known, it counts as free", s.name));
    return out;
}

} // namespace pipeline
