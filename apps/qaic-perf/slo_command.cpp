// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf slo: the highest Poisson rate at which a percentile of the latency keeps a limit.
#include "commands.hpp"
#include "load/slo.hpp"
#include "report_parts.hpp"
#include "run_outputs.hpp"
#include "trial.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

namespace qaic::perf {

namespace {

struct SloOptions {
    RunOptions run;
    load::SloSettings search;
    std::vector<std::pair<double, std::shared_ptr<std::string>>> limits; ///< percentile, its option's text
};

void print_trial(const load::SloTrial& t)
{
    fmt::print("{:<8} {:>12.0f}/s offered {:>12.0f}/s achieved  {:>12.1f} us  {}\n",
               t.trial.step == load::Trial::Step::CONFIRM ? "confirm" : "try", t.trial.rate, t.achieved,
               static_cast<double>(t.percentile_ns) / 1000, load::broken_name(t.broken));
    std::fflush(stdout);
}

std::string to_text(const SloOptions& o, const load::SloResult& r)
{
    const auto what = fmt::format("p{:g} of the latency from the due time within {:g} us",
                                  o.search.fraction * 100, static_cast<double>(o.search.limit_ns) / 1000);
    switch (r.state) {
    case load::SloState::FOUND:
        return fmt::format("{:.0f} inferences/s keep the {} ({:.1f} us in the long run; {:.0f}/s did not)",
                           r.rate, what, static_cast<double>(r.percentile_ns) / 1000, r.broke_at);
    case load::SloState::NOT_LIMITED:
        return fmt::format("not limited: {:.0f} inferences/s, the highest rate allowed, keep the {}", r.rate,
                           what);
    case load::SloState::NOT_REACHED: return fmt::format("not reached: {}: {}", what, r.reason);
    default: return fmt::format("not stable: {}: {}", what, r.reason);
    }
}

std::string to_json(const SloOptions& o, const load::SloSearch& search, const Report& known)
{
    const auto& r = search.result();
    Json out = report_head("qaic-perf slo", known);
    out["limit"] = {{"percentile", o.search.fraction * 100}, {"ns", o.search.limit_ns}};
    out["result"] = {{"state", load::state_name(r.state)},
                     {"inferences_per_s", r.rate},
                     {"broke_at_per_s", r.broke_at},
                     {"percentile_ns", r.percentile_ns},
                     {"reason", r.reason}};
    auto& list = out["trials"] = Json::array();
    for (const auto& t : search.trials())
        list.push_back({{"offered_per_s", t.trial.rate},
                        {"achieved_per_s", t.achieved},
                        {"seconds", t.trial.seconds},
                        {"percentile_ns", t.percentile_ns},
                        {"verdict", load::broken_name(t.broken)}});
    return dump(out);
}

Result<int> search_rate(SloOptions& o)
{
    QAIC_CHECK(check_outputs(o.run));
    QAIC_TRY(auto search, load::SloSearch::make(o.search));
    QAIC_TRY(const auto session, Session::start(o.run));
    auto known = session->report();
    QAIC_CHECK(warm_up(*session, *known));
    std::vector<load::SweepRow> rows;
    for (auto trial = search.next(); trial; trial = search.next()) {
        TrialPlan plan;
        plan.rate = trial->rate, plan.seconds = trial->seconds;
        QAIC_TRY(const auto r, measure_trial(*session, plan));
        search.told(r->outcome);
        rows.push_back(
            {{o.run.queue_depth, o.run.burst, o.run.lcores, trial->rate}, load::figures_of(r->outcome)});
        print_trial(search.trials().back());
    }
    fmt::print("result   {}\n", to_text(o, search.result()));
    QAIC_CHECK(write_json(o.run, to_json(o, search, *known)));
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.point.rate < b.point.rate; });
    QAIC_CHECK(write_outputs(o.run, rows, static_cast<double>(o.search.limit_ns) / 1000));
    QAIC_CHECK(session->close());
    const auto state = search.result().state;
    return state == load::SloState::FOUND || state == load::SloState::NOT_LIMITED ? 0 : 1;
}

Result<void> settle_slo(SloOptions& o)
{
    for (const auto& [percentile, text] : o.limits) {
        if (text->empty()) continue;
        if (o.search.limit_ns != 0)
            return fail(Code::E_INVAL, "one percentile is searched for; two are given");
        const auto name = fmt::format("--p{:g}", percentile);
        QAIC_TRY(o.search.limit_ns, parse_time(name, *text));
        o.search.fraction = percentile / 100;
    }
    if (o.search.limit_ns == 0) return fail(Code::E_INVAL, "give a limit, such as --p99 2ms");
    o.search.start_rate = std::clamp(o.search.start_rate, o.search.lowest_rate, o.search.highest_rate);
    return settle(o.run);
}

} // namespace

Command add_slo(CLI::App& program)
{
    auto* app = program.add_subcommand("slo", "the highest rate at which a latency percentile keeps a limit");
    auto o = std::make_shared<SloOptions>();
    add_run_options(*app, o->run);
    for (const double p : {50.0, 90.0, 95.0, 99.0, 99.9, 99.99}) {
        auto text = std::make_shared<std::string>();
        app->add_option(fmt::format("--p{:g}", p), *text, "its limit, such as 2ms")->type_name("TIME");
        o->limits.emplace_back(p, std::move(text));
    }
    auto& s = o->search;
    const auto number = [app](const char* name, double& to, double low, double high, const char* what) {
        app->add_option(name, to, what)->check(CLI::Range(low, high))->capture_default_str();
    };
    number("--start-rate", s.start_rate, 0.1, 1e9, "the first rate tried");
    number("--lowest-rate", s.lowest_rate, 0.1, 1e9, "lower ones are not tried");
    number("--highest-rate", s.highest_rate, 0.1, 1e9, "higher ones are not tried");
    number("--resolution", s.resolution, 0.001, 0.5, "how near two rates are one");
    number("--trial", s.trial_seconds, 0.05, 600, "seconds of a trial");
    number("--confirm", s.confirm_seconds, 0.05, 3600, "seconds of the long run that confirms");
    return command_of(app, o, settle_slo, search_rate);
}

} // namespace qaic::perf
