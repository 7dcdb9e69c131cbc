// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf mlperf: MLPerf Inference's load patterns and rules, on our own generator: not MLPerf results.
#include "commands.hpp"
#include "load/mlperf.hpp"
#include "report_parts.hpp"
#include "run_outputs.hpp"
#include "trial.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace qaic::perf {

namespace {

struct MlperfOptions {
    RunOptions run;
    std::string scenario = "Server", limit;
    load::MlperfSettings settings{.samples_per_query = 0}; // 0: not given
    load::Scenario which = load::Scenario::SERVER;
};

/// MultiStream: a query of --samples each --limit, by one lcore, and never more of it waiting on our side.
Result<void> settle_intervals(MlperfOptions& o, const load::ScenarioRules& rules)
{
    auto& run = o.run;
    const auto samples = o.settings.samples_per_query;
    if (samples == 0) return fail(Code::E_INVAL, "{} needs --samples, the inferences of a query", rules.name);
    if (run.lcores > 1)
        return fail(Code::E_INVAL, "{} spreads a query over the cards of one lcore got=--lcores {}",
                    rules.name, run.lcores);
    if (run.model_words.size() > 1)
        return fail(Code::E_INVAL, "{}: the inferences of a query are of one model got={} models", rules.name,
                    run.model_words.size());
    const auto cards = run.devices.size();
    if (samples > std::uint64_t{run.queue_depth} * cards)
        return fail(
            Code::E_INVAL,
            "--samples {} is more than --queue-depth {} on {} card{} holds: at least --queue-depth {}",
            samples, run.queue_depth, cards, cards == 1 ? "" : "s", (samples + cards - 1) / cards);
    run.interval_ns = o.settings.limit_ns;
    run.samples = samples;
    return {};
}

/// A little longer than asked: the last answer may be back early, and queries may come a little slower.
double time_for(double seconds, double queries, const RunOptions& run)
{
    const double interval = static_cast<double>(run.interval_ns) / 1e9;
    const double each = run.rate > 0 ? 1 / run.rate : interval;
    return std::max(seconds * 1.01 + interval, queries * each * 1.02 + interval);
}

Result<void> settle_mlperf(MlperfOptions& o)
{
    QAIC_TRY(o.which, load::scenario_named(o.scenario));
    if (!o.limit.empty()) {
        QAIC_TRY(o.settings.limit_ns, parse_time("--limit", o.limit));
    }
    const auto& rules = load::rules_of(o.which);
    if (rules.limited && o.settings.limit_ns == 0)
        return fail(Code::E_INVAL, "{} needs --limit, the latency its percentile must keep (ResNet-50: 15ms)",
                    rules.name);
    if (rules.pattern == load::LoadPattern::POISSON && o.run.rate <= 0)
        return fail(Code::E_INVAL, "{} needs --rate, the queries a second to be scheduled", rules.name);
    if (rules.pattern != load::LoadPattern::POISSON) o.run.rate = 0;
    if (rules.pattern == load::LoadPattern::NEXT_WHEN_DONE) { // one query out, on one queue pair of one card
        if (o.run.devices.size() > 1 || o.run.lcores > 1)
            return fail(Code::E_INVAL, "{} has one query out: one card and one lcore", rules.name);
        o.run.queue_depth = o.run.burst = 1;
    }
    if (rules.pattern == load::LoadPattern::AT_INTERVALS) {
        QAIC_CHECK(settle_intervals(o, rules));
    } else if (o.settings.samples_per_query != 0) {
        return fail(Code::E_INVAL, "--samples is of MultiStream: a query of {} is {}", rules.name,
                    rules.pattern == load::LoadPattern::ALL_AT_ONCE ? "all there is" : "one inference");
    }
    const auto queries = o.settings.queries != 0 ? o.settings.queries : rules.queries;
    const auto seconds = o.settings.seconds > 0 ? o.settings.seconds : rules.seconds;
    o.run.count = 0;
    o.run.time = time_for(seconds, static_cast<double>(queries), o.run);
    return settle(o.run);
}

Result<int> play(MlperfOptions& o)
{
    QAIC_CHECK(check_outputs(o.run));
    QAIC_TRY(const auto session, Session::start(o.run));
    auto known = session->report();
    QAIC_CHECK(warm_up(*session, *known));
    TrialPlan plan;
    plan.rate = o.run.rate, plan.seconds = o.run.time;
    QAIC_TRY(const auto r, measure_trial(*session, plan));
    print_text(*r);
    const auto judged = load::judge(o.which, o.settings, r->outcome);
    fmt::print("mlperf     {}\n", load::describe(o.which, judged));
    if (!judged.by_the_rules) fmt::print("           shorter or with fewer queries than the rules ask for\n");
    fmt::print("           MLPerf's load patterns on our own generator: not an MLPerf result\n");
    if (!o.run.json.empty()) {
        auto out = Json::parse(to_json(*r));
        out["mlperf"] = {{"scenario", load::rules_of(o.which).name},
                         {"valid", judged.valid},
                         {"by_the_rules", judged.by_the_rules},
                         {"metric", judged.metric},
                         {"unit", load::rules_of(o.which).metric},
                         {"limit_ns", o.settings.limit_ns},
                         {"reasons", judged.reasons}};
        if (o.run.by_queries()) out["mlperf"]["samples_per_query"] = o.settings.samples_per_query;
        QAIC_CHECK(write_json(o.run, dump(out)));
    }
    QAIC_CHECK(write_outputs(*r, static_cast<double>(o.settings.limit_ns) / 1000));
    QAIC_CHECK(session->close());
    return judged.valid ? 0 : 1;
}

} // namespace

Command add_mlperf(CLI::App& program)
{
    auto* app =
        program.add_subcommand("mlperf", "the load patterns and rules of MLPerf Inference's scenarios");
    auto o = std::make_shared<MlperfOptions>();
    add_run_options(*app, o->run);
    for (const char* own : {"--time", "--count", "--schedule", "--arrivals"})
        app->remove_option(app->get_option(own));
    app->add_option("--scenario", o->scenario, "SingleStream, MultiStream, Server or Offline")
        ->capture_default_str();
    app->add_option("--limit", o->limit, "what the judged percentile must keep, such as 15ms")
        ->type_name("TIME");
    app->add_option("--samples", o->settings.samples_per_query,
                    "MultiStream: inferences of a query, one of which falls due each --limit")
        ->check(CLI::Range(1U, 1U << 20))
        ->type_name("N");
    app->add_option("--seconds", o->settings.seconds,
                    "a shorter run than the rules' 600 s, to try things out")
        ->check(CLI::Range(0.1, 86400.0));
    app->add_option("--queries", o->settings.queries, "fewer queries than the rules', likewise");
    return command_of(app, o, settle_mlperf, play);
}

} // namespace qaic::perf
