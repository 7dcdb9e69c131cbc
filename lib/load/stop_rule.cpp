// SPDX-License-Identifier: BSD-3-Clause
#include "load/stop_rule.hpp"
#include "load/distribution.hpp"
#include "load/probability.hpp"
#include <algorithm>
#include <cmath>

namespace qaic::load {

namespace {

double max_error_of(const StopAnswer& a)
{
    return a.value > 0 ? std::max(a.high - a.value, a.value - a.low) / a.value : 0;
}

std::uint64_t projected(std::uint64_t n, double error, double wanted)
{
    const double times = error / wanted;
    return static_cast<std::uint64_t>(std::min(std::ceil(static_cast<double>(n) * times * times), 1e18));
}

/// What the samples say of the percentile; an answer without error when there are too few for an interval.
StopAnswer measure_percentile(const StopSettings& s, const stats::Histogram& recorded)
{
    StopAnswer a;
    const auto n = recorded.count();
    const auto ranks = interval_ranks(n, s.fraction, s.confidence);
    if (!ranks) {
        a.needed = samples_for_interval(s.fraction, s.confidence);
        return a;
    }
    const auto all = Distribution::of(recorded);
    const auto at_rank = [&](std::uint64_t rank) {
        return all.value(static_cast<double>(rank) / static_cast<double>(n));
    };
    a.value = all.value(s.fraction);
    a.low = std::min(at_rank(ranks->low), a.value);
    a.high = std::max(at_rank(ranks->high), a.value);
    a.error = max_error_of(a);
    a.needed = a.error <= s.error ? n : projected(n, a.error, s.error);
    return a;
}

} // namespace

Result<StopRule> StopRule::make(const StopSettings& s)
{
    constexpr auto finest = stats::Histogram::max_relative_error;
    if (!(s.seconds >= 0 && std::isfinite(s.seconds)))
        return fail(Code::E_INVAL, "--time {}: not a time", s.seconds);
    if (!(s.confidence > 0.5 && s.confidence < 1))
        return fail(Code::E_INVAL, "--confidence {}: not between 0.5 and 1", s.confidence);
    if ((s.fraction != 0) != (s.error != 0))
        return fail(Code::E_INVAL, "--until and --error belong together: one says what, the other how well");
    if (s.fraction != 0 && !(s.fraction > 0 && s.fraction < 1))
        return fail(Code::E_INVAL, "--until p{:g}: not between p0 and p100", 100 * s.fraction);
    if (s.error != 0 && !(s.error >= finest && s.error <= 1))
        return fail(Code::E_INVAL,
                    "--error {:g} %: not between {:.2f} (what the histogram tells apart) and 100",
                    100 * s.error, 100 * finest);
    if (s.seconds == 0 && s.count == 0)
        return fail(Code::E_INVAL, "neither --time nor --count: without a limit a run may never end");
    return StopRule(s);
}

StopAnswer StopRule::ask(const stats::Histogram& recorded, double elapsed) const
{
    const auto& s = settings_;
    const bool used_up =
        (s.count != 0 && recorded.count() >= s.count) || (s.seconds > 0 && elapsed >= s.seconds);
    if (s.fraction == 0)
        return {.state = used_up ? StopState::ENOUGH : StopState::NOT_YET, .needed = s.count};
    auto a = measure_percentile(s, recorded);
    if (a.error >= 0 && a.error <= s.error)
        a.state = StopState::ENOUGH;
    else if (used_up)
        a.state = StopState::HOPELESS;
    return a;
}

Result<std::uint64_t> mlperf_queries(double fraction, double confidence)
{
    if (!(fraction >= 0.5 && fraction <= 0.99999) || !(confidence > 0 && confidence < 1))
        return fail(Code::E_INVAL, "percentile {} at {} confidence: not between 50 and 99.999, and 0 and 1",
                    100 * fraction, confidence);
    constexpr double step = 8192;
    const double margin = (1 - fraction) / 20, z = normal_quantile((1 - confidence) / 2);
    const double queries = z * z * fraction * (1 - fraction) / (margin * margin);
    return static_cast<std::uint64_t>(std::ceil(queries / step) * step);
}

} // namespace qaic::load
