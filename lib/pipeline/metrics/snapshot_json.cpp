// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/snapshot_json.hpp"
#include "pipeline/metrics/clean_text.hpp"
#include "pipeline/metrics/families.hpp"

namespace pipeline::metrics {
namespace {

using nlohmann::json;

json json_of(const std::optional<double>& value) { return value ? json(*value) : json(); }

json json_of(const Percentiles& p)
{
    if (p.samples == 0) return {{"samples", 0}, {"p50", {}}, {"p99", {}}, {"p999", {}}, {"highest", {}}};
    return {{"samples", p.samples}, {"p50", p.p50}, {"p99", p.p99}, {"p999", p.p999}, {"highest", p.highest}};
}

json json_of(const std::vector<Count>& counts)
{
    auto out = json::object();
    for (const auto& c : counts) out[clean_text(c.name)] = c.value;
    return out;
}

json json_of(const StageSnapshot& s)
{
    return {{"name", clean_text(s.name)},
            {"kind", clean_text(s.kind)},
            {"replica", s.replica},
            {"lcore", s.lcore},
            {"cpu", s.cpu},
            {"in", s.in},
            {"out", s.out},
            {"dropped", json_of(s.dropped)},
            {"held", s.held},
            {"busy_cycles", s.busy_cycles},
            {"bursts", s.bursts},
            {"cycles_per_item", json_of(cycles_per_item(s))},
            {"latency_us", json_of(s.latency)},
            {"counts", json_of(s.counts)}};
}

json json_of(const LinkSnapshot& l)
{
    return {{"from", clean_text(l.from)},
            {"to", clean_text(l.to)},
            {"replica", l.replica},
            {"when_full", pipeline::word_of(l.when_full)},
            {"depth", l.depth},
            {"waiting", l.waiting},
            {"high_water", l.high_water},
            {"moved", l.moved},
            {"bursts", l.bursts},
            {"full_bursts", l.full_bursts},
            {"full_ratio", json_of(full_ratio(l))},
            {"dropped", l.dropped}};
}

json json_of(const LcoreSnapshot& l)
{
    return {
        {"lcore", l.lcore}, {"cpu", l.cpu}, {"busy_cycles", l.busy_cycles}, {"idle_cycles", l.idle_cycles}};
}

json json_of(const Ledger& l)
{
    return {{"in", l.in}, {"out", l.out}, {"dropped", l.dropped}, {"in_flight", l.in_flight}};
}

template<class T>
json json_of_all(const std::vector<T>& all)
{
    auto out = json::array();
    for (const auto& one : all) out.push_back(json_of(one));
    return out;
}

} // namespace

json snapshot_json(const PipelineSnapshot& p)
{
    return {{"name", clean_text(p.name)},
            {"seconds", p.seconds},
            {"tsc_hz", p.tsc_hz},
            {"stages", json_of_all(p.stages)},
            {"links", json_of_all(p.links)},
            {"lcores", json_of_all(p.lcores)},
            {"end_to_end_us", json_of(p.end_to_end)},
            {"ledger", json_of(p.ledger)}};
}

} // namespace pipeline::metrics
