// SPDX-License-Identifier: BSD-3-Clause
#include "evidence.hpp"

#include <algorithm>

namespace qaic::perf {

namespace {

double share(double part, double whole) { return whole > 0 ? part / whole : -1; }

/// By the driver's rule for its devarg `completion`: docs/mldevs/qaic.rst.
double reads_by_rule(const Report& r)
{
    const auto asks = [&](const char* how) {
        return std::any_of(r.options.devices.begin(), r.options.devices.end(),
                           [&](const auto& d) { return d.find(how) != std::string::npos; });
    };
    const auto found = r.costs.dequeue_calls, all = found + r.costs.empty_calls;
    const auto reads = asks("completion=register") ? all : asks("completion=confirmed") ? found : 0;
    return share(static_cast<double>(reads), static_cast<double>(r.measure.ledger.submitted));
}

void add_cards(const Report& r, load::Evidence& e)
{
    if (const auto* card = busiest(r.cards); card != nullptr && card->timed) {
        e.card_busy = card->all_busy;
        e.card_waiting = card->mean_waiting;
        e.link_busy = std::max(card->link_in, card->link_out);
    }
    if (!reads_are_counted(r)) return;
    std::uint64_t reads = 0;
    for (const auto& c : r.cards) reads += c.doorbell_reads;
    e.mmio_reads_per_op = share(static_cast<double>(reads), static_cast<double>(r.measure.ledger.submitted));
}

/// Several cards lie on several nodes, and every core is far from some.
bool works_on_far_memory(const Report& r)
{
    return r.options.devices.size() == 1 && r.device.numa >= 0 &&
           std::any_of(r.lcores.begin(), r.lcores.end(),
                       [&](const auto& l) { return l.numa >= 0 && l.numa != r.device.numa; });
}

} // namespace

bool reads_are_counted(const Report& r)
{
    return !r.cards.empty() &&
           std::all_of(r.cards.begin(), r.cards.end(), [](const auto& c) { return c.trapped; });
}

load::Evidence evidence_of(const Report& r)
{
    const auto& c = r.costs;
    const auto calls = static_cast<double>(c.enqueue_calls), refused = static_cast<double>(c.refused_calls);
    const auto submitted = static_cast<double>(r.measure.ledger.submitted);
    load::Evidence e;
    double busy = 0;
    for (const auto& l : r.lcores) {
        e.core_busy = std::max(e.core_busy, l.busy);
        busy += static_cast<double>(l.busy_ticks);
    }
    e.enqueue_share = share(static_cast<double>(c.enqueue_ticks), busy);
    e.dequeue_share = share(static_cast<double>(c.dequeue_ticks), busy);
    e.fifo_full = share(refused, calls + refused);
    e.doorbells_per_op = share(calls, submitted); // one tail write a call that took something
    e.burst_mean = share(submitted, calls);
    // What is out on average, by Little's law: throughput times time in the driver and the card.
    const auto out = r.outcome.rate() * r.outcome.service.mean() / 1e9;
    const auto allowed = static_cast<double>(r.options.queue_depth) *
                         static_cast<double>(std::max<std::size_t>(r.lanes.size(), 1));
    e.depth_reached = out > 0.9 * allowed;
    e.alone_ns = r.alone_ns;
    e.far_memory = works_on_far_memory(r);
    e.mmio_reads_per_op = reads_by_rule(r);
    add_cards(r, e);
    return e;
}

} // namespace qaic::perf
