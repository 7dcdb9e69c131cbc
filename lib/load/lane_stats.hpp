// SPDX-License-Identifier: BSD-3-Clause
// What is counted of one lane: a queue pair that one lcore drives with operations of one model.
#pragma once
#include "stats/histogram.hpp"
#include <cstdint>

namespace qaic::load {

/// The exactly-once ledger (reliability.md 2.1 C2, C3). `stray` counts ops that came back without being out.
struct Ledger {
    std::uint64_t submitted = 0, succeeded = 0, failed = 0, stray = 0, in_flight = 0;
    [[nodiscard]] std::uint64_t completed() const noexcept { return succeeded + failed; }
    [[nodiscard]] bool balanced() const noexcept
    {
        return submitted == succeeded + failed && in_flight == 0 && stray == 0;
    }
    Ledger& operator+=(const Ledger& o) noexcept
    {
        submitted += o.submitted;
        succeeded += o.succeeded;
        failed += o.failed;
        stray += o.stray;
        in_flight += o.in_flight;
        return *this;
    }
};

/// Ticks spent inside the driver's two calls, and how often they were made. A call that moved nothing is
/// counted apart: it is the price of polling, not of an op.
struct CallCosts {
    std::uint64_t enqueue_ticks = 0, enqueue_calls = 0;
    std::uint64_t refused_ticks = 0, refused_calls = 0;
    std::uint64_t dequeue_ticks = 0, dequeue_calls = 0;
    std::uint64_t empty_ticks = 0, empty_calls = 0;
    CallCosts& operator+=(const CallCosts& o) noexcept
    {
        enqueue_ticks += o.enqueue_ticks, enqueue_calls += o.enqueue_calls;
        refused_ticks += o.refused_ticks, refused_calls += o.refused_calls;
        dequeue_ticks += o.dequeue_ticks, dequeue_calls += o.dequeue_calls;
        empty_ticks += o.empty_ticks, empty_calls += o.empty_calls;
        return *this;
    }
};

/// Ticks throughout.
struct LaneStats {
    Ledger ledger;
    CallCosts costs;
    stats::Histogram service;  ///< from the enqueue call to the return of the dequeue call
    stats::Histogram latency;  ///< open loop: from the due time; closed: empty, service is the latency
    stats::Histogram lateness; ///< open loop: from the due time to the enqueue call
    stats::Histogram enqueue_per_op, dequeue_per_op; ///< of a productive call, divided by its ops
    std::uint64_t late = 0;                          ///< lateness beyond the plan's limit
};

/// Of all lanes that one lcore drives.
struct LoopStats {
    std::uint64_t first_tick = 0, last_tick = 0; ///< start of the loop, last completion
    std::uint64_t busy_ticks = 0;    ///< of rounds in which something moved, but for their empty polls
    std::uint64_t idle_ticks = 0;    ///< of the others, and of empty polls
    std::uint64_t unissued = 0;      ///< open loop: fell due and never went
    std::uint64_t stopped_ticks = 0; ///< open loop: the checkpoint ended it so long after the start; 0: not
    bool stalled = false;            ///< gave up: nothing moved for the plan's stall_ticks
    std::uint64_t waited_ticks = 0;  ///< how long nothing had moved when it gave up
};

} // namespace qaic::load
