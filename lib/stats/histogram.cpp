// SPDX-License-Identifier: BSD-3-Clause
#include "stats/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace qaic::stats {

void Histogram::merge(const Histogram& other) noexcept
{
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    const auto added = other.sum_low_; // a copy: `other` may be this object
    sum_low_ += added;
    sum_high_ += other.sum_high_ + (sum_low_ < added ? 1 : 0);
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

Histogram Histogram::scaled(double factor) const noexcept
{
    Histogram out;
    if (count_ == 0) return out;
    const auto value = [factor](std::uint64_t v) { // what is beyond 64 bits stays there
        const auto scaled = static_cast<double>(v) * factor;
        return scaled < 0x1p64 ? static_cast<std::uint64_t>(scaled) : ~std::uint64_t{0};
    };
    out.min_ = value(min_), out.max_ = value(max_);
    for (std::size_t i = bucket_of(min_); i <= bucket_of(max_); ++i) {
        if (counts_[i] == 0) continue;
        const auto middle = bucket_low(i) + (bucket_high(i) - bucket_low(i)) / 2;
        out.counts_[bucket_of(std::clamp(value(middle), out.min_, out.max_))] += counts_[i];
    }
    out.count_ = count_;
    const auto sum = std::ldexp(static_cast<long double>(sum_high_), 64) + static_cast<long double>(sum_low_);
    const auto scaled = sum * static_cast<long double>(factor);
    const auto high = std::floor(std::ldexp(scaled, -64));
    out.sum_high_ = static_cast<std::uint64_t>(high);
    out.sum_low_ = static_cast<std::uint64_t>(scaled - std::ldexp(high, 64));
    return out;
}

double Histogram::mean() const noexcept
{
    if (count_ == 0) return 0;
    const auto sum = std::ldexp(static_cast<long double>(sum_high_), 64) + static_cast<long double>(sum_low_);
    return static_cast<double>(sum / static_cast<long double>(count_));
}

std::uint64_t Histogram::quantile(double fraction) const noexcept
{
    if (count_ == 0) return 0;
    if (!(fraction > 0)) return min();
    if (fraction >= 1) return max_;
    // 0.07 is stored a little above 0.07: without the correction rank 7 of 100 would become 8.
    const auto wanted = static_cast<long double>(count_) * static_cast<long double>(fraction) * (1 - 1e-12L);
    const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(wanted)), 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = bucket_of(min_); i < buckets; ++i) {
        seen += counts_[i];
        if (seen < rank) continue;
        const auto middle = bucket_low(i) + (bucket_high(i) - bucket_low(i)) / 2;
        return std::clamp(middle, min_, max_);
    }
    return max_;
}

} // namespace qaic::stats
