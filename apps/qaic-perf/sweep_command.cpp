// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf sweep: every combination of depths, bursts, lcores and rates, on one session.
#include "commands.hpp"
#include "load/sweep.hpp"
#include "report_parts.hpp"
#include "run_outputs.hpp"
#include "trial.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace qaic::perf {

namespace {

struct SweepOptions {
    RunOptions run;
    std::string depths = "32", bursts = "8", lcores = "1", rates;
    load::SweepAxes axes;
};

Result<void> settle_sweep(SweepOptions& o)
{
    QAIC_TRY(o.axes.depths, load::parse_counts("--depths", o.depths, 1, 65535));
    QAIC_TRY(o.axes.bursts, load::parse_counts("--bursts", o.bursts, 1, 65535));
    QAIC_TRY(o.axes.lcores, load::parse_counts("--lcore-counts", o.lcores, 1, 64));
    if (!o.rates.empty()) {
        QAIC_TRY(o.axes.rates, load::parse_numbers("--rates", o.rates, 0.001, 1e9));
    }
    // The session is as large as its largest point.
    o.run.queue_depth = *std::max_element(o.axes.depths.begin(), o.axes.depths.end());
    o.run.lcores = *std::max_element(o.axes.lcores.begin(), o.axes.lcores.end());
    o.run.burst = 1;
    return settle(o.run);
}

std::string to_json(const std::vector<load::SweepRow>& rows, const Report& known)
{
    Json out = report_head("qaic-perf sweep", known);
    auto& list = out["points"] = Json::array();
    for (const auto& row : rows) {
        const auto& f = row.figures;
        Json point = {{"depth", row.point.depth},
                      {"burst", row.point.burst},
                      {"lcores", row.point.lcores},
                      {"offered_per_s", f.offered},
                      {"inferences_per_s", f.achieved},
                      {"failed", f.failed},
                      {"late", f.late},
                      {"unfinished", f.unfinished},
                      {"mean_us", f.mean_us}};
        for (std::size_t i = 0; i < load::quantile_columns.size(); ++i)
            point[std::string(load::quantile_columns[i].name) + "_us"] = f.latency_us[i];
        point["max_us"] = f.max_us;
        list.push_back(std::move(point));
    }
    return dump(out);
}

Result<int> sweep(SweepOptions& o)
{
    QAIC_CHECK(check_outputs(o.run));
    QAIC_TRY(const auto grid, load::expand(o.axes));
    QAIC_TRY(const auto session, Session::start(o.run));
    auto known = session->report();
    QAIC_CHECK(warm_up(*session, *known));
    std::vector<load::SweepRow> rows;
    bool good = true;
    for (const auto& p : grid.points) {
        TrialPlan plan;
        plan.rate = p.rate, plan.seconds = o.run.time, plan.count = o.run.count;
        plan.depth = p.depth, plan.burst = p.burst, plan.lcores = p.lcores;
        QAIC_TRY(const auto r, measure_trial(*session, plan));
        good = good && r->measure.ledger.failed == 0;
        rows.push_back({p, load::figures_of(r->outcome)});
    }
    fmt::print("{}", load::sweep_table(rows));
    if (grid.skipped != 0)
        fmt::print("{} combinations left out: the burst is more than the depth\n", grid.skipped);
    QAIC_CHECK(write_json(o.run, to_json(rows, *known)));
    QAIC_CHECK(write_outputs(o.run, rows));
    QAIC_CHECK(session->close());
    return good ? 0 : 1;
}

} // namespace

Command add_sweep(CLI::App& program)
{
    auto* app = program.add_subcommand("sweep", "a grid of measurements over depth, burst, lcores and rate");
    auto o = std::make_shared<SweepOptions>();
    add_run_options(*app, o->run);
    for (const char* own : {"--queue-depth", "--burst", "--rate", "--lcores", "--schedule"})
        app->remove_option(app->get_option(own));
    const char* const lists = "lists and ranges: 1,2,4 or 1..64*2 or 1000..9000+1000";
    app->add_option("--depths", o->depths, std::string("queue depths, ") + lists)->capture_default_str();
    app->add_option("--bursts", o->bursts, "bursts, likewise")->capture_default_str();
    app->add_option("--lcore-counts", o->lcores, "numbers of lcores, likewise")->capture_default_str();
    app->add_option("--rates", o->rates, "rates, likewise (default: closed loops)");
    return command_of(app, o, settle_sweep, sweep);
}

} // namespace qaic::perf
