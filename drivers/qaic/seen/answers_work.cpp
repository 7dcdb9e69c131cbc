// SPDX-License-Identifier: BSD-3-Clause
// Telemetry about work: models, queues, xstats, latency.
#include "qaic/mldev_xstats_table.hpp"
#include "qaic/seen/answer_functions.hpp"
#include <cmath>

namespace qaic::seen {
namespace {

std::string_view name_of(dbc::ChannelState state)
{
    static constexpr std::string_view names[] = {"unbound", "active", "faulted", "fenced"};
    const auto i = static_cast<std::size_t>(state);
    return i < std::size(names) ? names[i] : "?";
}

std::uint64_t whole(double v) { return static_cast<std::uint64_t>(std::llround(v)); }

void describe(Dict& out, const ModelSnapshot& m)
{
    out.text("name", m.name).flag("started", m.started).number("nsps", m.nsps);
    out.number("inputs", m.inputs).number("input_bytes", m.input_bytes);
    out.number("outputs", m.outputs).number("output_bytes", m.output_bytes);
    for (const auto id : xstats::model_ids(m.id)) {
        const auto name = xstats::name_of(id); // "model7_faults"
        if (const auto v = xstats::value_of(m, id)) out.number(name.substr(name.find('_') + 1).c_str(), *v);
    }
    for (const auto& a : m.activations)
        out.dict(fmt::format("dbc{}", a.dbc).c_str(), [&](Dict& dbc) {
            dbc.text("state", name_of(a.state)).number("elements", a.elements);
            dbc.number("lanes", a.lanes).number("depth", a.depth);
        });
}

} // namespace

// One dictionary may have 256 entries, a reply 16 KiB: 64 models in full would be too much.
Result<void> answer_models(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    QAIC_TRY(const auto s, visit.device().snapshot(patience));
    const auto wanted = options.number("model");
    for (const auto& m : s.models) {
        if (wanted != m.id) continue;
        Dict out(reply);
        describe(out, m);
        return fits(out);
    }
    if (wanted) return fail(Code::E_INVAL, "{}: model {} is not loaded", visit.device().name(), *wanted);
    Dict out(reply);
    for (const auto& m : s.models)
        out.dict(std::to_string(m.id).c_str(), [&](Dict& one) {
            one.text("name", m.name).flag("started", m.started).number("instances", m.activations.size());
            one.number("inferences", m.counters.finished).number("in_flight", m.counters.in_flight);
        });
    return fits(out);
}

Result<void> answer_queues(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    QAIC_TRY(const auto s, visit.device().snapshot(patience));
    Dict out(reply);
    for (const auto& q : s.queue_pairs)
        out.dict(std::to_string(q.id).c_str(), [&](Dict& one) {
            one.number("depth", q.depth).number("enqueued", q.enqueued).number("dequeued", q.dequeued);
            one.number("in_flight", q.in_flight).number("full", q.full);
            one.number("rejected", q.rejected).number("failed", q.failed);
        });
    return fits(out);
}

Result<void> answer_xstats(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    QAIC_TRY(const auto s, visit.device().snapshot(patience));
    std::vector<std::uint16_t> ids;
    if (const auto wanted = options.number("model"); !wanted) {
        ids = xstats::device_ids(s);
    } else {
        for (const auto& m : s.models)
            if (m.id == *wanted) ids = xstats::model_ids(m.id);
        if (ids.empty())
            return fail(Code::E_INVAL, "{}: model {} is not loaded", visit.device().name(), *wanted);
    }
    Dict out(reply);
    for (const auto id : ids)
        if (const auto v = xstats::value_of(visit.device(), s, id))
            out.number(xstats::name_of(id).c_str(), *v);
    return fits(out);
}

Result<void> answer_latency(const Options& options, rte_tel_data* reply)
{
    QAIC_TRY(const auto visit, Visit::to(options.device()));
    QAIC_TRY(const auto s, visit.device().snapshot(patience));
    auto& bursts = visit.ml().bursts;
    if (const auto word = options.word("sample"); !word.empty()) bursts.sample(visit.dev(), word == "on");
    Dict out(reply);
    out.text("sampling", bursts.sampling() ? "on" : "off").text("unit", "ns");
    for (const auto& q : s.queue_pairs) {
        const auto r = bursts.report(q.id);
        out.dict(fmt::format("qp{}", q.id).c_str(), [&](Dict& one) {
            one.number("samples", r.samples);
            if (r.samples == 0) return;
            one.number("mean", whole(r.mean_ns))
                .number("p50", whole(r.p50_ns))
                .number("p90", whole(r.p90_ns));
            one.number("p99", whole(r.p99_ns))
                .number("p99_9", whole(r.p999_ns))
                .number("max", whole(r.max_ns));
        });
    }
    return fits(out);
}

} // namespace qaic::seen
