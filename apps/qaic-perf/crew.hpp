// SPDX-License-Identifier: BSD-3-Clause
// The lcores of a run: each drives its own seats with a loop of lib/load; phase by phase.
#pragma once
#include "load/arrivals.hpp"
#include "load/closed_loop.hpp"
#include "load/interval_loop.hpp"
#include "load/open_loop.hpp"
#include "load/stop_watch.hpp"
#include "site.hpp"

#include <atomic>

namespace qaic::perf {

/// What every lcore of a phase does; counts and rates are of all of them together.
struct PhasePlan {
    bool open = false;
    std::uint64_t interval_ticks = 0; ///< more than 0: a query of `samples` each interval, by one lcore
    std::uint32_t samples = 0;
    std::uint64_t count = ~0ull, ticks = ~0ull, stall_ticks = 0, drain_ticks = 0, late_limit = 0;
    bool whole_bursts = false;
    std::uint16_t burst = 1;
    load::ArrivalPlan arrivals; ///< rate of all lcores
    std::vector<double> weights;
    double tsc_hz = 1;
    CheckPlan check;
    const load::StopRule* stop = nullptr; ///< ends the phase early; asked by the first lcore
    std::optional<std::size_t> only_seat; ///< verification: one queue pair, on the calling lcore, in order
};

/// One seat's share of a phase.
struct SeatResult {
    explicit SeatResult(RunObserver o) : observer(std::move(o)) {}
    load::LaneStats stats;
    RunObserver observer;
};

struct LcoreResult {
    unsigned lcore = 0; ///< EAL's number
    load::LoopStats loop;
    std::uint64_t fell_due = 0;
    std::unique_ptr<load::QueryStats> queries; ///< null: the plan has none
};

struct PhaseResult {
    std::vector<std::unique_ptr<SeatResult>> seats; ///< as many as the site has; null: it took no part
    std::vector<LcoreResult> lcores;
    bool stopped = false; ///< by the plan's stop rule
};

/// Makes a verifier for each seat.
using MakeVerifier = std::function<Verifier(const Seat&)>;

/// Runs a phase on the first `lcores` lcores, the calling one among them; returns when all are done. E_STATE:
/// there are not as many, or one is busy. `references`: by model; may be empty without checksums. `completed`
/// grows while it runs, for those who watch.
Result<PhaseResult> run_phase(Site& site, const RunOptions& options, const PhasePlan& plan,
                              const MakeVerifier& verifier, std::vector<ReferenceSums>& references,
                              std::atomic<std::uint64_t>& completed);

} // namespace qaic::perf
