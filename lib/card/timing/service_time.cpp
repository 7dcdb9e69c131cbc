// SPDX-License-Identifier: BSD-3-Clause
#include "card/timing/service_time.hpp"
#include <algorithm>
#include <cmath>

namespace card {
namespace {

/// The logarithm's own mean and deviation, from those of the time itself.
std::lognormal_distribution<double> lognormal_of(double mean, double spread)
{
    if (mean <= 0) return std::lognormal_distribution<double>();
    const double variance = std::log1p(spread / mean * (spread / mean));
    return std::lognormal_distribution<double>(std::log(mean) - variance / 2, std::sqrt(variance));
}

} // namespace

ServiceTimes::ServiceTimes(const TimingModel& model)
    : kind_(model.mean <= Nanos{0} ? ServiceTime::FIXED : model.service),
      mean_(static_cast<double>(model.mean.count())), fixed_(std::max(model.mean, Nanos{0})),
      engine_(model.seed), lognormal_(lognormal_of(mean_, static_cast<double>(model.spread.count())))
{}

Nanos ServiceTimes::draw()
{
    double drawn = 0;
    switch (kind_) {
    case ServiceTime::FIXED: return fixed_;
    case ServiceTime::EXPONENTIAL: drawn = mean_ * exponential_(engine_); break;
    case ServiceTime::LOGNORMAL: drawn = lognormal_(engine_); break;
    }
    const auto most = static_cast<double>(longest_draw.count());
    return Nanos(std::llround(std::min(drawn, most)));
}

} // namespace card
