// SPDX-License-Identifier: BSD-3-Clause
#include "load/probability.hpp"
#include <algorithm>
#include <cmath>

namespace qaic::load {

namespace {

constexpr double exact_below = 4096; // standard deviations of the binomial: a walk of at most 100,000 terms

/// log of the binomial probability of k in n.
long double log_binomial(std::uint64_t n, std::uint64_t k, long double p)
{
    const auto a = static_cast<long double>(n), b = static_cast<long double>(k);
    return std::lgamma(a + 1) - std::lgamma(b + 1) - std::lgamma(a - b + 1) + b * std::log(p) +
           (a - b) * std::log1p(-p);
}

std::optional<Ranks> exact_ranks(std::uint64_t n, long double p, long double tail)
{
    const auto mean = static_cast<long double>(n) * p, deviation = std::sqrt(mean * (1 - p));
    // Below mean - 12 deviations lies less than 1e-30.
    auto k = static_cast<std::uint64_t>(std::max(0.0L, std::floor(mean - 12 * deviation)));
    long double term = std::exp(log_binomial(n, k, p)), below = 0;
    Ranks r{.low = k, .high = 0};
    for (; k < n; ++k) {
        below += term; // P(at most k samples lie below the quantile)
        if (below <= tail) r.low = k + 1;
        if (1 - below <= tail) {
            r.high = k + 1;
            break;
        }
        term *= static_cast<long double>(n - k) / static_cast<long double>(k + 1) * (p / (1 - p));
    }
    if (r.low == 0 || r.high == 0) return std::nullopt;
    return r;
}

} // namespace

double normal_cdf(double z) noexcept { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double normal_quantile(double p) noexcept
{
    double low = -38, high = 8.3; // where the cdf is 0 and 1 in a double
    for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) / 2;
        (normal_cdf(middle) < p ? low : high) = middle;
    }
    return (low + high) / 2;
}

std::optional<Ranks> interval_ranks(std::uint64_t n, double fraction, double confidence)
{
    if (n == 0 || !(fraction > 0 && fraction < 1) || !(confidence > 0 && confidence < 1)) return std::nullopt;
    const double tail = (1 - confidence) / 2;
    const double mean = static_cast<double>(n) * fraction, deviation = std::sqrt(mean * (1 - fraction));
    if (deviation < exact_below) return exact_ranks(n, fraction, tail);
    const double reach = -normal_quantile(tail) * deviation;
    return Ranks{.low = static_cast<std::uint64_t>(std::floor(mean - reach)),
                 .high = static_cast<std::uint64_t>(std::ceil(mean + reach)) + 1};
}

std::uint64_t samples_for_interval(double fraction, double confidence)
{
    const double worse = std::max(fraction, 1 - fraction), tail = (1 - confidence) / 2;
    return static_cast<std::uint64_t>(std::ceil(std::log(tail) / std::log(worse)));
}

} // namespace qaic::load
