// SPDX-License-Identifier: BSD-3-Clause
#include "load/explain.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace qaic::load {

namespace {

// Queues of finite length leave gaps: shares above these are as busy as things get in practice.
constexpr double busy = 0.9, link_full = 0.85;
constexpr double fifo_often_full = 0.05; // of the enqueue calls
constexpr double many_doorbells = 0.25;  // tail writes an operation: bursts below 4
constexpr double any_reads = 0.01;
constexpr double dear = 0.4;      // of a core's busy time
constexpr double waits = 1.5;     // times what an operation takes alone
constexpr double short_of = 0.98; // of the offered rate

struct Run {
    const Outcome& o;
    const Evidence& e;
    [[nodiscard]] bool core_saturated() const { return e.core_busy >= busy; }
    [[nodiscard]] bool closed_loop() const { return o.offered <= 0; }
    [[nodiscard]] bool fell_short() const { return o.rate() < short_of * o.offered; }
    /// All that may be out is, or not all went, and they are slower than one alone. A card that counts says
    /// itself how busy it was.
    [[nodiscard]] bool waits_behind_doorbell() const
    {
        return (closed_loop() ? e.depth_reached : fell_short()) && e.card_busy < 0 && e.alone_ns > 0 &&
               o.service.mean() > waits * e.alone_ns;
    }
    [[nodiscard]] bool anything_known() const
    {
        return std::max({e.core_busy, e.card_busy, e.link_busy, e.fifo_full}) >= 0;
    }
};

/// Known to be little: not what a core is saturated by.
constexpr bool is_cheap(double share) { return share >= 0 && share < dear; }

double percent(double share) { return 100 * std::min(share, 1.0); }

std::string by_known(const char* text, double share)
{
    return share < 0 ? std::string() : fmt::format("{} {:.0f} %, ", text, percent(share));
}

std::string shares(const Evidence& e)
{
    auto out = by_known("card", e.card_busy) + by_known("link", e.link_busy) + by_known("core", e.core_busy);
    if (out.size() > 2) out.resize(out.size() - 2);
    return out.empty() ? "no share is known" : out;
}

std::string known_core(const Evidence& e)
{
    return e.core_busy < 0 ? std::string() : fmt::format(" (core {:.0f} %)", percent(e.core_busy));
}

std::string card(const Run& r)
{
    const auto queue = r.e.card_waiting < 0
                           ? std::string()
                           : fmt::format(", {:.1f} operations wait for a slot", r.e.card_waiting);
    return fmt::format("The card is the limit: all its slots computed {:.0f} % of the time{}; offer less, "
                       "make the model faster, "
                       "or add activations or cards.",
                       percent(r.e.card_busy), queue);
}

std::string link(const Run& r)
{
    return fmt::format(
        "The card's link is the limit: its fuller direction was in use {:.0f} % of the time; make inputs or "
        "outputs smaller (the model's own types instead of float32), or spread the load over more cards.",
        percent(r.e.link_busy));
}

std::string registers(const Run& r)
{
    return fmt::format(
        "The producer core is the limit ({:.0f} % busy), and it reads registers of the card: {:.2f} reads an "
        "operation stall it; let completions come by memory (devarg completion=memory).",
        percent(r.e.core_busy), r.e.mmio_reads_per_op);
}

std::string doorbells(const Run& r)
{
    const auto burst =
        r.e.burst_mean < 0 ? std::string() : fmt::format(", bursts hold {:.1f}", r.e.burst_mean);
    return fmt::format(
        "The producer core is the limit ({:.0f} % busy), and doorbells are what it pays for: {:.2f} an "
        "operation{}; raise --burst and --queue-depth.",
        percent(r.e.core_busy), r.e.doorbells_per_op, burst);
}

std::string far_memory(const Run& r)
{
    return fmt::format("The producer core is the limit ({:.0f} % busy), and it is on another NUMA node than "
                       "the card and its "
                       "buffers; run on the card's node (numactl, -l with its cores).",
                       percent(r.e.core_busy));
}

std::string core(const Run& r)
{
    return fmt::format(
        "The producer core is the limit: it moved operations {:.0f} % of the time; add lcores, each with a "
        "queue pair of its own.",
        percent(r.e.core_busy));
}

std::string device(const Run& r)
{
    return fmt::format("The card or its link is the limit: an operation takes {:.1f} us, and {:.1f} us with "
                       "nothing else out, so most of what is out waits there{}; offer less, make the model "
                       "faster, or add activations or cards.",
                       r.o.service.mean() / 1e3, r.e.alone_ns / 1e3, known_core(r.e));
}

std::string depth(const Run& r)
{
    if (r.e.fifo_full > fifo_often_full)
        return fmt::format(
            "The request FIFO is the limit: {:.0f} % of the enqueue calls found it full, while nothing is "
            "saturated ({}); give the queue pair more descriptors, or add queue pairs.",
            percent(r.e.fifo_full), shares(r.e));
    return fmt::format(
        "The queue depth is the limit: every operation that may be out was out at {:.0f}/s, while nothing is "
        "saturated ({}); raise --queue-depth.",
        r.o.rate(), shares(r.e));
}

std::string fell_short(const Run& r)
{
    return fmt::format("Nothing that is counted is saturated ({}), yet {:.0f}/s came back of {:.0f}/s that "
                       "fell due; look at "
                       "late starts ({}) and at what else runs on the lcores.",
                       shares(r.e), r.o.rate(), r.o.offered, r.o.late);
}

std::string load(const Run& r)
{
    return fmt::format(
        "Nothing is saturated ({}): {:.0f}/s is the load that was asked for; raise {} to find a limit.",
        shares(r.e), r.o.rate(), r.closed_loop() ? "--queue-depth" : "--rate");
}

std::string unknown(const Run&)
{
    return "What limits this run is not known: neither the card's, the link's nor the core's share was "
           "counted; run on a card "
           "and driver with counters.";
}

struct Rule {
    Bottleneck bottleneck;
    bool (*applies)(const Run&);
    std::string (*sentence)(const Run&);
};

constexpr Rule explain_rules[] = {
    {Bottleneck::CARD, [](const Run& r) { return r.e.card_busy >= busy; }, card},
    {Bottleneck::LINK, [](const Run& r) { return r.e.link_busy >= link_full; }, link},
    {Bottleneck::REGISTERS,
     [](const Run& r) {
         return r.core_saturated() && r.e.mmio_reads_per_op > any_reads && !is_cheap(r.e.dequeue_share);
     },
     registers},
    {Bottleneck::DOORBELLS,
     [](const Run& r) {
         return r.core_saturated() && r.e.doorbells_per_op > many_doorbells && !is_cheap(r.e.enqueue_share);
     },
     doorbells},
    {Bottleneck::FAR_MEMORY, [](const Run& r) { return r.core_saturated() && r.e.far_memory; }, far_memory},
    {Bottleneck::CORE, [](const Run& r) { return r.core_saturated(); }, core},
    {Bottleneck::DEVICE, [](const Run& r) { return r.waits_behind_doorbell(); }, device},
    {Bottleneck::DEPTH,
     [](const Run& r) { return r.e.fifo_full > fifo_often_full || (r.closed_loop() && r.e.depth_reached); },
     depth},
    {Bottleneck::UNKNOWN, [](const Run& r) { return !r.anything_known(); }, unknown},
    {Bottleneck::SHORT, [](const Run& r) { return r.fell_short(); }, fell_short},
    {Bottleneck::LOAD, [](const Run&) { return true; }, load},
};

} // namespace

Explanation explain(const Outcome& outcome, const Evidence& evidence)
{
    const Run run{outcome, evidence};
    const auto* rule = std::find_if(std::begin(explain_rules), std::end(explain_rules),
                                    [&](const Rule& r) { return r.applies(run); });
    return {rule->bottleneck, rule->sentence(run)}; // the last rule always applies
}

} // namespace qaic::load
