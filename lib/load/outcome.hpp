// SPDX-License-Identifier: BSD-3-Clause
// What one measured run came to, whatever made the load: the figures that searches, comparisons, reports and
// explanations are made of. Times are nanoseconds.
#pragma once
#include "stats/histogram.hpp"
#include <cstdint>

namespace qaic::load {

struct Outcome {
    double offered = 0;           ///< operations/s that fell due; 0: closed loop, nothing falls due
    double seconds = 0;           ///< from the first due time (or call) to the last completion
    std::uint64_t submitted = 0;  ///< accepted by the driver
    std::uint64_t succeeded = 0;  ///< came back with SUCCESS
    std::uint64_t failed = 0;     ///< came back with ERROR
    std::uint64_t late = 0;       ///< accepted more than the late limit after they fell due
    std::uint64_t unfinished = 0; ///< fell due and were not back when the run gave up
    stats::Histogram latency;     ///< from the due time (closed loop: the enqueue call) to the answer
    stats::Histogram service;     ///< from the enqueue call that took it to the answer
    stats::Histogram lateness;    ///< from the due time to that enqueue call
    [[nodiscard]] std::uint64_t completed() const noexcept { return succeeded + failed; }
    /// Answers per second; 0 when nothing was measured.
    [[nodiscard]] double rate() const noexcept
    {
        return seconds > 0 ? static_cast<double>(completed()) / seconds : 0;
    }
    void merge(const Outcome& other) noexcept; ///< another lcore of the same run: rates add up
};

/// Counters of a run from which a bottleneck is told (explain.hpp). Shares are 0 to 1; below 0: not known.
struct Evidence {
    double core_busy = -1; ///< time of the busiest lcore in polls and calls that moved something, and between
    double card_busy = -1; ///< of the busiest card: share of time in which all its slots computed
    double card_waiting = -1;      ///< operations at the busiest card waiting for a slot, mean
    double fifo_full = -1;         ///< enqueue calls that took nothing since the queue was full
    double link_busy = -1;         ///< of the busiest card's link, the fuller direction
    double doorbells_per_op = -1;  ///< tail writes for an operation
    double mmio_reads_per_op = -1; ///< 0 in steady state
    double burst_mean = -1;        ///< operations a productive enqueue call took
    double enqueue_share = -1;     ///< of the cores' busy time: in enqueue calls, which ring doorbells
    double dequeue_share = -1;     ///< likewise in dequeue calls that found something
    double alone_ns = 0;           ///< service of an operation with nothing else out; 0: not known
    bool far_memory = false;    ///< an lcore is on another NUMA node than the card and the buffers beside it
    bool depth_reached = false; ///< closed loop: every allowed operation was out most of the time
};

} // namespace qaic::load
