// SPDX-License-Identifier: BSD-3-Clause
// What one closed loop counted.
#pragma once
#include "stats/histogram.hpp"

#include <cstdint>

namespace qaic::perf {

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
};

struct LoopStats {
    Ledger ledger;
    CallCosts costs;
    stats::Histogram latency; ///< ticks from the enqueue call to the return of the dequeue call
    stats::Histogram enqueue_per_op, dequeue_per_op; ///< ticks of a productive call, divided by its ops
    std::uint64_t first_tick = 0, last_tick = 0;     ///< start of the loop, last completion
    bool stalled = false;                            ///< gave up: nothing moved for LoopPlan::stall_ticks
    std::uint64_t waited_ticks = 0;                  ///< how long nothing had moved when it gave up
};

} // namespace qaic::perf
