// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/plan.hpp"
#include <set>

namespace pipeline::draw {

namespace {

std::string_view plural(std::size_t n) { return n == 1 ? "" : "s"; }

} // namespace

std::string plan_text(const PipelineSpec& spec, const place::Host& host, const place::Placement& placement)
{
    std::set<unsigned> used;
    for (const auto& c : placement.choices) used.insert(c.cpu);
    std::string out = fmt::format("{} on {}: {} stage{} in {} cop{} on {} of {} CPU{}\n\n", spec.name,
                                  host.name, spec.stages.size(), plural(spec.stages.size()),
                                  placement.choices.size(), placement.choices.size() == 1 ? "y" : "ies",
                                  used.size(), host.cpus.size(), plural(host.cpus.size()));
    out += "lcore  cpu  core   l3  node  why\n";
    for (const auto& c : placement.choices) {
        const auto* const cpu = host.cpu(c.cpu);
        if (cpu == nullptr) continue; // of another host: nothing is known of it
        out += fmt::format("{:>5}  {:>3}  {:>4}  {:>3}  {:>4}  {}\n", c.lcore, c.cpu, cpu->core, cpu->l3,
                           cpu->node, c.why);
    }
    if (!placement.warnings.empty()) out += '\n';
    for (const auto& w : placement.warnings) out += fmt::format("warning: {}\n", w);
    return out + fmt::format("\nEAL: --lcores '{}'\n", placement.lcores);
}

} // namespace pipeline::draw
