// SPDX-License-Identifier: BSD-3-Clause
// How long to measure: for a time, for a count, or until a percentile is known well enough.
#pragma once
#include "base/result.hpp"
#include "stats/histogram.hpp"
#include <cstdint>

namespace qaic::load {

struct StopSettings {
    double seconds = 0;      ///< 0: no limit in time
    std::uint64_t count = 0; ///< 0: no limit in samples
    double fraction = 0;     ///< the percentile to be known, 0.99 for p99; 0: time and count alone decide
    double error = 0;        ///< half width of its confidence interval that is wanted, relative: 0.05 is 5 %
    double confidence = 0.95;
};

enum class StopState {
    NOT_YET,
    ENOUGH,
    HOPELESS, ///< time or count is used up, and the percentile is not known as well as was asked
};

struct StopAnswer {
    StopState state = StopState::NOT_YET;
    double value = 0, low = 0,
           high = 0;   ///< the percentile and its interval, in the histogram's unit; 0: not known yet
    double error = -1; ///< relative half width, the wider side; below 0: not known yet
    /// Samples it takes by what is known so far (the width falls with the square root of the count); without
    /// a percentile, `count`. 0: not known.
    std::uint64_t needed = 0;
};

/// Asked now and then with everything recorded so far. The interval is that of order statistics
/// (probability.hpp), so no shape of the distribution is assumed, but independent samples are: latencies of a
/// loaded queue hang together, so the true interval is wider than the one told here. The histogram's own 0.39
/// % come on top.
class StopRule {
  public:
    /// E_INVAL names the option: a percentile without --error or the other way round; an error below the
    /// histogram's own; neither time nor count, since every wait has a limit.
    static Result<StopRule> make(const StopSettings& settings);
    /// `elapsed`: seconds since the first recorded sample fell due.
    [[nodiscard]] StopAnswer ask(const stats::Histogram& recorded, double elapsed) const;
    [[nodiscard]] const StopSettings& settings() const noexcept { return settings_; }

  private:
    explicit StopRule(const StopSettings& s) noexcept : settings_(s) {}
    StopSettings settings_;
};

/// Queries after which MLPerf calls a tail percentile known: z((1 - confidence) / 2)^2 * p * (1 - p) /
/// margin^2 with margin = (1 - p) / 20, rounded up to a multiple of 2^13 (MLPerf Inference Rules, appendix
/// "Number of Queries", at 99 % confidence): 24,576 for p90, 57,344 for p95, 90,112 for p97, 270,336 for p99.
/// E_INVAL outside 0.5 to 0.99999.
Result<std::uint64_t> mlperf_queries(double fraction, double confidence = 0.99);

} // namespace qaic::load
