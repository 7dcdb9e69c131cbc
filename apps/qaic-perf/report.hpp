// SPDX-License-Identifier: BSD-3-Clause
// Everything a run found out, and whether it is good. Printers: report_text.cpp, report_json.cpp.
#pragma once
#include "card_counts.hpp"
#include "checksum.hpp"
#include "load/lane_stats.hpp"
#include "load/outcome.hpp"
#include "ml_device.hpp"
#include "model_facts.hpp"
#include "options.hpp"
#include "verify.hpp"

#include <optional>
#include <string>
#include <vector>

namespace qaic::perf {

using load::CallCosts;
using load::Ledger;

struct Environment {
    std::string tool_version, commit, compiler, dpdk, cpu, kernel, date;
    unsigned lcore = 0;
    bool hugepages = false;
    std::string iova_mode;
    std::uint64_t tsc_hz = 1;
    std::uint64_t timer_ticks = 0; ///< mean cost of reading the TSC; part of every call's figure
};

/// What the driver counted between start and end of the run, by rte_ml_dev_stats.
struct DeviceCounts {
    std::uint64_t enqueued = 0, dequeued = 0, enqueue_errors = 0, dequeue_errors = 0;
};

/// A part of the run with its own ledger: verify, warm-up, measure.
struct Phase {
    Ledger ledger;
    double seconds = 0;
    bool stalled = false;
    double waited = 0; ///< seconds without any op moving, when stalled
    std::string first_failure;
    std::uint64_t unissued = 0; ///< open loop: fell due and never went
};

/// What one lcore did with one model on one card in the measured phase.
struct LaneReport {
    unsigned lcore = 0;
    std::size_t card = 0, model = 0; ///< places in options.devices and options.models
    Ledger ledger;
    CallCosts costs;
    load::Outcome outcome; ///< ns; offered is not split
};

/// What became of --until, by all samples of the measured phase: ns.
struct UntilReport {
    load::StopAnswer answer;
    bool stopped = false; ///< the rule ended the run, by the first lcore's samples
    bool reached = false; ///< it was content: with all samples, or when it ended the run of a single lcore
};

/// Where an lcore's time went in the measured phase.
struct LcoreReport {
    unsigned lcore = 0;
    double busy = 0; ///< 0..1: share of time that was not spent in polls that found nothing
    int numa = -1;   ///< its node; below 0: not known
    std::uint64_t busy_ticks = 0;
};

struct Report {
    Environment environment;
    RunOptions options;
    DeviceFacts device; ///< the first
    std::vector<NamedCount> boot;
    double eal_ms = 0;  ///< EAL's start, with the cards' probe in it
    double open_ms = 0; ///< configure and start of the devices
    ModelFacts model;   ///< the first
    std::uint64_t model_bytes = 0;
    double load_ms = 0, start_ms = 0;
    std::uint64_t tensors = 0; ///< in --input
    Phase verify, warmup, measure;
    Verification verification; ///< of the verify phase: every tensor once
    Verification sampled;      ///< of the measured phase: one output in check_period()
    ChecksumCounts checksums;  ///< of the measured phase: one output in options.checksum
    Bytes outputs;             ///< of the verify phase, for --output
    CallCosts costs;
    load::Outcome outcome;         ///< ns, of all lanes; its latency counts from the due time
    double alone_ns = 0;           ///< service of an operation with nothing else out, median; 0: not measured
    std::vector<CardCounts> cards; ///< of the measured phase, with --card-control
    std::vector<LaneReport> lanes;
    std::vector<LcoreReport> lcores;
    std::optional<UntilReport> until; ///< not asked for, or nothing was measured: none
    stats::Histogram enqueue_per_op,
        dequeue_per_op; ///< ticks; their medians do not see the scheduler, the means do
    DeviceCounts counted;
    std::vector<std::string> problems; ///< empty: all is well
    std::vector<std::string> warnings; ///< what may be wrong and cannot be judged

    [[nodiscard]] bool verifies() const { return !options.expect.empty() || !options.labels.empty(); }
    /// Compared element by element in the measured phase: one output in so many; 0 none.
    [[nodiscard]] std::uint64_t check_period() const { return verifies() ? options.effective_check() : 0; }
    [[nodiscard]] bool ok() const { return problems.empty(); }
    [[nodiscard]] Ledger total() const;
    [[nodiscard]] double ns(double ticks) const
    {
        return ticks * 1e9 / static_cast<double>(environment.tsc_hz);
    }
    [[nodiscard]] double per_second() const;
    /// Ticks an op in enqueue and in productive dequeue calls of the measured phase.
    [[nodiscard]] double enqueue_ticks_per_op() const;
    [[nodiscard]] double dequeue_ticks_per_op() const;
    [[nodiscard]] double empty_poll_ticks() const;
    [[nodiscard]] double accuracy() const; ///< 0..1 of the labelled outputs
};

/// One line for each rule that was broken, in order of importance; sets report.problems and warnings.
void judge(Report& report);
/// What judge() says of one phase.
std::vector<std::string> verify_problems(const Report& report);
std::vector<std::string> measured_output_problems(const Report& report);
void print_text(const Report& report);
/// A JSON document; schema_version 2.
std::string to_json(const Report& report);

/// The quantiles every report shows.
struct Quantile {
    const char* name;
    double fraction;
};
inline constexpr Quantile quantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

} // namespace qaic::perf
