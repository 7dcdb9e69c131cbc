// SPDX-License-Identifier: BSD-3-Clause
// Do two sets of repetitions differ, or is it chance? The rank test of Mann and Whitney (1947).
#pragma once
#include <span>

namespace qaic::load {

struct RankTest {
    double u = 0; ///< pairs in which the second set's value is the larger; equal ones count one half
    double p = 1; ///< two-sided: chance of a u at least this far from the middle if nothing differs
    double smallest_p =
        1; ///< of any data of these sizes: above 0.05, the test can never say that they differ
    bool exact = false;
};

/// Exact (all orders counted) without ties and up to 400 pairs; otherwise the normal approximation with
/// correction for ties and for continuity. Values must be finite; either set empty: p is 1.
[[nodiscard]] RankTest mann_whitney(std::span<const double> a, std::span<const double> b);

} // namespace qaic::load
