// SPDX-License-Identifier: BSD-3-Clause
// The report a program reads. Change of a field's meaning or place: raise schema_version.
#include "report.hpp"

#include <nlohmann/json.hpp>

namespace qaic::perf {

namespace {

using Json = nlohmann::ordered_json;

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

Json options(const RunOptions& o)
{
    return {{"model", o.model},
            {"input", o.input},
            {"expect", o.expect},
            {"labels", o.labels},
            {"tolerance", o.effective_tolerance()},
            {"io", o.device_io ? "device" : "float32"},
            {"queue_depth", o.queue_depth},
            {"burst", o.burst},
            {"whole_bursts", o.whole_bursts},
            {"time_s", o.time},
            {"count", o.count},
            {"warmup_s", o.warmup},
            {"wait_limit_s", o.wait_limit},
            {"device", o.device},
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

Json latency(const Report& r)
{
    const auto ns = [&r](double ticks) { return r.ns(ticks); };
    Json out = {{"unit", "ns"},
                {"from", "enqueue call to return of the dequeue call"},
                {"max_relative_error", stats::Histogram::max_relative_error},
                {"count", r.latency.count()},
                {"min", ns(static_cast<double>(r.latency.min()))},
                {"mean", ns(r.latency.mean())}};
    for (const auto& q : quantiles) out[q.name] = ns(static_cast<double>(r.latency.quantile(q.fraction)));
    out["max"] = ns(static_cast<double>(r.latency.max()));
    auto& buckets = out["histogram"] = Json::array(); // [lowest ns, highest ns, count], empty ones left out
    for (std::size_t i = 0; i < stats::Histogram::buckets; ++i)
        if (const auto n = r.latency.count_in(i); n != 0)
            buckets.push_back({ns(static_cast<double>(stats::Histogram::bucket_low(i))),
                               ns(static_cast<double>(stats::Histogram::bucket_high(i))), n});
    return out;
}

Json cycles(const Report& r)
{
    const auto& c = r.costs;
    return {{"per_op", r.enqueue_ticks_per_op() + r.dequeue_ticks_per_op()},
            {"enqueue_per_op", r.enqueue_ticks_per_op()},
            {"dequeue_per_op", r.dequeue_ticks_per_op()},
            {"median_enqueue_per_op", r.enqueue_per_op.quantile(0.5)},
            {"median_dequeue_per_op", r.dequeue_per_op.quantile(0.5)},
            {"per_empty_poll", r.empty_poll_ticks()},
            {"enqueue_calls", c.enqueue_calls},
            {"refused_calls", c.refused_calls},
            {"refused_ticks", c.refused_ticks},
            {"dequeue_calls", c.dequeue_calls},
            {"empty_calls", c.empty_calls}};
}

Json verification(const Verification& v)
{
    return {{"checked", v.checked}, {"wrong", v.wrong},           {"elements_outside", v.elements_outside},
            {"nans", v.nans},       {"max_abs_diff", v.max_diff}, {"labelled", v.labelled},
            {"correct", v.correct}, {"classed", v.classed},       {"same_class", v.same_class}};
}

} // namespace

std::string to_json(const Report& r)
{
    Json out = {{"schema_version", 1}, {"tool", "qaic-perf run"}, {"ok", r.ok()}, {"problems", r.problems}};
    out["environment"] = environment(r);
    out["options"] = options(r.options);
    out["device"] = device(r);
    out["model"] = model(r);
    out["counts"] = counts(r);
    out["throughput"] = {{"inferences_per_s", r.per_second()}, {"seconds", r.measure.seconds}};
    out["latency"] = latency(r);
    out["cycles"] = cycles(r);
    out["verification"] = {{"tensors", r.tensors},
                           {"all", verification(r.verification)},
                           {"accuracy", r.accuracy()},
                           {"sampled", verification(r.sampled)},
                           {"sample_period", r.sample_period}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace qaic::perf
