// SPDX-License-Identifier: BSD-3-Clause
#include "run_outputs.hpp"

#include "load/csv.hpp"
#include "load/gnuplot.hpp"
#include "load/hgrm.hpp"
#include "text_file.hpp"

#include <fmt/ranges.h>

namespace qaic::perf {

namespace {

Result<void> write_text(const char* option, const std::string& path, const std::string& text)
{
    if (path.empty()) return {};
    return write_file(option, path, std::as_bytes(std::span(text)));
}

/// One row of all lanes, and one for each.
std::string csv_of(const Report& r)
{
    const std::vector<std::string> labels{"lcore", "card", "model"};
    auto text = load::csv_header(labels) +
                load::csv_row(std::vector<std::string>{"all", "all", "all"}, load::figures_of(r.outcome));
    for (const auto& l : r.lanes)
        text += load::csv_row(std::vector<std::string>{std::to_string(l.lcore), r.options.devices[l.card],
                                                       r.options.models[l.model].path},
                              load::figures_of(l.outcome));
    return text;
}

std::string csv_of(const std::vector<load::SweepRow>& rows)
{
    auto text = load::csv_header(std::vector<std::string>{"lcores", "depth", "burst"});
    for (const auto& row : rows) {
        const auto& p = row.point;
        text += load::csv_row(std::vector<std::string>{std::to_string(p.lcores), std::to_string(p.depth),
                                                       std::to_string(p.burst)},
                              row.figures);
    }
    return text;
}

std::string title_of(const RunOptions& o)
{
    return fmt::format("{} on {} card{}", o.model.substr(o.model.rfind('/') + 1), o.devices.size(),
                       o.devices.size() == 1 ? "" : "s");
}

} // namespace

Result<void> check_outputs(const RunOptions& o)
{
    const std::pair<const char*, const std::string&> written[] = {
        {"--json", o.json}, {"--csv", o.csv}, {"--hgrm", o.hgrm}, {"--plot", o.plot}, {"--output", o.output}};
    for (const auto& [option, path] : written)
        if (!path.empty()) QAIC_CHECK(check_writable(option, path));
    return {};
}

Result<void> write_outputs(const Report& r, double limit_us)
{
    const auto& o = r.options;
    QAIC_CHECK(write_text("--csv", o.csv, csv_of(r)));
    QAIC_CHECK(write_text("--hgrm", o.hgrm, load::hgrm_text(r.outcome.latency)));
    if (o.plot.empty()) return {};
    std::vector<load::LatencyCurve> curves{{o.open_loop() ? "from the due time" : "", &r.outcome.latency}};
    if (o.open_loop()) curves.push_back({"from the enqueue call", &r.outcome.service});
    return load::render_svg(load::latency_plot(title_of(o), curves, limit_us), o.plot);
}

Result<void> write_outputs(const RunOptions& o, const std::vector<load::SweepRow>& rows, double limit_us)
{
    QAIC_CHECK(write_text("--csv", o.csv, csv_of(rows)));
    return o.plot.empty() ? Result<void>{}
                          : load::render_svg(load::sweep_plot(title_of(o), rows, limit_us), o.plot);
}

Result<void> write_json(const RunOptions& o, const std::string& text)
{
    return write_text("--json", o.json, text);
}

} // namespace qaic::perf
