// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/families.hpp"

namespace pipeline::metrics {
namespace {

Labels labels_of(const PipelineSnapshot& p) { return {{"pipeline", p.name}}; }
Labels labels_of(const PipelineSnapshot& p, const StageSnapshot& s)
{
    return {{"pipeline", p.name}, {"stage", s.name}, {"replica", std::to_string(s.replica)}};
}
Labels labels_of(const PipelineSnapshot& p, const LinkSnapshot& l)
{
    return {{"pipeline", p.name}, {"from", l.from}, {"to", l.to}, {"replica", std::to_string(l.replica)}};
}
Labels labels_of(const PipelineSnapshot& p, const LcoreSnapshot& l)
{
    return {{"pipeline", p.name}, {"lcore", std::to_string(l.lcore)}};
}
Labels operator+(Labels labels, Label more)
{
    labels.push_back(std::move(more));
    return labels;
}

void put(const Labels& labels, const std::optional<double>& value, const Sink& to)
{
    if (value) to(labels, *value, {});
}

/// Microseconds in, seconds out. No quantile without an observation: there is no such number.
void put(const Labels& labels, const Percentiles& p, const Sink& to)
{
    if (p.samples > 0) {
        const std::pair<const char*, double> rows[] = {
            {"0.5", p.p50}, {"0.99", p.p99}, {"0.999", p.p999}, {"1.0", p.highest}};
        for (const auto& [quantile, us] : rows) to(labels + Label{"quantile", quantile}, us / 1e6, {});
    }
    to(labels, p.samples, "_count");
}

template<class T, class V>
Number number_of(const T& from, V T::*member)
{
    return from.*member;
}
Number number_of(const LinkSnapshot& from, std::uint32_t LinkSnapshot::*member)
{
    return std::uint64_t{from.*member};
}

// What a row's `read` may be: a member of the pipeline, of its ledger, of each stage, link or lcore.
template<auto Member>
void of_pipeline(const PipelineSnapshot& p, const Sink& to)
{
    to(labels_of(p), p.*Member, {});
}
template<auto Member>
void of_ledger(const PipelineSnapshot& p, const Sink& to)
{
    to(labels_of(p), p.ledger.*Member, {});
}
template<auto Member>
void of_stages(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& s : p.stages) to(labels_of(p, s), number_of(s, Member), {});
}
template<auto Member>
void of_links(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& l : p.links) to(labels_of(p, l), number_of(l, Member), {});
}
template<auto Member>
void of_lcores(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& l : p.lcores) to(labels_of(p, l), number_of(l, Member), {});
}
template<auto Member>
void counts_of_stages(const PipelineSnapshot& p, const Sink& to)
{
    static constexpr const char* label = Member == &StageSnapshot::dropped ? "reason" : "event";
    for (const auto& s : p.stages)
        for (const auto& c : s.*Member) to(labels_of(p, s) + Label{label, c.name}, c.value, {});
}

void stage_info(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& s : p.stages)
        to(labels_of(p, s) + Label{"kind", s.kind} + Label{"lcore", std::to_string(s.lcore)} +
               Label{"cpu", std::to_string(s.cpu)},
           std::uint64_t{1}, {});
}
void link_info(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& l : p.links)
        to(labels_of(p, l) + Label{"when_full", std::string(pipeline::word_of(l.when_full))},
           std::uint64_t{1}, {});
}
void lcore_info(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& l : p.lcores)
        to(labels_of(p, l) + Label{"cpu", std::to_string(l.cpu)}, std::uint64_t{1}, {});
}
void stage_cycles(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& s : p.stages) put(labels_of(p, s), cycles_per_item(s), to);
}
void stage_latency(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& s : p.stages) put(labels_of(p, s), s.latency, to);
}
void link_full(const PipelineSnapshot& p, const Sink& to)
{
    for (const auto& l : p.links) put(labels_of(p, l), full_ratio(l), to);
}

constexpr auto C = Type::COUNTER, G = Type::GAUGE;
using P = PipelineSnapshot;
using S = StageSnapshot;
using L = LinkSnapshot;
using K = LcoreSnapshot;

