// SPDX-License-Identifier: BSD-3-Clause
#include "run_phases.hpp"

#include "card_control.hpp"
#include "crew.hpp"
#include "live_line.hpp"

#include <rte_lcore.h>

namespace qaic::perf {

namespace {

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
        if (phase.first_failure.empty()) phase.first_failure = seat->observer.first_failure();
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
        const auto& observer = result.seats[i]->observer;
        r.sampled += observer.verification();
        auto sums = observer.checksums();
        sums.first.lcore = r.lcores[seat.lcore].lcore, sums.first.card = seat.card,
        sums.first.model = seat.model;
        r.checksums += sums;
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

/// Files are of the first model.
MakeVerifier verifier_of(Session& session, const Report& r)
{
    return [&session, &o = r.options](const Seat& seat) {
        const auto& t = session.tensors();
        const bool has_files = seat.model == 0;
        return Verifier(element_runs(session.site().model(seat).facts().outputs, o.format()),
                        has_files ? ConstSpan(t.expect.data) : ConstSpan(),
                        has_files ? ConstSpan(t.labels.data) : ConstSpan(), o.effective_tolerance());
    };
}

void add(Phase& sum, const Phase& p)
{
    sum.ledger += p.ledger;
    sum.seconds += p.seconds;
    sum.stalled |= p.stalled;
    sum.waited = std::max(sum.waited, p.waited);
    if (sum.first_failure.empty()) sum.first_failure = p.first_failure;
}

/// One model's, on the first seat that has it.
Result<void> verify_on(std::size_t seat, Session& session, Report& r)
{
    auto plan = common_plan(r.options, session.tsc_hz());
    plan.only_seat = seat;
    plan.count = session.site().tensors(session.site().seats()[seat]);
    plan.check = {1, session.references().empty() ? 0U : 1U, true};
    const MakeVerifier keeping = [&](const Seat& s) {
        auto v = verifier_of(session, r)(s);
        if (!r.outputs.empty()) v.keep_in(r.outputs);
        return v;
    };
    std::atomic<std::uint64_t> completed{0};
    QAIC_TRY(const auto done,
             run_phase(session.site(), r.options, plan, keeping, session.references(), completed));
    add(r.verify, phase_of(done, session.tsc_hz()));
    r.verification += done.seats[seat]->observer.verification();
    return {};
}

/// Without --checksum there are files, and so one model.
Result<void> verify(Session& session, Report& r)
{
    const auto& o = r.options;
    auto& site = session.site();
    const std::size_t models = o.checksum == 0 ? 1 : o.models.size();
    if (!o.output.empty())
        r.outputs.resize(session.tensors().input.count * file_bytes(r.model.outputs, o.format()));
    if (o.checksum != 0)
        for (std::size_t m = 0; m < models; ++m)
            session.references().emplace_back(site.tensors(site.seats()[m])); // the first seats: one a model
    for (std::size_t m = 0; m < models && !r.verify.stalled; ++m) QAIC_CHECK(verify_on(m, session, r));
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
    plan.only_seat = 0;
    std::atomic<std::uint64_t> completed{0};
    QAIC_TRY(const auto done,
             run_phase(session.site(), one, plan, verifier_of(session, r), session.references(), completed));
    r.warmup = phase_of(done, session.tsc_hz());
    if (r.warmup.stalled || r.warmup.ledger.succeeded == 0) return {};
    r.alone_ns = r.ns(static_cast<double>(done.seats.front()->stats.service.quantile(0.5)));
    return {};
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
    QAIC_TRY(const auto done, run_phase(session.site(), r.options, warm, verifier_of(session, r),
                                        session.references(), completed));
    add(r.warmup, phase_of(done, session.tsc_hz()));
    return {};
}

Result<void> measure(Session& session, Report& r)
{
    const auto hz = session.tsc_hz();
    if (r.options.checksum != 0 && session.references().empty()) {
        QAIC_CHECK(verify(session, r));
        if (auto problems = verify_problems(r); !problems.empty())
            return fail(Code::E_STATE, "{}", problems.front());
    }
    auto plan = common_plan(r.options, hz);
    plan.check = {r.check_period(), r.options.checksum, false};
    measured_plan(plan, r.options, session.schedule());
    if (plan.open) QAIC_CHECK(load::check(plan.arrivals));
    const auto& control = r.options.card_control;
    if (!control.empty()) QAIC_CHECK(reset_card_counts(control));
    QAIC_TRY(const auto rule, load::StopRule::make(stop_settings(r.options)));
    if (!r.options.until.empty()) plan.stop = &rule;
    std::atomic<std::uint64_t> completed{0};
    const LiveLine live(completed);
    QAIC_TRY(const auto done, run_phase(session.site(), r.options, plan, verifier_of(session, r),
                                        session.references(), completed));
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
    return {};
}

Result<void> run_phases(Session& session, Report& r)
{
    if (r.verifies() || r.options.checksum != 0) {
        QAIC_CHECK(verify(session, r));
        if (r.verify.stalled) return {};
    }
    QAIC_CHECK(warm_up(session, r));
    return r.warmup.stalled ? Result<void>{} : measure(session, r);
}

} // namespace qaic::perf
