// SPDX-License-Identifier: BSD-3-Clause
#include "load/figures.hpp"

namespace qaic::load {

namespace {
double micros(std::uint64_t ns) { return static_cast<double>(ns) / 1000; }
} // namespace

Figures figures_of(const Outcome& o) noexcept
{
    Figures f{.offered = o.offered,
              .achieved = o.rate(),
              .seconds = o.seconds,
              .succeeded = o.succeeded,
              .failed = o.failed,
              .late = o.late,
              .unfinished = o.unfinished,
              .max_us = micros(o.latency.max()),
              .mean_us = o.latency.mean() / 1000,
              .service_p99_us = micros(o.service.quantile(0.99)),
              .lateness_p99_us = micros(o.lateness.quantile(0.99))};
    for (std::size_t i = 0; i < quantile_columns.size(); ++i)
        f.latency_us[i] = micros(o.latency.quantile(quantile_columns[i].fraction));
    return f;
}

} // namespace qaic::load