// clang-format off
constexpr Family table[] = {
    {"qaic_pipe", Type::INFO, "", "", "A pipeline that runs in this process.",
     [](const P& p, const Sink& to) { to(labels_of(p), std::uint64_t{1}, {}); }},
    {"qaic_pipe_uptime_seconds", G, "seconds", "", "Since the pipeline started.", of_pipeline<&P::seconds>},
    {"qaic_pipe_tsc_hertz", G, "hertz", "", "Cycles a second, of every _cycles here.", of_pipeline<&P::tsc_hz>},
    {"qaic_pipe_in_items", C, "items", "", "Items that sources brought in.", of_ledger<&Ledger::in>},
    {"qaic_pipe_out_items", C, "items", "", "Items that sinks took.", of_ledger<&Ledger::out>},
    {"qaic_pipe_dropped_items", C, "items", "", "Items dropped, for whatever reason.", of_ledger<&Ledger::dropped>},
    {"qaic_pipe_in_flight_items", G, "items", "", "Items neither out nor dropped yet: in = out + dropped + in flight.",
     of_ledger<&Ledger::in_flight>},
    {"qaic_pipe_latency_seconds", Type::SUMMARY, "seconds", "quantile", "Of every item, from its source to its sink.",
     [](const P& p, const Sink& to) { put(labels_of(p), p.end_to_end, to); }},
    {"qaic_pipe_stage", Type::INFO, "", "stage, replica, kind, lcore, cpu", "What a stage is and where it runs.", stage_info},
    {"qaic_pipe_stage_in_items", C, "items", "stage, replica", "Items that came to it; 0 of a source.", of_stages<&S::in>},
    {"qaic_pipe_stage_out_items", C, "items", "stage, replica", "Items it handed on, or took as a sink.", of_stages<&S::out>},
    {"qaic_pipe_stage_dropped_items", C, "items", "stage, replica, reason", "Items it dropped.",
     counts_of_stages<&S::dropped>},
    {"qaic_pipe_stage_held_items", G, "items", "stage, replica", "Items inside it now.", of_stages<&S::held>},
    {"qaic_pipe_stage_busy_cycles", C, "cycles", "stage, replica", "In calls that moved an item.", of_stages<&S::busy_cycles>},
    {"qaic_pipe_stage_bursts", C, "bursts", "stage, replica", "Calls that moved an item.", of_stages<&S::bursts>},
    {"qaic_pipe_stage_item_cycles", G, "cycles", "stage, replica", "Busy cycles an item, since the start.", stage_cycles},
    {"qaic_pipe_stage_latency_seconds", Type::SUMMARY, "seconds", "stage, replica, quantile",
     "From being handed over by the stage before to being handed on; sampled.", stage_latency},
    {"qaic_pipe_stage_events", C, "", "stage, replica, event", "The stage's own counts.", counts_of_stages<&S::counts>},
    {"qaic_pipe_link", Type::INFO, "", "from, to, replica, when_full", "A queue between lcores and what it does when full.",
     link_info},
    {"qaic_pipe_link_moved_items", C, "items", "from, to, replica", "Items that went in.", of_links<&L::moved>},
    {"qaic_pipe_link_dropped_items", C, "items", "from, to, replica", "Items it dropped when it was full.",
     of_links<&L::dropped>},
    {"qaic_pipe_link_waiting_items", G, "items", "from, to, replica", "Items in it now.", of_links<&L::waiting>},
    {"qaic_pipe_link_depth_items", G, "items", "from, to, replica", "Items it holds at most.", of_links<&L::depth>},
    {"qaic_pipe_link_high_water_items", G, "items", "from, to, replica", "Most items that were ever in it.",
     of_links<&L::high_water>},
    {"qaic_pipe_link_bursts", C, "bursts", "from, to, replica", "Tries to hand items over.", of_links<&L::bursts>},
    {"qaic_pipe_link_full_bursts", C, "bursts", "from, to, replica", "Tries that found it full.", of_links<&L::full_bursts>},
    {"qaic_pipe_link_full_ratio", G, "ratio", "from, to, replica", "Share of tries that found it full, since the start.",
     link_full},
    {"qaic_pipe_lcore", Type::INFO, "", "lcore, cpu", "An lcore and the CPU it is on.", lcore_info},
    {"qaic_pipe_lcore_busy_cycles", C, "cycles", "lcore", "In rounds that moved an item.", of_lcores<&K::busy_cycles>},
    {"qaic_pipe_lcore_idle_cycles", C, "cycles", "lcore", "In rounds in which nothing moved.", of_lcores<&K::idle_cycles>},
};
// clang-format on

} // namespace

std::span<const Family> families() noexcept { return table; }

std::string_view word_of(Type type) noexcept
{
    static constexpr std::string_view words[] = {"counter", "gauge", "summary", "info"};
    return words[static_cast<std::size_t>(type)];
}

std::string_view suffix_of(Type type) noexcept
{
    return type == Type::COUNTER ? "_total" : type == Type::INFO ? "_info" : "";
}

std::optional<double> cycles_per_item(const StageSnapshot& stage) noexcept
{
    const auto items = stage.in > 0 ? stage.in : stage.out; // a source has only what goes out
    if (items == 0) return std::nullopt;
    return static_cast<double>(stage.busy_cycles) / static_cast<double>(items);
}

std::optional<double> full_ratio(const LinkSnapshot& link) noexcept
{
    if (link.bursts == 0) return std::nullopt;
    return static_cast<double>(link.full_bursts) / static_cast<double>(link.bursts);
}

} // namespace pipeline::metrics
