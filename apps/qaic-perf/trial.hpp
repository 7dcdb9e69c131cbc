// SPDX-License-Identifier: BSD-3-Clause
// One measurement of a command that makes many on one session.
#pragma once
#include "run_phases.hpp"

namespace qaic::perf {

/// What is measured differently from the session's options. depth and lcores: at most those of the session.
struct TrialPlan {
    double rate = 0; ///< operations/s, Poisson; 0: closed loop
    double seconds = 0;
    std::uint64_t count = 0;
    std::uint32_t depth = 0, burst = 0, lcores = 0; ///< 0: the session's
};

/// Measures, and judges nothing but that all came back, and the outputs that were checked: failed operations
/// and what went wrong with them are in the report's problems. E_STATE for a wrong output. E_TIMEOUT when the
/// card stopped answering: operations are still out, and nothing more can be measured.
Result<std::unique_ptr<Report>> measure_trial(Session& session, const TrialPlan& plan);

/// "1.5s", "2ms", "300us", "50ns" as ns, more than 0. E_INVAL names the option.
Result<std::uint64_t> parse_time(std::string_view option, std::string_view text);

} // namespace qaic::perf
