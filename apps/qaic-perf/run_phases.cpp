// SPDX-License-Identifier: BSD-3-Clause
#include "run_phases.hpp"

#include "card_control.hpp"
#include "crew.hpp"
#include "live_line.hpp"

#include <rte_lcore.h>

namespace qaic::perf {

namespace {

/// In the measured phase one output in so many is checked: a prime, so that over time all tensors get their
/// turn.
constexpr std::uint64_t sample_period = 1009;

PhasePlan common_plan(const RunOptions& o, double hz)
{
    PhasePlan plan;
    plan.burst = static_cast<std::uint16_t>(o.burst);
    plan.whole_bursts = o.whole_bursts;
    plan.stall_ticks = static_cast<std::uint64_t>(o.wait_limit * hz);
    plan.tsc_hz = hz;
    return plan;
}

load::ArrivalPlan arrivals_of(const RunOptions& o, const std::vector<std::uint64_t>& schedule)
{
    using load::ArrivalKind;
    const auto kind = !schedule.empty()        ? ArrivalKind::REPLAY
                      : o.arrivals == "fixed"  ? ArrivalKind::FIXED
                      : o.arrivals == "trains" ? ArrivalKind::TRAINS
                                               : ArrivalKind::POISSON;
    return {kind, o.rate, o.train, schedule, o.seed};
}

void measured_plan(PhasePlan& plan, const RunOptions& o, const std::vector<std::uint64_t>& schedule)
{
    if (o.count != 0) plan.count = o.count;
    if (o.time > 0) plan.ticks = static_cast<std::uint64_t>(o.time * plan.tsc_hz);
    if (!o.open_loop()) return;
    plan.open = !o.by_queries();
    if (plan.open) {
        plan.arrivals = arrivals_of(o, schedule);
    } else {
        plan.interval_ticks =
            static_cast<std::uint64_t>(std::max(static_cast<double>(o.interval_ns) * plan.tsc_hz / 1e9, 1.0));
        plan.samples = o.samples;
    }
    plan.drain_ticks = static_cast<std::uint64_t>(o.drain * plan.tsc_hz);
    plan.late_limit = static_cast<std::uint64_t>(o.late_us * plan.tsc_hz / 1e6);
    for (const auto& m : o.models) plan.weights.push_back(m.weight);
    if (plan.ticks == ~0ull) plan.ticks >>= 2; // leaves room to add to
}

Phase phase_of(const PhaseResult& result, double hz)
{
    Phase phase;
    for (const auto& seat : result.seats) {
        if (seat == nullptr) continue;
        phase.ledger += seat->stats.ledger;
        if (phase.first_failure.empty()) phase.first_failure = seat->first_failure;
    }
    for (const auto& l : result.lcores) {
        phase.seconds =
            std::max(phase.seconds, static_cast<double>(l.loop.last_tick - l.loop.first_tick) / hz);
        phase.waited = std::max(phase.waited, static_cast<double>(l.loop.waited_ticks) / hz);
        phase.stalled |= l.loop.stalled;
        phase.unissued += l.loop.unissued;
    }
    return phase;
}

/// `seconds`: of the lcore that the lane belongs to.
load::Outcome outcome_of(const load::LaneStats& s, bool open, double seconds, double hz)
{
    const auto ns = 1e9 / hz;
    load::Outcome o;
    o.seconds = seconds;
    o.submitted = s.ledger.submitted;
    o.succeeded = s.ledger.succeeded;
    o.failed = s.ledger.failed;
    o.late = s.late;
    o.unfinished = s.ledger.in_flight;
    o.service = s.service.scaled(ns);
    o.latency = open ? s.latency.scaled(ns) : o.service;
    o.lateness = s.lateness.scaled(ns);
    return o;
}

/// Latencies become those of the queries, and intervals that were skipped are what is late.
void keep_queries(const load::QueryStats& q, double ns, load::Outcome& o)
{
    o.latency = q.latency.scaled(ns);
    o.lateness = q.lateness.scaled(ns);
    o.late = q.skipped;
}

/// Seconds in which things fell due on the lcore that went on for longest.
double stopped_after(const PhaseResult& result, double hz)
{
    std::uint64_t ticks = 0;
    for (const auto& l : result.lcores) ticks = std::max(ticks, l.loop.stopped_ticks);
    return static_cast<double>(ticks) / hz;
}

void keep_measured(const PhaseResult& result, Site& site, bool open, double hz, Report& r)
{
    for (const auto& l : result.lcores) {
        const auto all = l.loop.busy_ticks + l.loop.idle_ticks;
        r.lcores.push_back({l.lcore,
                            all == 0 ? 0 : static_cast<double>(l.loop.busy_ticks) / static_cast<double>(all),
                            static_cast<int>(rte_lcore_to_socket_id(l.lcore)), l.loop.busy_ticks});
    }
    for (std::size_t i = 0; i < result.seats.size(); ++i) {
        if (result.seats[i] == nullptr) continue;
        const auto& s = result.seats[i]->stats;
        const auto& seat = site.seats()[i];
        r.costs += s.costs;
        r.enqueue_per_op.merge(s.enqueue_per_op);
        r.dequeue_per_op.merge(s.dequeue_per_op);
        r.sampled += result.seats[i]->checked;
        r.lanes.push_back({r.lcores[seat.lcore].lcore, seat.card, seat.model, s.ledger, s.costs,
                           outcome_of(s, open, r.measure.seconds, hz)});
        r.outcome.merge(r.lanes.back().outcome);
    }
    for (const auto& l : result.lcores)
        if (l.queries != nullptr) keep_queries(*l.queries, 1e9 / hz, r.outcome);
    if (!r.options.open_loop()) return;
    std::uint64_t due = 0;
    for (const auto& l : result.lcores) due += l.fell_due;
    r.outcome.unfinished += r.measure.unissued;
    auto window = r.options.time > 0 ? r.options.time : r.measure.seconds;
    if (result.stopped) window = stopped_after(result, hz);
    r.outcome.offered = window > 0 ? static_cast<double>(due) / window : 0;
}

MakeVerifier verifier_of(const Session& session, const Report& r)
{
    const auto& t = session.tensors();
    return [runs = element_runs(r.model.outputs, r.options.format()), &t,
            tolerance = r.options.effective_tolerance()] {
        return Verifier(runs, t.expect.data, t.labels.data, tolerance);
    };
}

Result<void> verify(Session& session, Report& r)
{
    const auto& o = r.options;
    auto all = common_plan(o, session.tsc_hz());
    all.count = session.tensors().input.count;
    all.sample_period = 1;
    all.first_seat_only = true;
    if (!o.output.empty()) r.outputs.resize(all.count * file_bytes(r.model.outputs, o.format()));
    const MakeVerifier keeping = [&] {
        auto v = verifier_of(session, r)();
        if (!r.outputs.empty()) v.keep_in(r.outputs);
        return v;
    };
    std::atomic<std::uint64_t> completed{0};
    QAIC_TRY(const auto done, run_phase(session.site(), o, all, keeping, completed));
    r.verify = phase_of(done, session.tsc_hz());
    r.verification = done.seats.front()->checked;
    return {};
}

/// A few operations one after the other: what they take longer under load, they wait.
Result<void> go_alone(Session& session, Report& r)
{
    auto one = r.options;
    one.queue_depth = one.burst = 1;
    auto plan = common_plan(one, session.tsc_hz());
    plan.count = 32;
    plan.ticks = static_cast<std::uint64_t>(r.options.warmup * session.tsc_hz());
    plan.first_seat_only = true;
    std::atomic<std::uint64_t> completed{0};
    QAIC_TRY(const auto done, run_phase(session.site(), one, plan, verifier_of(session, r), completed));
    r.warmup = phase_of(done, session.tsc_hz());
    if (r.warmup.stalled || r.warmup.ledger.succeeded == 0) return {};
    r.alone_ns = r.ns(static_cast<double>(done.seats.front()->stats.service.quantile(0.5)));
    return {};
}

/// The later part's fate is the phase's.
Phase joined(const Phase& first, Phase second)
{
    second.ledger += first.ledger;
    second.seconds += first.seconds;
    if (!first.first_failure.empty()) second.first_failure = first.first_failure;
    return second;
}

} // namespace

Result<void> warm_up(Session& session, Report& r)
{
    if (r.options.warmup <= 0) return {};
    QAIC_CHECK(go_alone(session, r));
    if (r.warmup.stalled) return {};
    auto warm = common_plan(r.options, session.tsc_hz());
    warm.ticks = static_cast<std::uint64_t>(r.options.warmup * session.tsc_hz());
    std::atomic<std::uint64_t> completed{0};
    QAIC_TRY(const auto done, run_phase(session.site(), r.options, warm, verifier_of(session, r), completed));
    r.warmup = joined(r.warmup, phase_of(done, session.tsc_hz()));
    return {};
}

Result<void> measure(Session& session, Report& r)
{
    const auto hz = session.tsc_hz();
    auto plan = common_plan(r.options, hz);
    plan.sample_period = sample_period;
    measured_plan(plan, r.options, session.schedule());
    if (plan.open) QAIC_CHECK(load::check(plan.arrivals));
    const auto& control = r.options.card_control;
    if (!control.empty()) QAIC_CHECK(reset_card_counts(control));
    QAIC_TRY(const auto rule, load::StopRule::make(stop_settings(r.options)));
    if (!r.options.until.empty()) plan.stop = &rule;
    std::atomic<std::uint64_t> completed{0};
    const LiveLine live(completed);
    const auto verifier = verifier_of(session, r);
    QAIC_TRY(const auto done, run_phase(session.site(), r.options, plan, verifier, completed));
    if (!control.empty()) {
        QAIC_TRY(r.cards, ask_card_counts(control));
    }
    r.measure = phase_of(done, hz);
    keep_measured(done, session.site(), plan.open, hz, r);
    if (plan.stop != nullptr) {
        r.until = UntilReport{rule.ask(r.outcome.latency, r.measure.seconds), done.stopped};
        // What was out at the end comes on top of a single lcore's; other lcores' may be another
        // distribution.
        r.until->reached =
            r.until->answer.state == load::StopState::ENOUGH || (done.stopped && done.lcores.size() == 1);
    }
    r.sample_period = verifier().needed() ? sample_period : 0;
    return {};
}

Result<void> run_phases(Session& session, Report& r)
{
    if (r.verifies()) {
        QAIC_CHECK(verify(session, r));
        if (r.verify.stalled) return {};
    }
    QAIC_CHECK(warm_up(session, r));
    return r.warmup.stalled ? Result<void>{} : measure(session, r);
}

} // namespace qaic::perf
