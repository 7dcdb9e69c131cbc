// SPDX-License-Identifier: BSD-3-Clause
#include "run_outputs.hpp"
#include "files.hpp"
#include "pipeline/draw/graph.hpp"
#include "pipeline/metrics/live_table.hpp"
#include "pipeline/metrics/snapshot_json.hpp"

namespace qaic_pipe {

namespace {

std::uint64_t stopped_items(const pipeline::PipelineSnapshot& end)
{
    std::uint64_t n = 0;
    for (const auto& s : end.stages)
        for (const auto& d : s.dropped)
            if (d.name == "stopped") n += d.value;
    return n;
}

std::string full_links(const pipeline::PipelineSnapshot& end)
{
    std::string out;
    for (const auto& l : end.links)
        if (l.when_full == pipeline::WhenFull::FAIL && l.full_bursts != 0)
            out += fmt::format("{}link {} -> {} with when_full = \"fail\" was full (depth {})",
                               out.empty() ? "" : ", ", l.from, l.to, l.depth);
    return out;
}

/// What the table shows as one number.
void tell_drops(const pipeline::PipelineSnapshot& end)
{
    for (const auto& s : end.stages)
        for (const auto& d : s.dropped)
            if (d.value != 0)
                fmt::print(stderr, "qaic-pipe: {} {} dropped {}: {}\n", s.name, s.replica, d.value, d.name);
}

} // namespace

Result<void> draw_pictures(const RunOptions& options, const pipeline::PipelineSpec& spec,
                           const pipeline::PipelineSnapshot& now, const pipeline::PipelineSnapshot* before)
{
    const pipeline::draw::GraphInput graph{spec, nullptr, &now, before};
    if (!options.svg.empty()) QAIC_CHECK(replace_text(options.svg, pipeline::draw::graph_svg(graph)));
    if (!options.dot.empty()) QAIC_CHECK(replace_text(options.dot, pipeline::draw::graph_dot(graph)));
    return {};
}

Result<void> write_outputs(const RunOptions& options, const pipeline::PipelineSpec& spec,
                           const pipeline::PipelineSnapshot& end)
{
    QAIC_CHECK(draw_pictures(options, spec, end, nullptr));
    tell_drops(end);
    return write_text("", options.json ? pipeline::metrics::snapshot_json(end).dump(2) + "\n"
                                       : pipeline::metrics::live_table(end, nullptr));
}

Result<void> judge_end(RunEnd how, const RunOptions& options, const pipeline::PipelineSnapshot& end)
{
    const auto stopped = stopped_items(end);
    switch (how) {
    case RunEnd::LINK_FULL:
        return fail(Code::E_STATE, "{}; {} items in flight were dropped", full_links(end), stopped);
    case RunEnd::STOPPED:
        return fail(Code::E_STATE, "{} was stopped while it drained: {} items were dropped", end.name,
                    stopped);
    case RunEnd::NOT_DRAINED:
        return fail(Code::E_TIMEOUT, "{} did not drain in {} s (--drain-limit): {} items were dropped",
                    end.name, options.drain_limit, stopped);
    case RunEnd::FINISHED: break;
    }
    if (end.ledger.in_flight != 0)
        return fail(Code::E_STATE, "{}: {} of {} items are neither out nor dropped", end.name,
                    end.ledger.in_flight, end.ledger.in);
    if (end.ledger.out == 0 && end.ledger.dropped != 0)
        return fail(Code::E_STATE, "{}: nothing came through, all of {} items were dropped", end.name,
                    end.ledger.in);
    return {};
}

} // namespace qaic_pipe
