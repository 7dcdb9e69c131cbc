// SPDX-License-Identifier: BSD-3-Clause
// The little probability theory that stop rules and comparisons need.
#pragma once
#include <cstdint>
#include <optional>

namespace qaic::load {

/// P(Z <= z) of the standard normal distribution.
[[nodiscard]] double normal_cdf(double z) noexcept;
/// Its inverse, to 1e-12; p is clamped to what a double can tell from 0 and 1.
[[nodiscard]] double normal_quantile(double p) noexcept;

/// Ranks (1 is the smallest) of two of n sorted samples.
struct Ranks {
    std::uint64_t low = 0, high = 0;
};
/// The two samples of n between which the quantile `fraction` lies with at least the given confidence,
/// whatever the distribution: how many samples fall below the quantile is binomial(n, fraction), each side
/// gets half the risk (H. A. David, Order Statistics, section 7.1). Exact where the binomial's deviation is
/// below 4096, its normal approximation above. Nothing when n is too small for both sides. Samples must be
/// independent.
[[nodiscard]] std::optional<Ranks> interval_ranks(std::uint64_t n, double fraction, double confidence);

/// The smallest n for which interval_ranks() has an answer: max(fraction, 1 - fraction)^n <= risk / 2.
[[nodiscard]] std::uint64_t samples_for_interval(double fraction, double confidence);

} // namespace qaic::load
