// SPDX-License-Identifier: BSD-3-Clause
// The report a program reads. Change of a field's meaning or place: raise schema_version.
#include "report_parts.hpp"

#include "evidence.hpp"
#include "load/explain.hpp"

#include <fmt/ranges.h>

namespace qaic::perf {

namespace {

Json environment(const Report& r)
{
    const auto& e = r.environment;
    return {{"tool_version", e.tool_version},
            {"commit", e.commit},
            {"compiler", e.compiler},
            {"dpdk", e.dpdk},
            {"cpu", e.cpu},
            {"kernel", e.kernel},
            {"date", e.date},
            {"hugepages", e.hugepages},
            {"iova_mode", e.iova_mode},
            {"lcore", e.lcore},
            {"tsc_hz", e.tsc_hz},
            {"timer_ticks", e.timer_ticks}};
}

Json models(const RunOptions& o)
{
    Json out = Json::array();
    for (const auto& m : o.models) out.push_back({{"file", m.path}, {"weight", m.weight}});
    return out;
}

Json load_options(const RunOptions& o)
{
    if (!o.open_loop()) return {{"kind", "closed"}};
    if (!o.schedule.empty()) return {{"kind", "schedule"}, {"file", o.schedule}};
    if (o.by_queries())
        return {{"kind", "intervals"},
                {"interval_ns", o.interval_ns},
                {"samples", o.samples},
                {"drain_s", o.drain}};
    Json out = {{"kind", o.arrivals},
                {"per_second", o.rate},
                {"seed", o.seed},
                {"late_us", o.late_us},
                {"drain_s", o.drain}};
    if (o.arrivals == "trains") out["train"] = o.train;
    return out;
}

Json options(const RunOptions& o)
{
    return {{"model", o.model},
            {"input", o.input},
            {"expect", o.expect},
            {"labels", o.labels},
            {"tolerance", o.effective_tolerance()},
            {"check", o.effective_check()},
            {"checksum", o.checksum},
            {"io", o.device_io ? "device" : "float32"},
            {"queue_depth", o.queue_depth},
            {"burst", o.burst},
            {"whole_bursts", o.whole_bursts},
            {"time_s", o.time},
            {"count", o.count},
            {"warmup_s", o.warmup},
            {"wait_limit_s", o.wait_limit},
            {"card_control", o.card_control},
            {"device", fmt::format("{}", fmt::join(o.devices, " "))},
            {"devices", o.devices},
            {"lcores", o.lcores},
            {"models", models(o)},
            {"load", load_options(o)},
            {"eal", o.eal}};
}

Json device(const Report& r)
{
    const auto& d = r.device;
    Json boot = Json::object();
    for (const auto& stage : r.boot) boot[stage.name] = stage.value;
    return {{"driver", d.driver},     {"numa_node", d.numa},  {"max_queue_pairs", d.max_queue_pairs},
            {"max_desc", d.max_desc}, {"align", d.align},     {"max_models", d.max_models},
            {"eal_ms", r.eal_ms},     {"open_ms", r.open_ms}, {"boot", boot}};
}

Json tensors(const std::vector<TensorFacts>& list)
{
    Json out = Json::array();
    for (const auto& t : list)
        out.push_back(
            {{"name", t.name}, {"shape", t.shape}, {"type", type_name(t.type)}, {"bytes", t.device_bytes}});
    return out;
}

Json model(const Report& r)
{
    const auto& m = r.model;
    return {{"name", m.name},
            {"version", m.version},
            {"container_bytes", r.model_bytes},
            {"load_ms", r.load_ms},
            {"start_ms", r.start_ms},
            {"batches", m.batches},
            {"inputs", tensors(m.inputs)},
            {"outputs", tensors(m.outputs)}};
}

Json ledger(const Ledger& l)
{
    return {{"submitted", l.submitted}, {"succeeded", l.succeeded}, {"failed", l.failed},
            {"in_flight", l.in_flight}, {"stray", l.stray},         {"balanced", l.balanced()}};
}

Json counts(const Report& r)
{
    const auto& d = r.counted;
    return {{"total", ledger(r.total())},
            {"verify", ledger(r.verify.ledger)},
            {"warmup", ledger(r.warmup.ledger)},
            {"measure", ledger(r.measure.ledger)},
            {"device",
             {{"enqueued", d.enqueued},
              {"dequeued", d.dequeued},
              {"enqueue_errors", d.enqueue_errors},
              {"dequeue_errors", d.dequeue_errors}}}};
}

/// Of a histogram of ns.
Json times(const stats::Histogram& h, const char* from, bool buckets)
{
    Json out = {{"unit", "ns"},       {"from", from},   {"max_relative_error", 0.01},
                {"count", h.count()}, {"min", h.min()}, {"mean", h.mean()}};
    for (const auto& q : quantiles) out[q.name] = h.quantile(q.fraction);
    out["max"] = h.max();
    if (!buckets) return out;
    auto& list = out["histogram"] = Json::array(); // [lowest ns, highest ns, count], empty ones left out
    for (std::size_t i = 0; i < stats::Histogram::buckets; ++i)
        if (const auto n = h.count_in(i); n != 0)
            list.push_back({stats::Histogram::bucket_low(i), stats::Histogram::bucket_high(i), n});
    return out;
}

constexpr const char* from_enqueue = "enqueue call to return of the dequeue call";

const char* latency_from(const RunOptions& o)
{
    if (o.by_queries()) return "due time of a query to return of the dequeue call with its last sample";
    return o.open_loop() ? "due time to return of the dequeue call" : from_enqueue;
}

Json lanes(const Report& r)
{
    // No lane sees a whole query: theirs are the service times.
    const auto* const lane_latency = r.options.by_queries() ? from_enqueue : latency_from(r.options);
    Json out = Json::array();
    for (const auto& l : r.lanes)
        out.push_back({{"lcore", l.lcore},
                       {"card", l.card},
                       {"model", l.model},
                       {"counts", ledger(l.ledger)},
                       {"inferences_per_s", l.outcome.rate()},
                       {"late", l.outcome.late},
                       {"latency", times(l.outcome.latency, lane_latency, false)},
                       {"service", times(l.outcome.service, from_enqueue, false)}});
    return out;
}

void open_loop(const Report& r, Json& out)
{
    const auto& o = r.outcome;
    const bool queries = r.options.by_queries();
    out["open_loop"] = {{"offered_per_s", o.offered}, {"unfinished", o.unfinished}};
    if (queries)
        out["queries"] = {{"answered", o.latency.count()}, {"skipped_intervals", o.late}};
    else
        out["open_loop"]["late"] = o.late;
    out["service"] = times(o.service, from_enqueue, true);
    out["lateness"] = times(o.lateness,
                            queries ? "due time of a query to return of the enqueue call with its last sample"
                                    : "due time to enqueue call",
                            false);
}

Json until(const Report& r)
{
    const auto settings = stop_settings(r.options);
    const auto& a = r.until->answer;
    return {{"percentile", 100 * settings.fraction},
            {"wanted_error", settings.error},
            {"confidence", settings.confidence},
            {"reached", r.until->reached},
            {"samples", r.outcome.latency.count()},
            {"value_ns", a.value},
            {"low_ns", a.low},
            {"high_ns", a.high},
            {"error", a.error < 0 ? Json(nullptr) : Json(a.error)},
            {"needed", a.needed}};
}

Json lcores(const Report& r)
{
    Json out = Json::array();
    for (const auto& l : r.lcores)
        out.push_back({{"lcore", l.lcore}, {"numa_node", l.numa}, {"busy", l.busy}});
    return out;
}

Json cards(const Report& r)
{
    Json out = Json::array();
    for (const auto& c : r.cards) {
        Json one = {{"socket", c.socket},
                    {"serial", c.serial},
                    {"configuration", Json::parse(c.configuration, nullptr, false)}};
        if (one["configuration"].is_discarded()) one["configuration"] = nullptr;
        if (c.timed)
            one["timing"] = {{"inferences", c.inferences},     {"slots", c.slots},
                             {"all_busy_share", c.all_busy},   {"mean_busy", c.mean_busy},
                             {"mean_waiting", c.mean_waiting}, {"link_in_share", c.link_in},
                             {"link_out_share", c.link_out}};
        if (c.trapped) one["bar2"] = {{"reads", c.doorbell_reads}, {"writes", c.doorbell_writes}};
        out.push_back(std::move(one));
    }
    return out;
}

Json cycles(const Report& r)
{
    const auto& c = r.costs;
    const auto e = evidence_of(r);
    return {{"per_op", r.enqueue_ticks_per_op() + r.dequeue_ticks_per_op()},
            {"enqueue_per_op", r.enqueue_ticks_per_op()},
            {"dequeue_per_op", r.dequeue_ticks_per_op()},
            {"median_enqueue_per_op", r.enqueue_per_op.quantile(0.5)},
            {"median_dequeue_per_op", r.dequeue_per_op.quantile(0.5)},
            {"per_empty_poll", r.empty_poll_ticks()},
            {"doorbells_per_op", std::max(e.doorbells_per_op, 0.0)},
            {"register_reads_per_op", std::max(e.mmio_reads_per_op, 0.0)},
            {"register_reads_counted", reads_are_counted(r)},
            {"enqueue_calls", c.enqueue_calls},
            {"refused_calls", c.refused_calls},
            {"refused_ticks", c.refused_ticks},
            {"dequeue_calls", c.dequeue_calls},
            {"empty_calls", c.empty_calls}};
}

Json verification(const Verification& v)
{
    return {{"checked", v.checked},
            {"wrong", v.wrong},
            {"elements_outside", v.elements_outside},
            {"nans", v.nans},
            {"nan_elements", v.special.nans},
            {"infinite_elements", v.special.infinities},
            {"max_abs_diff", v.max_diff},
            {"labelled", v.labelled},
            {"correct", v.correct},
            {"classed", v.classed},
            {"same_class", v.same_class}};
}

Json checksums(const Report& r)
{
    const auto& c = r.checksums;
    Json out = {{"period", r.options.checksum},
                {"checked", c.checked},
                {"bytes", c.bytes},
                {"mismatches", c.mismatches},
                {"without_reference", c.unknown}};
    if (c.mismatches != 0)
        out["first_mismatch"] = {{"tensor", c.first.tensor}, {"op", c.first.op},
                                 {"lcore", c.first.lcore},   {"card", c.first.card},
                                 {"model", c.first.model},   {"got", c.first.got},
                                 {"want", c.first.want}};
    return out;
}

} // namespace

Json report_head(const char* tool, const Report& known)
{
    Json out = {{"schema_version", 2}, {"tool", tool}};
    out["environment"] = environment(known);
    out["options"] = options(known.options);
    out["device"] = device(known);
    return out;
}

std::string dump(const Json& document)
{
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_json(const Report& r)
{
    auto out = report_head("qaic-perf run", r);
    out["ok"] = r.ok();
    out["problems"] = r.problems;
    out["warnings"] = r.warnings;
    out["model"] = model(r);
    out["counts"] = counts(r);
    out["throughput"] = {{"inferences_per_s", r.per_second()}, {"seconds", r.measure.seconds}};
    const auto& o = r.outcome;
    out["latency"] = times(o.latency, latency_from(r.options), true);
    if (r.options.open_loop()) open_loop(r, out);
    if (r.until) out["until"] = until(r);
    out["lanes"] = lanes(r);
    out["limit"] = load::explain(o, evidence_of(r)).sentence;
    out["lcores"] = lcores(r);
    if (!r.cards.empty()) out["cards"] = cards(r);
    if (r.alone_ns > 0) out["alone_ns"] = r.alone_ns;
    out["cycles"] = cycles(r);
    out["verification"] = {{"tensors", r.tensors},
                           {"all", verification(r.verification)},
                           {"accuracy", r.accuracy()},
                           {"sampled", verification(r.sampled)},
                           {"sample_period", r.check_period()},
                           {"checksums", checksums(r)}};
    return dump(out);
}

} // namespace qaic::perf
