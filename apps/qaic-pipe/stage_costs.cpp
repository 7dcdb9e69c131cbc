// SPDX-License-Identifier: BSD-3-Clause
#include "stage_costs.hpp"
#include "pipeline/create.hpp"
#include <algorithm>

namespace qaic_pipe {

namespace {

struct Row {
    std::string_view kind;
    double per_item, per_byte; ///< cycles; bytes of what it makes
};
constexpr Row table[] = {
    {"tensor-file", 60, 0.1}, {"generator", 80, 0.1}, {"pcap-file", 60, 0},      {"port", 100, 0},
    {"normalise", 20, 0.05},  {"quantize", 21, 0.18}, {"dequantize", 21, 0.18},  {"resize", 100, 0.5},
    {"batch", 110, 0},        {"unbatch", 80, 0},     {"flow-features", 185, 0}, {"infer", 550, 0},
    {"top-k", 60, 0},         {"threshold", 20, 0},   {"mark", 55, 0},           {"null", 30, 0},
    {"counter", 30, 0},       {"verifier", 50, 0.1},  {"jsonl-out", 310, 0},     {"tensor-out", 60, 0.3},
    {"pcap-out", 600, 0},     {"port-out", 100, 0},
};

double number_of(const pipeline::StageSpec& s, const std::string& option, double fallback)
{
    const auto at = s.options.find(option);
    if (at == s.options.end()) return fallback;
    if (const auto* i = std::get_if<std::int64_t>(&at->second.value)) return static_cast<double>(*i);
    if (const auto* d = std::get_if<double>(&at->second.value)) return *d;
    return fallback;
}

/// How many members a batch has where it comes to this stage: of the nearest `batch` before it.
double members_before(const pipeline::PipelineSpec& spec, const pipeline::StageSpec& s)
{
    const auto* at = &s;
    for (std::size_t steps = 0; steps < spec.stages.size(); ++steps) {
        const auto link = std::find_if(spec.links.begin(), spec.links.end(),
                                       [&](const auto& l) { return l.to == at->name; });
        if (link == spec.links.end()) return 1;
        at = spec.stage(link->from);
        if (at->kind == "batch") return at->batch;
    }
    return 1;
}

Result<double> bytes_made(const pipeline::StageSpec& s, const std::string& folder)
{
    const auto* const kind = pipeline::stage_kind(s.kind);
    pipeline::CreateWith with;
    with.folder = folder;
    QAIC_TRY(auto* const self, pipeline::create_stage(s, with));
    const double bytes = kind->room != nullptr ? kind->room(self) : 0;
    kind->destroy(self);
    return bytes;
}

} // namespace

Result<pipeline::Costs> costs_of(const pipeline::PipelineSpec& spec, const CostInputs& inputs,
                                 std::vector<std::string>& unknown)
{
    pipeline::Costs costs;
    costs.cpu_hz = inputs.cpu_hz;
    for (const auto& s : spec.stages) {
        QAIC_TRY(const auto bytes, bytes_made(s, inputs.folder));
        if (const double rate = number_of(s, "rate", 0); rate > 0) costs.offered[s.name] = rate;
        if (s.kind == "infer" && inputs.inference_us > 0)
            costs.cards.push_back({s.name, "the card of " + s.name, inputs.slots * 1e6 / inputs.inference_us,
                                   inputs.inference_us, static_cast<unsigned>(number_of(s, "depth", 32))});
        else if (s.kind == "infer")
            unknown.push_back(s.name + ": how long an inference takes (--inference-us)");
        const auto row =
            std::find_if(std::begin(table), std::end(table), [&](const Row& r) { return r.kind == s.kind; });
        if (row == std::end(table)) {
            unknown.push_back(fmt::format("{}: what an item costs a stage of kind {}", s.name, s.kind));
            continue;
        }
        if (s.kind == "flow-features") costs.need_order.push_back(s.name);
        pipeline::StageCost cost{row->per_item, row->per_byte, bytes, 1};
        if (s.kind == "batch") cost.out_per_in = 1.0 / s.batch;
        if (s.kind == "unbatch") {
            cost.out_per_in = members_before(spec, s);
            cost.cycles_per_item *= cost.out_per_in;
        }
        costs.stages[s.name] = cost;
    }
    return costs;
}

} // namespace qaic_pipe
