// SPDX-License-Identifier: BSD-3-Clause
// Two measurements side by side: how many times the first is the second, between which bounds, and what that
// means.
#pragma once
#include "base/result.hpp"
#include "load/distribution.hpp"
#include <cstdint>
#include <span>
#include <string>

namespace qaic::load {

enum class Better { HIGHER, LOWER };
enum class Verdict { SAME, BETTER, WORSE };

struct CompareSettings {
    Better better = Better::LOWER;
    double threshold = 0.05;  ///< 0.05: neither is 5 % or more above the other, so they are the same
    double confidence = 0.95; ///< of the interval; the rank test's p must be below 1 - confidence
    std::uint32_t resamples = 4000;
    std::uint64_t seed = 1; ///< same data, settings and seed: same answer
};

struct Comparison {
    double first = 0, second = 0; ///< what is compared: medians, or a percentile
    double ratio = 1;             ///< second / first
    double low = 1, high = 1; ///< interval of the ratio; the ratio itself where there is nothing to resample
    bool interval = false;    ///< false: single figures, so low and high say nothing
    double p = 1;             ///< of the rank test; 1 where it does not apply
    Verdict verdict = Verdict::SAME;
};

/// Repeated figures: ratio of medians. The interval is the percentile bootstrap: both sets are drawn again
/// with replacement, and the middle `confidence` of the ratios kept. (BCa's acceleration comes from the
/// jackknife, which is not consistent for a median.) It is BETTER or WORSE when the ratio is beyond the
/// threshold, the interval leaves out 1, and the rank test agrees, if there are enough repetitions for it to
/// ever agree (at 95 % from 4 and 4 on). A single figure on either side has no spread: then the threshold
/// alone decides and `interval` is false. E_INVAL: a set is empty, or a figure is not finite and above 0.
Result<Comparison> compare_figures(std::span<const double> first, std::span<const double> second,
                                   const CompareSettings& settings);

/// One percentile of two recorded distributions. The quantile of n values drawn from a distribution is its
/// value at a Beta(rank, n - rank + 1) fraction: that draws from the bootstrap exactly, without n draws. Says
/// nothing of how one run differs from the next: for that, repeat runs and compare_figures() of their
/// percentiles. E_INVAL: a distribution is empty or 0 at this percentile; the fraction is not inside 0 and 1.
Result<Comparison> compare_quantile(const Distribution& first, const Distribution& second, double fraction,
                                    const CompareSettings& settings);

/// "B is 1.082 times A (1.071 to 1.093, p 0.004): WORSE"; the names are the caller's.
std::string describe(const Comparison& comparison, const std::string& first, const std::string& second);

[[nodiscard]] const char* verdict_name(Verdict verdict) noexcept;

} // namespace qaic::load
