// SPDX-License-Identifier: BSD-3-Clause
#include "load/hgrm.hpp"
#include "load/percentiles.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace qaic::load {

namespace {

constexpr double ns_per_us = 1000;

/// In nanoseconds, with every value in the middle of what its bucket may hold.
double deviation_of(const stats::Histogram& h)
{
    using stats::Histogram;
    if (h.count() == 0) return 0;
    const double mean = h.mean();
    double sum = 0;
    for (std::size_t i = 0; i < Histogram::buckets; ++i) {
        const auto n = h.count_in(i);
        if (n == 0) continue;
        const auto low = std::max(Histogram::bucket_low(i), h.min()),
                   high = std::min(Histogram::bucket_high(i), h.max());
        const double middle = (static_cast<double>(low) + static_cast<double>(high)) / 2;
        sum += static_cast<double>(n) * (middle - mean) * (middle - mean);
    }
    return std::sqrt(sum / static_cast<double>(h.count()));
}

} // namespace

std::string hgrm_text(const stats::Histogram& h)
{
    auto text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount",
                            "1/(1-Percentile)");
    for (const auto& l : percentile_levels(h)) {
        text += fmt::format("{:12.3f} {:14.12f} {:10}", static_cast<double>(l.value) / ns_per_us, l.fraction,
                            l.below);
        text += l.fraction < 1 ? fmt::format(" {:14.2f}\n", 1 / (1 - l.fraction)) : std::string("\n");
    }
    text += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n", h.mean() / ns_per_us,
                        deviation_of(h) / ns_per_us);
    text += fmt::format("#[Max     = {:12.3f}, Total count    = {:12}]\n",
                        static_cast<double>(h.max()) / ns_per_us, h.count());
    text += fmt::format("#[Buckets = {:12}, SubBuckets     = {:12}]\n",
                        stats::Histogram::buckets / stats::Histogram::subs, stats::Histogram::subs);
    return text;
}

} // namespace qaic::load
