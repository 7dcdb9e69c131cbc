// SPDX-License-Identifier: BSD-3-Clause
#include "evidence.hpp"

#include <algorithm>

namespace qaic::perf {

load::Evidence evidence_of(const Report& r)
{
    const auto share = [](double part, double whole) { return whole > 0 ? part / whole : -1; };
    const auto& c = r.costs;
    const auto calls = static_cast<double>(c.enqueue_calls), refused = static_cast<double>(c.refused_calls);
    const auto submitted = static_cast<double>(r.measure.ledger.submitted);
    load::Evidence e;
    for (const auto& l : r.lcores) e.core_busy = std::max(e.core_busy, l.busy);
    e.fifo_full = share(refused, calls + refused);
    e.doorbells_per_op = share(calls, submitted); // one tail write a call that took something
    e.burst_mean = share(submitted, calls);
    // What is out on average, by Little's law: throughput times time in the driver and the card.
    const auto out = r.outcome.rate() * r.outcome.service.mean() / 1e9;
    const auto allowed = static_cast<double>(r.options.queue_depth) *
                         static_cast<double>(std::max<std::size_t>(r.lanes.size(), 1));
    e.depth_reached = out > 0.9 * allowed;
    return e;
}

} // namespace qaic::perf
