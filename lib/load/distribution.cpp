// SPDX-License-Identifier: BSD-3-Clause
#include "load/distribution.hpp"
#include <algorithm>
#include <cmath>
#include <limits>

namespace qaic::load {

Distribution Distribution::of(const stats::Histogram& h)
{
    using stats::Histogram;
    Distribution d;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
        const auto n = h.count_in(i);
        if (n == 0) continue;
        d.buckets_.push_back({static_cast<double>(std::max(Histogram::bucket_low(i), h.min())),
                              static_cast<double>(std::min(Histogram::bucket_high(i), h.max())), n});
        d.ends_.push_back(seen += n);
    }
    return d;
}

Result<Distribution> Distribution::of(const std::vector<Bucket>& buckets)
{
    Distribution d;
    std::uint64_t seen = 0;
    double last = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        const auto& b = buckets[i];
        if (!std::isfinite(b.low) || !std::isfinite(b.high) || b.low < 0 || b.high < b.low)
            return fail(Code::E_FORMAT, "bucket {}: {} to {} is no range of values", i, b.low, b.high);
        if (b.low < last)
            return fail(Code::E_FORMAT, "bucket {}: starts at {}, below the end of the one before ({})", i,
                        b.low, last);
        if (b.count > std::numeric_limits<std::uint64_t>::max() - seen)
            return fail(Code::E_FORMAT, "bucket {}: the counts add up to more than 64 bits hold", i);
        last = b.high;
        if (b.count == 0) continue;
        d.buckets_.push_back(b);
        d.ends_.push_back(seen += b.count);
    }
    return d;
}

double Distribution::value(double fraction) const noexcept
{
    if (ends_.empty()) return 0;
    // 0.07 is stored a little above 0.07: without the correction 7 of 100 would be 7.000000000000001.
    const double clamped = fraction > 0 ? std::min(fraction, 1.0) * (1 - 1e-15) : 0;
    const double wanted = clamped * static_cast<double>(count());
    const auto at = std::lower_bound(ends_.begin(), ends_.end(), wanted, [](std::uint64_t end, double w) {
        return static_cast<double>(end) < w;
    });
    const auto i = at == ends_.end() ? ends_.size() - 1 : static_cast<std::size_t>(at - ends_.begin());
    const auto& b = buckets_[i];
    const double before = static_cast<double>(ends_[i] - b.count);
    const double share = std::clamp((wanted - before) / static_cast<double>(b.count), 0.0, 1.0);
    return b.low + (b.high - b.low) * share;
}

} // namespace qaic::load
