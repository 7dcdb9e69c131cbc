// SPDX-License-Identifier: BSD-3-Clause
// The figures a report derives, and the verdict over it.
#include "report.hpp"

#include <fmt/format.h>

namespace qaic::perf {

namespace {

double per(std::uint64_t a, std::uint64_t b)
{
    return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

void judge_phase(const char* name, const Phase& p, std::vector<std::string>& problems)
{
    const auto& l = p.ledger;
    if (p.stalled)
        problems.push_back(
            fmt::format("{}: waited {:.2f} s for {} ops in flight and none came back (limit: --wait-limit)",
                        name, p.waited, l.in_flight));
    if (l.failed != 0)
        problems.push_back(fmt::format("{}: {} of {} ops failed; the first: {}", name, l.failed, l.submitted,
                                       p.first_failure.empty() ? "no text" : p.first_failure));
    else if (!p.first_failure.empty())
        problems.push_back(fmt::format("{}: {}", name, p.first_failure));
    if (p.unissued != 0)
        problems.push_back(
            fmt::format("{}: {} inferences that fell due had not gone when --drain was over: the "
                        "rate is more than can be served, and no latency holds them",
                        name, p.unissued));
    if (!l.balanced())
        problems.push_back(
            fmt::format("{}: counts do not balance: submitted {} = succeeded {} + failed {} + in flight {}, "
                        "{} came back without being out",
                        name, l.submitted, l.succeeded, l.failed, l.in_flight, l.stray));
}

void judge_device(const Report& r, std::vector<std::string>& problems)
{
    const auto total = r.total();
    const auto& d = r.counted;
    if (d.enqueued != total.submitted || d.dequeued != total.completed())
        problems.push_back(
            fmt::format("the device counted {} enqueued and {} dequeued, this program {} and {}", d.enqueued,
                        d.dequeued, total.submitted, total.completed()));
    if (d.dequeue_errors != total.failed)
        problems.push_back(
            fmt::format("the device counted {} failed ops, this program {}", d.dequeue_errors, total.failed));
}

void judge_verified(const Report& r, std::vector<std::string>& problems)
{
    const auto tolerance = r.options.effective_tolerance();
    const auto& v = r.verification;
    if (!r.options.expect.empty() && v.checked != r.tensors)
        problems.push_back(
            fmt::format("verify: only {} of {} outputs could be compared", v.checked, r.tensors));
    if (v.wrong != 0) problems.push_back("verify: " + describe_first_wrong(v, tolerance));
    if (v.same_class != v.classed)
        problems.push_back(fmt::format("verify: {} of {} outputs name another class than expected",
                                       v.classed - v.same_class, v.classed));
}

void judge_measured(const Report& r, std::vector<std::string>& problems)
{
    const auto tolerance = r.options.effective_tolerance();
    if (r.sampled.same_class != r.sampled.classed)
        problems.push_back(fmt::format("measure: {} of {} checked outputs name another class than expected",
                                       r.sampled.classed - r.sampled.same_class, r.sampled.classed));
    if (r.sampled.wrong != 0) problems.push_back("measure: " + describe_first_wrong(r.sampled, tolerance));
    const auto& c = r.checksums;
    if (c.mismatches != 0)
        problems.push_back("measure: " + describe_mismatch(c, r.options.devices[c.first.card]));
    if (c.unknown != 0)
        problems.push_back(fmt::format("measure: {} outputs are of inputs that gave none when verified, so "
                                       "there is no checksum to compare with",
                                       c.unknown));
}

/// NaN that --expect has too is as it should be, and NaN that it has not is wrong; without it nobody knows.
void warn_of_special(const Report& r, std::vector<std::string>& warnings)
{
    if (!r.options.expect.empty()) return;
    const std::pair<const char*, const SpecialValues&> phases[] = {{"verify", r.verification.special},
                                                                   {"measure", r.sampled.special}};
    for (const auto& [name, s] : phases)
        if (s.nans + s.infinities != 0)
            warnings.push_back(fmt::format("{}: {} elements of the outputs are NaN and {} infinite; give "
                                           "--expect to have that judged",
                                           name, s.nans, s.infinities));
}

void judge_until(const Report& r, std::vector<std::string>& problems)
{
    if (!r.until || r.until->reached) return;
    const auto& a = r.until->answer;
    auto text = fmt::format(
        "measure: {} of the latency is {} after {} samples and {:.1f} s, and --error asks for {:g} %: ",
        r.options.until, a.error < 0 ? "not known at all" : fmt::format("known to {:.3g} %", 100 * a.error),
        r.outcome.latency.count(), r.measure.seconds, 100 * r.options.error);
    text +=
        r.until->stopped
            ? "the first lcore's samples ended the run and the others' are not like them (use one lcore, or "
              "ask for a smaller --error)"
            : fmt::format("it takes about {} samples (raise --time or --count, or --error)", a.needed);
    problems.push_back(std::move(text));
}

} // namespace

Ledger Report::total() const
{
    Ledger sum = verify.ledger;
    sum += warmup.ledger;
    sum += measure.ledger;
    return sum;
}

double Report::per_second() const
{
    return measure.seconds > 0 ? static_cast<double>(measure.ledger.completed()) / measure.seconds : 0;
}
double Report::enqueue_ticks_per_op() const { return per(costs.enqueue_ticks, measure.ledger.submitted); }
double Report::dequeue_ticks_per_op() const { return per(costs.dequeue_ticks, measure.ledger.completed()); }
double Report::empty_poll_ticks() const { return per(costs.empty_ticks, costs.empty_calls); }
double Report::accuracy() const { return per(verification.correct, verification.labelled); }

std::vector<std::string> verify_problems(const Report& report)
{
    std::vector<std::string> problems;
    judge_phase("verify", report.verify, problems);
    judge_verified(report, problems);
    return problems;
}

std::vector<std::string> measured_output_problems(const Report& report)
{
    std::vector<std::string> problems;
    judge_measured(report, problems);
    return problems;
}

void judge(Report& report)
{
    auto problems = verify_problems(report);
    judge_measured(report, problems);
    warn_of_special(report, report.warnings);
    judge_phase("warm-up", report.warmup, problems);
    judge_phase("measure", report.measure, problems);
    judge_until(report, problems);
    judge_device(report, problems);
    if (report.measure.ledger.succeeded == 0)
        problems.emplace_back("measure: no inference succeeded, so there are no figures");
    report.problems.insert(report.problems.end(), problems.begin(), problems.end());
}

} // namespace qaic::perf
