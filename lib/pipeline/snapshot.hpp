// SPDX-License-Identifier: BSD-3-Clause
// What a running pipeline shows: taken by a control thread while lcores go on counting. Plain data, no DPDK.
#pragma once
#include "pipeline/spec.hpp"

namespace pipeline {

struct Count {
    std::string name; ///< a-z, 0-9 and _
    std::uint64_t value = 0;
};

/// Of a latency; microseconds. Of a stage: from being handed over by the one before to being handed on,
/// sampled. End to end: of every item, from its source to its sink.
struct Percentiles {
    std::uint64_t samples = 0;
    double p50 = 0, p99 = 0, p999 = 0, highest = 0;
};

/// One replica of a stage.
struct StageSnapshot {
    std::string name, kind;
    unsigned replica = 0, lcore = 0, cpu = 0;
    std::uint64_t in = 0, out = 0; ///< items; of a source only out, of a sink both
    std::vector<Count> dropped;    ///< by reason, those that can happen here, also when 0
    std::uint64_t held = 0;        ///< items inside it now
    std::uint64_t busy_cycles = 0; ///< in calls that moved an item
    std::uint64_t bursts = 0;      ///< of such calls
    Percentiles latency;
    std::vector<Count> counts; ///< the stage's own
};

/// The queue into one replica. Links within one lcore have none.
struct LinkSnapshot {
    std::string from, to;
    unsigned replica = 0; ///< of `to`
    WhenFull when_full = WhenFull::BLOCK;
    std::uint32_t depth = 0, waiting = 0, high_water = 0; ///< items
    std::uint64_t moved = 0;                              ///< items that went in
    std::uint64_t bursts = 0, full_bursts = 0; ///< tries to hand over, and those that found it full
    std::uint64_t dropped = 0;                 ///< for its policy
};

struct LcoreSnapshot {
    unsigned lcore = 0, cpu = 0;
    std::uint64_t busy_cycles = 0, idle_cycles = 0; ///< idle: rounds in which nothing moved
};

/// in = out + dropped + in_flight, always.
struct Ledger {
    std::uint64_t in = 0, out = 0, dropped = 0, in_flight = 0;
};

struct PipelineSnapshot {
    std::string name;
    double seconds = 0; ///< since it started
    double tsc_hz = 1;
    std::vector<StageSnapshot> stages; ///< in the order of the file, replicas one after the other
    std::vector<LinkSnapshot> links;
    std::vector<LcoreSnapshot> lcores;
    Percentiles end_to_end;
    Ledger ledger;
};

} // namespace pipeline
