// SPDX-License-Identifier: BSD-3-Clause
#include "crew.hpp"

#include <cstring>
#include <functional>
#include <rte_launch.h>
#include <rte_lcore.h>

namespace qaic::perf {

namespace {

/// Seconds. Latencies of a loaded queue hang together: some hundred in a row, all of one moment, would pass
/// for a tail that is known.
constexpr double first_look = 1;

/// Tells watchers now and then how far a lcore is, and asks a stop rule if there is one: once a round costs a
/// comparison or two.
struct Progress {
    std::span<Lane> lanes;
    std::atomic<std::uint64_t>& completed;
    std::uint64_t period, next = 0, told = 0;
    std::optional<load::StopWatch> stop{};
    bool operator()(std::uint64_t now)
    {
        if (stop && !stop->goes_on(now, lanes)) return false;
        if (now < next) return true;
        next = now + period;
        std::uint64_t sum = 0;
        for (auto& lane : lanes) sum += lane.stats().ledger.completed();
        completed.fetch_add(sum - told, std::memory_order_relaxed);
        told = sum;
        return true;
    }
};

/// One lcore's part, made before it starts; but for a look of the stop rule the lcore allocates nothing.
struct Watch {
    const PhasePlan* plan = nullptr;
    std::size_t lcores = 1, index = 0;
    std::vector<Lane> lanes;
    std::vector<std::vector<std::uint32_t>> lanes_of_model;
    std::optional<Progress> progress;
    LcoreResult* result = nullptr;

    [[nodiscard]] std::uint64_t share(std::uint64_t count) const
    {
        if (count == ~0ull) return count;
        return count / lcores + (index < count % lcores ? 1 : 0);
    }
    void run()
    {
        result->lcore = rte_lcore_id();
        if (lanes.empty()) return;
        if (plan->interval_ticks != 0)
            intervals();
        else if (plan->open)
            open();
        else
            closed();
    }
    void closed()
    {
        const load::LoopPlan p{share(plan->count), plan->ticks, plan->stall_ticks, plan->whole_bursts};
        load::ClosedLoop(clock(), std::span(lanes), p, result->loop, *progress).run();
    }
    void open()
    {
        auto mine = plan->arrivals; // the parts of a Poisson stream are Poisson streams
        mine.per_second /= static_cast<double>(lcores);
        mine.seed += index * 0x9e3779b97f4a7c15ull;
        load::Arrivals arrivals(mine, plan->tsc_hz);
        load::Mix mix(lanes_of_model, plan->weights, mine.seed + 1);
        const load::OpenPlan p{plan->ticks, share(plan->count), plan->drain_ticks, plan->stall_ticks,
                               plan->late_limit};
        load::OpenLoop loop(clock(), std::span(lanes), mix, arrivals, p, result->loop, *progress);
        result->fell_due = loop.run();
    }
    void intervals()
    {
        const load::IntervalPlan p{plan->interval_ticks, plan->samples,     plan->ticks,
                                   plan->count,          plan->drain_ticks, plan->stall_ticks};
        load::IntervalLoop loop(clock(), std::span(lanes), p, result->loop, *result->queries, *progress);
        result->fell_due = loop.run();
    }
    MlQueue& clock() { return clock_; }

  private:
    MlQueue clock_; // every queue's ticks are the same
};

int run_job(void* job)
{
    static_cast<Watch*>(job)->run();
    return 0;
}

void add_seats(Watch& job, Site& site, const RunOptions& o, const PhasePlan& plan,
               const MakeVerifier& verifier, std::vector<ReferenceSums>& references, PhaseResult& result)
{
    auto& seats = site.seats();
    job.lanes_of_model.resize(o.models.size());
    for (std::size_t i = 0; i < seats.size(); ++i) {
        auto& seat = seats[i];
        if (seat.lcore != job.index || (plan.only_seat && i != *plan.only_seat)) continue;
        auto* const known = references.empty() ? nullptr : &references[seat.model];
        auto& mine = *(result.seats[i] = std::make_unique<SeatResult>(
                           RunObserver(site.model(seat), o.format(), site.inputs(seat), seat.outputs,
                                       verifier(seat), seat.queue.device, plan.check, known)));
        job.lanes_of_model[seat.model].push_back(static_cast<std::uint32_t>(job.lanes.size()));
        job.lanes.emplace_back(seat.queue, seat.ops.slots().first(o.queue_depth), mine.observer, mine.stats,
                               plan.burst, site.tensors(seat));
    }
}

} // namespace

Result<PhaseResult> run_phase(Site& site, const RunOptions& o, const PhasePlan& plan,
                              const MakeVerifier& verifier, std::vector<ReferenceSums>& references,
                              std::atomic<std::uint64_t>& completed)
{
    const std::size_t lcores = plan.only_seat ? 1 : o.lcores;
    if (rte_lcore_count() < lcores)
        return fail(Code::E_STATE, "--lcores {}: EAL has {}; give it more with -- -l CPUS", lcores,
                    rte_lcore_count());
    PhaseResult result;
    result.seats.resize(site.seats().size());
    result.lcores.resize(lcores);
    std::deque<Watch> jobs;
    std::atomic<bool> enough{false};
    for (std::size_t i = 0; i < lcores; ++i) {
        auto& job = jobs.emplace_back();
        job.plan = &plan, job.lcores = lcores, job.index = i, job.result = &result.lcores[i];
        if (plan.interval_ticks != 0) job.result->queries = std::make_unique<load::QueryStats>();
        add_seats(job, site, o, plan, verifier, references, result);
        job.progress.emplace(
            Progress{std::span(job.lanes), completed, static_cast<std::uint64_t>(plan.tsc_hz / 20)});
        if (plan.stop != nullptr)
            job.progress->stop.emplace(
                *plan.stop, i == 0, static_cast<std::uint64_t>(first_look * plan.tsc_hz),
                plan.open ? &load::LaneStats::latency : &load::LaneStats::service, enough);
    }
    unsigned worker = rte_get_next_lcore(~0u, 1, 0);
    for (std::size_t i = 1; i < lcores; ++i, worker = rte_get_next_lcore(worker, 1, 0))
        if (const int e = rte_eal_remote_launch(&run_job, &jobs[i], worker); e != 0)
            return fail(Code::E_STATE, "lcore {} does not start: {} ({})", worker, std::strerror(-e), e);
    run_job(&jobs.front());
    rte_eal_mp_wait_lcore();
    result.stopped = enough;
    return result;
}

} // namespace qaic::perf
