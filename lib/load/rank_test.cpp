// SPDX-License-Identifier: BSD-3-Clause
#include "load/rank_test.hpp"
#include "load/probability.hpp"
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace qaic::load {

namespace {

constexpr std::size_t exact_pairs = 400;

struct Ranked {
    double u = 0;
    double ties = 0; ///< sum of t^3 - t over groups of t equal values
};

Ranked rank(std::span<const double> a, std::span<const double> b)
{
    struct Value {
        double value;
        bool second;
    };
    std::vector<Value> all;
    all.reserve(a.size() + b.size());
    for (const double v : a) all.push_back({v, false});
    for (const double v : b) all.push_back({v, true});
    std::sort(all.begin(), all.end(), [](const Value& l, const Value& r) { return l.value < r.value; });
    Ranked out;
    double below = 0; // of the first set
    for (std::size_t i = 0; i < all.size();) {
        std::size_t end = i;
        double first = 0, second = 0;
        for (; end < all.size() && all[end].value == all[i].value; ++end)
            (all[end].second ? second : first) += 1;
        const double t = first + second;
        out.u += second * (below + first / 2);
        out.ties += t * t * t - t;
        below += first;
        i = end;
    }
    return out;
}

/// P(U <= most) of n and m values without ties. Each order of the n + m values is as likely as any other; the
/// largest one belongs to either set, which is the recurrence.
double chance_at_most(std::size_t n, std::size_t m, std::size_t most)
{
    // ways[j][u]: orders of i values of one set and j of the other with that u; i grows in place.
    const std::size_t size = n * m + 1;
    std::vector<std::vector<double>> ways(m + 1, std::vector<double>(size));
    for (auto& row : ways) row[0] = 1;
    for (std::size_t i = 1; i <= n; ++i)
        for (std::size_t j = 1; j <= m; ++j) {
            // The largest is of the first set: it beats all j of the other (row j of i - 1, moved by j); or
            // of the other: row j - 1 of i.
            auto& row = ways[j];
            for (std::size_t u = size; u-- > 0;) row[u] = (u >= j ? row[u - j] : 0) + ways[j - 1][u];
        }
    double total = 0, low = 0;
    for (std::size_t u = 0; u < size; ++u) {
        total += ways[m][u];
        if (u <= most) low += ways[m][u];
    }
    return low / total;
}

double approximate_p(double distance, double n, double m, double ties)
{
    const double all = n + m;
    const double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
    if (!(variance > 0)) return 1; // every value is the same
    const double z = std::max(0.0, distance - 0.5) / std::sqrt(variance);
    return std::min(1.0, 2 * normal_cdf(-z));
}

} // namespace

RankTest mann_whitney(std::span<const double> a, std::span<const double> b)
{
    RankTest out;
    if (a.empty() || b.empty()) return out;
    const auto ranked = rank(a, b);
    const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
    const double middle = n * m / 2, distance = std::abs(ranked.u - middle);
    out.u = ranked.u;
    out.exact = ranked.ties == 0 && a.size() <= exact_pairs && b.size() <= exact_pairs &&
                a.size() * b.size() <= exact_pairs;
    if (!out.exact) {
        out.p = approximate_p(distance, n, m, ranked.ties);
        out.smallest_p = approximate_p(middle, n, m, 0);
        return out;
    }
    const auto p_at = [&](double u) {
        return std::min(1.0, 2 * chance_at_most(a.size(), b.size(), static_cast<std::size_t>(u)));
    };
    out.p = p_at(middle - distance);
    out.smallest_p = p_at(0);
    return out;
}

} // namespace qaic::load
