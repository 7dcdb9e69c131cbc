// SPDX-License-Identifier: BSD-3-Clause
#include "load/compare.hpp"
#include "load/rank_test.hpp"
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace qaic::load {

namespace {

double median_of(std::vector<double>& values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double median_of(std::span<const double> values)
{
    std::vector<double> copy(values.begin(), values.end());
    return median_of(copy);
}

Result<void> check_settings(const CompareSettings& s)
{
    if (!(s.threshold >= 0 && s.threshold < 10))
        return fail(Code::E_INVAL, "threshold {} %: not between 0 and 1000", 100 * s.threshold);
    if (!(s.confidence > 0.5 && s.confidence < 1))
        return fail(Code::E_INVAL, "confidence {}: not between 0.5 and 1", s.confidence);
    if (s.resamples < 100 || s.resamples > 1000000)
        return fail(Code::E_INVAL, "{} resamples: not between 100 and 1000000", s.resamples);
    return {};
}

Result<void> check_figures(const char* name, std::span<const double> figures)
{
    if (figures.empty()) return fail(Code::E_INVAL, "the {} set is empty", name);
    for (const double f : figures)
        if (!(std::isfinite(f) && f > 0))
            return fail(Code::E_INVAL, "the {} set holds {}: not above 0", name, f);
    return {};
}

/// Keeps the middle of the ratios that `draw` makes.
template<class Draw>
void set_interval(Comparison& c, const CompareSettings& s, Draw draw)
{
    std::vector<double> ratios(s.resamples);
    for (auto& r : ratios) r = draw();
    std::sort(ratios.begin(), ratios.end());
    const auto cut =
        static_cast<std::size_t>(std::floor(static_cast<double>(s.resamples) * (1 - s.confidence) / 2));
    c.low = ratios[cut];
    c.high = ratios[ratios.size() - 1 - cut];
    c.interval = true;
}

/// `agreed`: what else was asked says that the two differ.
void set_verdict(Comparison& c, const CompareSettings& s, bool agreed)
{
    const bool beyond = c.ratio > 1 + s.threshold || c.ratio < 1 / (1 + s.threshold);
    const bool differs = !c.interval || ((c.low > 1 || c.high < 1) && agreed);
    if (!beyond || !differs) return;
    c.verdict = (c.ratio > 1) == (s.better == Better::HIGHER) ? Verdict::BETTER : Verdict::WORSE;
}

/// The fraction at which the quantile of n fresh draws lies.
class QuantileDraw {
  public:
    QuantileDraw(std::uint64_t n, double fraction)
    {
        const auto all = static_cast<double>(n);
        const double rank = std::clamp(std::ceil(all * fraction * (1 - 1e-12)), 1.0, all);
        below_ = std::gamma_distribution<double>(rank);
        above_ = std::gamma_distribution<double>(all - rank + 1);
    }
    double operator()(std::mt19937_64& random)
    {
        const double a = below_(random), b = above_(random); // a / (a + b) is a beta variate
        return a / (a + b);
    }

  private:
    std::gamma_distribution<double> below_, above_;
};

} // namespace

Result<Comparison> compare_figures(std::span<const double> first, std::span<const double> second,
                                   const CompareSettings& settings)
{
    QAIC_CHECK(check_settings(settings));
    QAIC_CHECK(check_figures("first", first));
    QAIC_CHECK(check_figures("second", second));
    Comparison c;
    c.first = median_of(first), c.second = median_of(second);
    c.ratio = c.second / c.first;
    c.low = c.high = c.ratio;
    bool agreed = true;
    if (first.size() > 1 && second.size() > 1) {
        std::mt19937_64 random(settings.seed);
        std::vector<double> a(first.size()), b(second.size());
        const auto draw_from = [&random](std::span<const double> set, std::vector<double>& into) {
            std::uniform_int_distribution<std::size_t> at(0, set.size() - 1);
            for (auto& v : into) v = set[at(random)];
            return median_of(into);
        };
        set_interval(c, settings, [&] {
            const double divisor = draw_from(first, a);
            return draw_from(second, b) / divisor;
        });
        const auto test = mann_whitney(first, second);
        c.p = test.p;
        agreed = test.p < 1 - settings.confidence || test.smallest_p >= 1 - settings.confidence;
    }
    set_verdict(c, settings, agreed);
    return c;
}

Result<Comparison> compare_quantile(const Distribution& first, const Distribution& second, double fraction,
                                    const CompareSettings& settings)
{
    QAIC_CHECK(check_settings(settings));
    if (!(fraction > 0 && fraction < 1))
        return fail(Code::E_INVAL, "percentile {}: not between 0 and 100", 100 * fraction);
    Comparison c;
    c.first = first.value(fraction), c.second = second.value(fraction);
    QAIC_CHECK(check_figures("first", {&c.first, 1}));
    QAIC_CHECK(check_figures("second", {&c.second, 1}));
    c.ratio = c.second / c.first;
    std::mt19937_64 random(settings.seed);
    QuantileDraw a(first.count(), fraction), b(second.count(), fraction);
    set_interval(c, settings, [&] {
        // A drawn 0 would divide by zero; no bucket is finer than one unit of a report, so the smallest
        // double will do.
        const double divisor = std::max(first.value(a(random)), 1e-300);
        return second.value(b(random)) / divisor;
    });
    set_verdict(c, settings, true);
    return c;
}

std::string describe(const Comparison& c, const std::string& first, const std::string& second)
{
    auto text = fmt::format("{} is {:.4g} times {}", second, c.ratio, first);
    if (c.interval)
        text += fmt::format(" ({:.4g} to {:.4g}{})", c.low, c.high,
                            c.p < 1 ? fmt::format(", p {:.2g}", c.p) : "");
    else
        text += " (single figures: no interval)";
    return text + ": " + verdict_name(c.verdict);
}

const char* verdict_name(Verdict verdict) noexcept
{
    constexpr const char* names[] = {"SAME", "BETTER", "WORSE"};
    return names[static_cast<std::size_t>(verdict)];
}

} // namespace qaic::load
