// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/telemetry.hpp"
#include "pipeline/metrics/families.hpp"
#include "pipeline/metrics/telemetry_reply.hpp"
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <map>
#include <mutex>
#include <rte_common.h>

namespace pipeline::metrics {
namespace {

struct Shown {
    std::mutex lock; ///< also while a snapshot is taken: who hides a pipeline may then end it
    std::map<std::string, TakeSnapshot, std::less<>> pipelines;
};

/// Never destroyed: telemetry's threads outlive main().
Shown& shown()
{
    static auto& s = *new Shown;
    return s;
}

Result<PipelineSnapshot> take(std::string_view name)
{
    const std::lock_guard guard(shown().lock);
    const auto at = shown().pipelines.find(name);
    if (at == shown().pipelines.end())
        return fail(Code::E_INVAL, "no pipeline '{:.40}' runs here; /qaic/pipe/list names them", name);
    return at->second();
}

struct Parameters {
    std::string_view name;
    std::size_t first = 0;
};

Result<Parameters> parse(std::string_view text)
{
    if (text.empty()) return fail(Code::E_INVAL, "a pipeline is missing; /qaic/pipe/list names them");
    const auto comma = text.find(',');
    Parameters out{text.substr(0, comma), 0};
    if (comma == std::string_view::npos) return out;
    const auto number = text.substr(comma + 1);
    const auto* const end = number.data() + number.size();
    if (const auto read = std::from_chars(number.data(), end, out.first);
        number.empty() || read.ec != std::errc{} || read.ptr != end)
        return fail(Code::E_INVAL, "the first row must be a number got='{:.32}'", number);
    return out;
}

/// Telemetry has whole numbers only; 0 when there is none yet.
std::uint64_t rounded(const std::optional<double>& value, double times)
{
    return static_cast<std::uint64_t>(std::llround(value.value_or(0) * times));
}

void fill(Dict& row, const StageSnapshot& s)
{
    row.text("name", s.name).text("kind", s.kind).number("replica", s.replica);
    row.number("lcore", s.lcore).number("cpu", s.cpu).number("in", s.in).number("out", s.out);
    row.counts("dropped", s.dropped).number("held", s.held).number("busy_cycles", s.busy_cycles);
    row.number("bursts", s.bursts)
        .number("cycles_per_item", rounded(cycles_per_item(s), 1))
        .nanoseconds("latency_ns", s.latency)
        .counts("counts", s.counts);
}

void fill(Dict& row, const LinkSnapshot& l)
{
    row.text("from", l.from).text("to", l.to).number("replica", l.replica);
    row.text("when_full", pipeline::word_of(l.when_full)).number("depth", l.depth);
    row.number("waiting", l.waiting).number("high_water", l.high_water).number("moved", l.moved);
    row.number("bursts", l.bursts).number("full_bursts", l.full_bursts);
    row.number("full_permille", rounded(full_ratio(l), 1000)).number("dropped", l.dropped);
}

void fill(Dict& row, const LcoreSnapshot& l)
{
    row.number("lcore", l.lcore).number("cpu", l.cpu);
    row.number("busy_cycles", l.busy_cycles).number("idle_cycles", l.idle_cycles);
}

Result<void> answer_list(std::string_view parameters, rte_tel_data* reply)
{
    if (!parameters.empty()) return fail(Code::E_INVAL, "takes no parameters got='{:.32}'", parameters);
    rte_tel_data_start_array(reply, RTE_TEL_STRING_VAL);
    const std::lock_guard guard(shown().lock);
    for (const auto& [name, unused] : shown().pipelines) rte_tel_data_add_array_string(reply, name.c_str());
    return {};
}

Result<void> fits(const Dict& reply)
{
    if (reply.complete()) return {};
    return fail(Code::E_LIMIT, "the answer does not fit into a telemetry reply");
}

/// Up to Rows of them by their number (an array of dictionaries is none of the library's types): a reply
/// holds 16 KiB, and what is beyond is cut without a word.
template<auto Member, std::size_t Rows>
Result<void> answer_rows(std::string_view text, rte_tel_data* reply)
{
    QAIC_TRY(const auto parameters, parse(text));
    QAIC_TRY(const auto snapshot, take(parameters.name));
    const auto& all = snapshot.*Member;
    const auto end = std::min(all.size(), parameters.first + std::min(Rows, all.size()));
    Dict out(reply);
    for (auto i = parameters.first; i < end; ++i)
        out.dict(std::to_string(i), [&](Dict& row) { fill(row, all[i]); });
    return fits(out);
}

Result<void> answer_ledger(std::string_view text, rte_tel_data* reply)
{
    if (text.find(',') != std::string_view::npos)
        return fail(Code::E_INVAL, "takes a pipeline and no more got='{:.32}'", text);
    QAIC_TRY(const auto parameters, parse(text));
    QAIC_TRY(const auto snapshot, take(parameters.name));
    const auto& l = snapshot.ledger;
    Dict out(reply);
    out.number("in", l.in).number("out", l.out).number("dropped", l.dropped).number("in_flight", l.in_flight);
    out.nanoseconds("end_to_end_ns", snapshot.end_to_end);
    out.number("uptime_ms", static_cast<std::uint64_t>(std::llround(snapshot.seconds * 1000)));
    out.number("tsc_hz", static_cast<std::uint64_t>(std::llround(snapshot.tsc_hz)));
    return fits(out);
}

constexpr struct {
    const char *path, *help;
    Result<void> (*answer)(std::string_view parameters, rte_tel_data* reply);
} commands[] = {
    {"/qaic/pipe/list", "Names of running pipelines. Takes no parameters", answer_list},
    {"/qaic/pipe/stages", "16 stage replicas and their counters. Parameters: PIPELINE[,FIRST ROW]",
     answer_rows<&PipelineSnapshot::stages, 16>},
    {"/qaic/pipe/links", "32 queues between lcores. Parameters: PIPELINE[,FIRST ROW]",
     answer_rows<&PipelineSnapshot::links, 32>},
    {"/qaic/pipe/lcores", "Busy and idle cycles of 64 lcores. Parameters: PIPELINE[,FIRST ROW]",
     answer_rows<&PipelineSnapshot::lcores, 64>},
    {"/qaic/pipe/ledger", "in = out + dropped + in flight; latency from source to sink. Parameters: PIPELINE",
     answer_ledger},
};

int on_command(const char* path, const char* parameters, rte_tel_data* reply)
{
    try {
        for (const auto& c : commands) {
            if (std::string_view(c.path) != path) continue;
            if (const auto done = c.answer(parameters != nullptr ? parameters : "", reply); !done)
                Dict(reply).text("error", done.error().message());
            return 0;
        }
        return -ENOENT;
    } catch (const std::exception&) { // none may go through C
        return -ENOMEM;
    }
}

RTE_INIT(qaic_pipe_telemetry_init)
{
    // A command that cannot be registered is missing in /help, no more: the library has room for thousands.
    for (const auto& c : commands) (void)rte_telemetry_register_cmd(c.path, &on_command, c.help);
}

} // namespace

Result<void> show_in_telemetry(const std::string& name, TakeSnapshot take)
{
    if (name.empty() || name.find(',') != std::string::npos || name.size() >= RTE_TEL_MAX_STRING_LEN)
        return fail(Code::E_INVAL, "telemetry: no name for a pipeline: '{:.40}'", name);
    const std::lock_guard guard(shown().lock);
    if (!shown().pipelines.emplace(name, std::move(take)).second)
        return fail(Code::E_INVAL, "telemetry: there is a pipeline '{}' already", name);
    return {};
}

void hide_in_telemetry(std::string_view name)
{
    const std::lock_guard guard(shown().lock);
    if (const auto at = shown().pipelines.find(name); at != shown().pipelines.end())
        shown().pipelines.erase(at);
}

} // namespace pipeline::metrics
