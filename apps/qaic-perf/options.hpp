// SPDX-License-Identifier: BSD-3-Clause
// What `qaic-perf run` is asked to do.
#pragma once
#include "base/result.hpp"
#include "load/stop_rule.hpp"
#include "model_facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qaic::perf {

struct ModelChoice {
    std::string path;
    double weight = 1; ///< of this model's share in an open loop
};

struct RunOptions {
    std::vector<std::string> model_words{}; ///< FILE or FILE@WEIGHT, as given
    std::vector<ModelChoice> models;        ///< settle() makes them of the words
    std::string model;                      ///< the first one's path
    std::string input, expect, labels;      ///< raw tensor files; empty: not given
    std::string output;                     ///< raw tensor file to write; empty: none
    double tolerance = -1;                  ///< below 0: not given, see effective_tolerance()
    std::int64_t check = -1;    ///< one measured output in so many is compared; 0 none, -1 not given
    std::uint64_t checksum = 0; ///< and one in so many by its checksum; 0 none
    bool float_io = false, device_io = false;
    std::uint32_t queue_depth = 32;
    std::uint32_t burst = 0; ///< 0: the smaller of 8 and queue_depth
    bool whole_bursts = false;
    double time = 0;                   ///< seconds; 0: not given
    std::uint64_t count = 0;           ///< ops; 0: not given. Without time and count: default_time
    std::string until;                 ///< percentile as p99.9 to be known; empty: time or count decide
    double error = 0;                  ///< how well, relative
    double confidence = 0;             ///< 0: not given, default_confidence
    double warmup = 0.2;               ///< seconds, not in the figures
    double wait_limit = 10;            ///< seconds without any op moving before giving up
    std::string json, csv, hgrm, plot; ///< files to write; empty: none
    std::vector<std::string> devices{"ml_qaic_emu0"};
    std::uint32_t lcores = 1;
    double rate = 0;                  ///< operations/s over all lcores; 0: closed loop, or a schedule
    std::string arrivals = "poisson"; ///< poisson, fixed or trains
    std::uint32_t train = 8;
    std::string schedule;          ///< file of due times, instead of a rate
    std::uint64_t interval_ns = 0; ///< more than 0: a query of `samples` inferences falls due each interval
    std::uint32_t samples = 0;
    std::uint64_t seed = 1;
    double late_us = 10;          ///< from due to enqueue: more counts as late
    double drain = 1;             ///< seconds after the end in which a backlog may still go
    std::string card_control;     ///< of the qaic-card that serves the devices; empty: none
    std::string driver;           ///< empty: look for it
    std::vector<std::string> eal; ///< everything after "--"

    static constexpr double default_time = 2, default_until_time = 60, default_confidence = 0.95;
    [[nodiscard]] bool by_queries() const { return interval_ns != 0; }
    [[nodiscard]] bool open_loop() const { return rate > 0 || !schedule.empty() || by_queries(); }
    [[nodiscard]] FileFormat format() const { return device_io ? FileFormat::DEVICE : FileFormat::FLOAT32; }
    /// By default a prime: over time all tensors get their turn.
    [[nodiscard]] std::uint64_t effective_check() const
    {
        return check >= 0 ? static_cast<std::uint64_t>(check) : 1009;
    }
    [[nodiscard]] double effective_tolerance() const
    {
        return tolerance >= 0 ? tolerance : device_io ? 0 : 1e-3;
    }
};

/// Declares every option of `run` on a sub-command.
void add_run_options(CLI::App& command, RunOptions& options);
/// Those of the statistical stop rule, for commands that measure once.
void add_stop_options(CLI::App& command, RunOptions& options);
/// Of options that were settled and have `until`.
load::StopSettings stop_settings(const RunOptions& options);
/// Rules between options, and defaults that depend on others. E_INVAL names the options.
Result<void> settle(RunOptions& options);

} // namespace qaic::perf
