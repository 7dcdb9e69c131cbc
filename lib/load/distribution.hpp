// SPDX-License-Identifier: BSD-3-Clause
// A distribution known by counted buckets, read at any fraction: what intervals, comparisons and pictures
// need of a histogram, whether it was recorded here or read from a report.
#pragma once
#include "base/result.hpp"
#include "stats/histogram.hpp"
#include <cstdint>
#include <vector>

namespace qaic::load {

/// Values in whatever unit the buckets have. Immutable once made; any thread.
class Distribution {
  public:
    struct Bucket {
        double low = 0, high = 0; ///< both counted in it
        std::uint64_t count = 0;
    };

    Distribution() = default;
    /// Lowest and highest bucket end at the recorded minimum and maximum.
    static Distribution of(const stats::Histogram& histogram);
    /// Buckets from outside: finite, not negative, in rising order, not overlapping; empty ones are dropped.
    /// E_FORMAT names the first that is not so, counted from 0.
    static Result<Distribution> of(const std::vector<Bucket>& buckets);

    [[nodiscard]] std::uint64_t count() const noexcept { return ends_.empty() ? 0 : ends_.back(); }
    /// The value that `fraction` (clamped to 0..1) of all lie at or below. Inside a bucket values count as
    /// evenly spread: unlike Histogram::quantile() this moves without steps, which narrow intervals need. 0
    /// when empty.
    [[nodiscard]] double value(double fraction) const noexcept;

  private:
    std::vector<Bucket> buckets_;
    std::vector<std::uint64_t> ends_; ///< values in this bucket and those before
};

} // namespace qaic::load
