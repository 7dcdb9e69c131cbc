// SPDX-License-Identifier: BSD-3-Clause
#include "load/percentiles.hpp"
#include <charconv>
#include <cmath>

namespace qaic::load {

std::vector<PercentileLevel> percentile_levels(const stats::Histogram& h, unsigned steps)
{
    std::vector<PercentileLevel> levels;
    if (h.count() == 0 || steps == 0) return levels;
    std::uint64_t below = 0;
    std::size_t next = 0; // bucket that is not in `below`
    for (unsigned half = 0; half < 64; ++half)
        for (unsigned i = 0; i < steps; ++i) {
            const double left = std::ldexp(1.0, -static_cast<int>(half));
            const double fraction = 1 - left + left / 2 * i / steps;
            const auto value = h.quantile(fraction);
            for (; next <= stats::Histogram::bucket_of(value); ++next) below += h.count_in(next);
            if (below < h.count() && fraction < 1) {
                levels.push_back({fraction, value, below});
                continue;
            }
            if (fraction < 1) levels.push_back({fraction, value, below});
            levels.push_back({1, h.max(), h.count()});
            return levels;
        }
    levels.push_back({1, h.max(), h.count()});
    return levels;
}

std::optional<double> percentile_named(std::string_view name)
{
    double percent = 0;
    const auto* const end = name.data() + name.size();
    if (name.size() < 2 || name[0] != 'p' || std::from_chars(name.data() + 1, end, percent).ptr != end)
        return std::nullopt;
    return percent > 0 && percent < 100 ? std::optional(percent / 100) : std::nullopt;
}

} // namespace qaic::load
