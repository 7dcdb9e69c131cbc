// SPDX-License-Identifier: BSD-3-Clause
// The four scenarios of MLPerf Inference v1.0, as data, and whether a run keeps their rules.
//
// Source: MLPerf Inference Rules (mlcommons/inference_policies, inference_rules.adoc), sections "Scenarios"
// and "LoadGen Operation" and the appendix "Number of Queries"; minimum duration of v1.0, ten minutes and one
// before: its issue 201. MultiStream is the one of v1.1 and earlier (a query at fixed intervals). Early
// stopping came later than v1.0. Latency counts from the scheduled time. These are the load patterns on our
// own generator, not LoadGen: figures got with them are not MLPerf results and must not be called so.
#pragma once
#include "base/result.hpp"
#include "load/outcome.hpp"
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::load {

enum class Scenario { SINGLE_STREAM, MULTI_STREAM, SERVER, OFFLINE };

enum class LoadPattern {
    NEXT_WHEN_DONE, ///< one query out; the next as soon as it is back
    AT_INTERVALS,   ///< a query each interval of the latency limit; skipped, and counted, while one is out
    POISSON,        ///< queries of one sample at random times
    ALL_AT_ONCE,    ///< one query with all samples
};

struct ScenarioRules {
    Scenario scenario;
    std::string_view name; ///< as the rules write it, in one word
    LoadPattern pattern;
    double fraction;       ///< the percentile that is judged or reported; 0: none
    bool limited;          ///< the percentile must keep a latency limit, which depends on the model
    std::uint64_t queries; ///< at least; Offline: samples in its one query
    double seconds;        ///< at least
    std::string_view metric;
};

inline constexpr std::array<ScenarioRules, 4> scenarios{{
    {Scenario::SINGLE_STREAM, "SingleStream", LoadPattern::NEXT_WHEN_DONE, 0.90, false, 1024, 600,
     "p90 latency, ns"},
    {Scenario::MULTI_STREAM, "MultiStream", LoadPattern::AT_INTERVALS, 0.99, true, 270336, 600,
     "samples a query"},
    {Scenario::SERVER, "Server", LoadPattern::POISSON, 0.99, true, 270336, 600, "scheduled queries/s"},
    {Scenario::OFFLINE, "Offline", LoadPattern::ALL_AT_ONCE, 0, false, 24576, 600, "samples/s"},
}};

[[nodiscard]] const ScenarioRules& rules_of(Scenario scenario) noexcept;
/// By name, in any case. E_INVAL lists the names.
Result<Scenario> scenario_named(std::string_view name);

struct MlperfSettings {
    std::uint64_t limit_ns = 0;          ///< Server, MultiStream: 15 ms and 50 ms for ResNet-50
    std::uint32_t samples_per_query = 1; ///< MultiStream: streams
    double seconds = 0;        ///< a shorter minimum than the rules', for trying things out; 0: the rules'
    std::uint64_t queries = 0; ///< likewise
};

struct Judgement {
    bool valid = false;
    bool by_the_rules = true; ///< false: judged by a shorter time or fewer queries than the rules ask for
    std::vector<std::string> reasons; ///< one line for each rule broken; empty when valid
    double metric = 0;                ///< in the unit ScenarioRules::metric names, valid or not
};

/// The run's Outcome: `latency` holds one value a query (MultiStream: until its last sample is back; Offline:
/// one a sample), completed() counts samples. MultiStream: `late` is the number of intervals that were
/// skipped since the query before was not back: they count as queries over the limit.
[[nodiscard]] Judgement judge(Scenario scenario, const MlperfSettings& settings, const Outcome& outcome);

/// "Server: VALID, 310063 scheduled queries/s" or "Server: INVALID, ...: reason; reason". One line.
[[nodiscard]] std::string describe(Scenario scenario, const Judgement& judgement);

} // namespace qaic::load
