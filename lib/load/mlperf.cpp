// SPDX-License-Identifier: BSD-3-Clause
#include "load/mlperf.hpp"
#include <algorithm>
#include <cctype>
#include <cmath>

namespace qaic::load {

namespace {

constexpr double ms_per_ns = 1e-6;

bool same_word(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

void judge_size(const ScenarioRules& rules, const MlperfSettings& s, const Outcome& o, Judgement& j)
{
    const double seconds = s.seconds > 0 ? s.seconds : rules.seconds;
    const auto queries = s.queries > 0 ? s.queries : rules.queries;
    j.by_the_rules = seconds >= rules.seconds && queries >= rules.queries;
    if (o.seconds < seconds)
        j.reasons.push_back(fmt::format("ran for {:.3f} s, at least {:g} s are needed", o.seconds, seconds));
    const bool offline = rules.pattern == LoadPattern::ALL_AT_ONCE;
    const auto had = offline ? o.completed() : o.latency.count();
    if (had < queries)
        j.reasons.push_back(
            fmt::format("{} {}, at least {} are needed", had, offline ? "samples" : "queries", queries));
}

void judge_answers(const Outcome& o, Judgement& j)
{
    if (o.failed != 0) j.reasons.push_back(fmt::format("{} of {} samples failed", o.failed, o.completed()));
    if (o.unfinished != 0) j.reasons.push_back(fmt::format("{} samples never came back", o.unfinished));
}

/// Skipped intervals are queries over the limit: with them, the percentile is that of more queries.
void judge_latency(const ScenarioRules& rules, const MlperfSettings& s, const Outcome& o, Judgement& j)
{
    if (!rules.limited) return;
    if (s.limit_ns == 0) {
        j.reasons.emplace_back("no latency limit was given: there is nothing to judge by");
        return;
    }
    const auto skipped = rules.pattern == LoadPattern::AT_INTERVALS ? o.late : 0;
    const auto answered = static_cast<double>(o.latency.count()),
               all = answered + static_cast<double>(skipped);
    const double fraction = answered > 0 ? rules.fraction * all / answered : 1;
    if (fraction > 1) {
        j.reasons.push_back(fmt::format(
            "{} of {:.0f} intervals were skipped, more than the {:g} % that may be over the limit", skipped,
            all, 100 - 100 * rules.fraction));
        return;
    }
    if (const auto latency = o.latency.quantile(fraction); latency > s.limit_ns)
        j.reasons.push_back(fmt::format("p{:g} latency is {:.3f} ms, limit {:.3f} ms", 100 * rules.fraction,
                                        static_cast<double>(latency) * ms_per_ns,
                                        static_cast<double>(s.limit_ns) * ms_per_ns));
}

double metric_of(const ScenarioRules& rules, const MlperfSettings& s, const Outcome& o)
{
    switch (rules.scenario) {
    case Scenario::SINGLE_STREAM: return static_cast<double>(o.latency.quantile(rules.fraction));
    case Scenario::MULTI_STREAM: return s.samples_per_query;
    case Scenario::SERVER: return o.offered; // the rules' FAQ: scheduled, not completed
    case Scenario::OFFLINE: return o.rate();
    }
    return 0;
}

} // namespace

const ScenarioRules& rules_of(Scenario scenario) noexcept
{
    return scenarios[static_cast<std::size_t>(scenario)];
}

Result<Scenario> scenario_named(std::string_view name)
{
    for (const auto& rules : scenarios)
        if (same_word(name, rules.name)) return rules.scenario;
    return fail(Code::E_INVAL, "no scenario \"{}\": SingleStream, MultiStream, Server or Offline",
                name.substr(0, 40));
}

Judgement judge(Scenario scenario, const MlperfSettings& settings, const Outcome& outcome)
{
    const auto& rules = rules_of(scenario);
    Judgement j;
    j.metric = metric_of(rules, settings, outcome);
    judge_answers(outcome, j);
    judge_latency(rules, settings, outcome, j);
    judge_size(rules, settings, outcome, j);
    j.valid = j.reasons.empty();
    return j;
}

std::string describe(Scenario scenario, const Judgement& j)
{
    const auto& rules = rules_of(scenario);
    std::string text = fmt::format("{}: {}{}, {:.10g} {}", rules.name, j.valid ? "VALID" : "INVALID",
                                   j.by_the_rules ? "" : " (by less than the rules' time or queries)",
                                   j.metric, rules.metric);
    for (std::size_t i = 0; i < j.reasons.size(); ++i) text += (i == 0 ? ": " : "; ") + j.reasons[i];
    return text;
}

} // namespace qaic::load
