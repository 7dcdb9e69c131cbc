// SPDX-License-Identifier: BSD-3-Clause
// The report a person reads: one line a subject.
#include "evidence.hpp"
#include "load/explain.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/ranges.h>

namespace qaic::perf {

namespace {

template<class... A>
void line(const char* subject, fmt::format_string<A...> text, A&&... args)
{
    fmt::print("{:<11}{}\n", subject, fmt::format(text, std::forward<A>(args)...));
}

/// 1234567 -> "1,234,567"
std::string grouped(std::uint64_t n)
{
    auto text = std::to_string(n);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
}
std::string grouped(double n) { return grouped(static_cast<std::uint64_t>(std::llround(n))); }

double percent(std::uint64_t part, std::uint64_t whole)
{
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_device(const Report& r)
{
    const auto& d = r.device;
    line("device", "{}: driver {}, NUMA node {}, up to {} queue pairs of {} ops, buffers aligned to {}",
         fmt::join(r.options.devices, " "), d.driver, d.numa, d.max_queue_pairs, d.max_desc, d.align);
    line("memory", "{}, IOVA mode {}",
         r.environment.hugepages ? "hugepages" : "4 KiB pages (no hugepages: slower)",
         r.environment.iova_mode);
    line("start", "EAL with probe {:.1f} ms, device configure and start {:.1f} ms", r.eal_ms, r.open_ms);
    for (const auto& stage : r.boot) {
        // the driver names them boot_<stage>_us
        const bool us = stage.name.size() > 8 && stage.name.compare(stage.name.size() - 3, 3, "_us") == 0;
        const auto name = stage.name.substr(5, stage.name.size() - (us ? 8 : 5));
        line("boot", "{:<8} {:>10} {}", name, grouped(stage.value), us ? "us" : "");
    }
}

void print_model(const Report& r)
{
    const auto& m = r.model;
    line("model", "{}{}{} ({}, {} bytes): loaded in {:.1f} ms, started in {:.1f} ms", m.name,
         m.version.empty() ? "" : " ", m.version, r.options.model, grouped(r.model_bytes), r.load_ms,
         r.start_ms);
    line("", "inputs  {}", describe(m.inputs));
    line("", "outputs {}", describe(m.outputs));
}

void print_special(const Verification& v)
{
    if (v.special.nans + v.special.infinities != 0)
        line("", "{} elements of the outputs are NaN, {} infinite", grouped(v.special.nans),
             grouped(v.special.infinities));
}

void print_verification(const Report& r)
{
    const auto& v = r.verification;
    if (!r.verifies()) {
        line("verify", "nothing to compare with (no --expect, no --labels)");
        print_special(v);
        return;
    }
    if (!r.options.expect.empty())
        line("verify", "{} of {} outputs within {:g} of {}; max difference {:.3g}", v.checked - v.wrong,
             r.tensors, r.options.effective_tolerance(), r.options.expect, v.max_diff);
    print_special(v);
    if (v.classed != 0) line("", "{} of {} outputs name the same class as expected", v.same_class, v.classed);
    if (v.labelled != 0)
        line("accuracy", "{:.2f} % ({} of {} right by {})", 100 * r.accuracy(), v.correct, v.labelled,
             r.options.labels);
}

std::string times(const stats::Histogram& ns)
{
    const auto us = [](auto v) { return static_cast<double>(v) / 1000; };
    std::string text = fmt::format("min {:.1f}  mean {:.1f}", us(ns.min()), us(ns.mean()));
    for (const auto& q : quantiles) text += fmt::format("  {} {:.1f}", q.name, us(ns.quantile(q.fraction)));
    return text + fmt::format("  max {:.1f} us", us(ns.max()));
}

std::string kind_of_load(const RunOptions& o)
{
    if (o.by_queries())
        return fmt::format("a query of {} inferences each {:g} ms", grouped(std::uint64_t{o.samples}),
                           static_cast<double>(o.interval_ns) / 1e6);
    if (!o.schedule.empty()) return fmt::format("open loop, due times of {}", o.schedule);
    if (o.rate > 0)
        return fmt::format("open loop, {} inferences/s {}{}", grouped(o.rate), o.arrivals,
                           o.arrivals == "trains" ? fmt::format(" of {}", o.train) : "");
    return fmt::format("closed loop, queue depth {}", o.queue_depth);
}

void print_figures(const Report& r)
{
    const auto& o = r.options;
    line("measure", "{}, bursts of {}{}, {:.3f} s after {:g} s of warm-up", kind_of_load(o),
         o.whole_bursts ? "" : "up to ", o.burst, r.measure.seconds, o.warmup);
    if (r.check_period() != 0) {
        line("", "{} outputs checked on the way (one in {})",
             grouped(std::max(r.sampled.checked, r.sampled.labelled)), r.check_period());
        print_special(r.sampled);
    }
    if (const auto& c = r.checksums; o.checksum != 0)
        line("",
             "{} outputs of {} bytes in all checksummed on the way (one in {}): {} differ from the first "
             "output of their input",
             grouped(c.checked), grouped(c.bytes), o.checksum, grouped(c.mismatches));
    line("throughput", "{} inferences/s ({} inferences)", grouped(r.per_second()),
         grouped(r.measure.ledger.succeeded));
    line("latency", "{}{}", times(r.outcome.latency),
         o.by_queries()  ? " from a query's due time to its last answer"
         : o.open_loop() ? " from the due time"
                         : "");
    if (!o.open_loop()) return;
    line("service", "{} from the enqueue call{}", times(r.outcome.service),
         o.by_queries() ? ", of single inferences" : "");
    if (o.by_queries()) {
        line("queries",
             "{} answered, {} intervals skipped since the query before was not back; the last inference "
             "of a query went p99 {:.1f} us after it fell due; {} inferences not finished",
             grouped(r.outcome.latency.count()), grouped(r.outcome.late),
             static_cast<double>(r.outcome.lateness.quantile(0.99)) / 1000, grouped(r.outcome.unfinished));
        return;
    }
    line("late", "{} of {} went more than {:g} us after they fell due (p99 {:.1f} us); {} not finished",
         grouped(r.outcome.late), grouped(r.measure.ledger.submitted), o.late_us,
         static_cast<double>(r.outcome.lateness.quantile(0.99)) / 1000, grouped(r.outcome.unfinished));
}

void print_until(const Report& r)
{
    if (!r.until || r.until->answer.error < 0) return; // what is not known is a problem's line
    const auto& a = r.until->answer;
    line("until", "{} is {:.1f} us ({:.1f} to {:.1f} us at {:g} % confidence: {:.2g} %, asked for {:g} %)",
         r.options.until, a.value / 1000, a.low / 1000, a.high / 1000,
         100 * stop_settings(r.options).confidence, 100 * a.error, 100 * r.options.error);
}

void print_lanes(const Report& r)
{
    for (const auto& l : r.lcores)
        line("lcore", "{}: {:.1f} % busy, the rest polled in vain", l.lcore, 100 * l.busy);
    if (r.lanes.size() < 2) return;
    line("lanes", "{:>5} {:>4} {:>5} {:>14} {:>10} {:>10} {:>10}", "lcore", "card", "model", "inferences/s",
         "p50 us", "p99 us", "failed");
    for (const auto& l : r.lanes) {
        const auto us = [&](double q) { return static_cast<double>(l.outcome.latency.quantile(q)) / 1000; };
        line("", "{:>5} {:>4} {:>5} {:>14} {:>10.1f} {:>10.1f} {:>10}", l.lcore, l.card, l.model,
             grouped(l.outcome.rate()), us(0.5), us(0.99), grouped(l.ledger.failed));
    }
}

void print_cards(const Report& r)
{
    for (const auto& c : r.cards) {
        if (!c.timed) continue;
        line("card",
             "{}: its {} slots all busy {:.1f} % of the time, {:.2f} on average, {:.2f} operations waiting; "
             "link in "
             "{:.1f} %, out {:.1f} %",
             c.socket, c.slots, 100 * c.all_busy, c.mean_busy, c.mean_waiting, 100 * c.link_in,
             100 * c.link_out);
    }
}

void print_cycles(const Report& r)
{
    const auto& c = r.costs;
    const auto& l = r.measure.ledger;
    const auto burst = [](std::uint64_t ops, std::uint64_t calls) {
        return calls == 0 ? 0 : static_cast<double>(ops) / static_cast<double>(calls);
    };
    const auto in = r.enqueue_per_op.quantile(0.5), out = r.dequeue_per_op.quantile(0.5);
    line("cycles", "{} an op in the driver at the median call: enqueue {} + dequeue {}", grouped(in + out),
         grouped(in), grouped(out));
    line("",
         "{} on average, preemption included: enqueue {} (bursts of {:.1f}) + dequeue {} (bursts of {:.1f})",
         grouped(r.enqueue_ticks_per_op() + r.dequeue_ticks_per_op()), grouped(r.enqueue_ticks_per_op()),
         burst(l.submitted, c.enqueue_calls), grouped(r.dequeue_ticks_per_op()),
         burst(l.completed(), c.dequeue_calls));
    const auto e = evidence_of(r);
    line("", "{:.3f} doorbells and {:.3f} register reads an op ({})", std::max(e.doorbells_per_op, 0.0),
         std::max(e.mmio_reads_per_op, 0.0),
         reads_are_counted(r) ? "reads counted by the card"
                              : "reads by the driver's rule for its devarg completion");
    const auto polls = c.empty_calls + c.dequeue_calls;
    line("",
         "{} an empty poll, {:.1f} % of {} polls; {} refused enqueues; {} of every call is the timer's own",
         grouped(r.empty_poll_ticks()), percent(c.empty_calls, polls), grouped(polls),
         grouped(c.refused_calls), r.environment.timer_ticks);
}

void print_counts(const Report& r)
{
    const auto t = r.total();
    line("counts",
         "submitted {} = succeeded {} + failed {} + in flight {} (verify {}, warm-up {}, measure {})",
         grouped(t.submitted), grouped(t.succeeded), grouped(t.failed), grouped(t.in_flight),
         grouped(r.verify.ledger.submitted), grouped(r.warmup.ledger.submitted),
         grouped(r.measure.ledger.submitted));
    line("", "device  {} enqueued, {} dequeued, {} failed", grouped(r.counted.enqueued),
         grouped(r.counted.dequeued), grouped(r.counted.dequeue_errors));
}

} // namespace

void print_text(const Report& report)
{
    print_device(report);
    print_model(report);
    print_verification(report);
    print_figures(report);
    print_until(report);
    print_lanes(report);
    print_cards(report);
    if (report.outcome.completed() != 0)
        line("limit", "{}", load::explain(report.outcome, evidence_of(report)).sentence);
    print_cycles(report);
    print_counts(report);
    if (report.ok())
        line("result", "OK{}",
             !report.options.expect.empty() ? ", outputs verified"
             : report.options.checksum != 0 ? " (outputs the same each time, not verified)"
                                            : " (outputs not verified)");
    else
        line("result", "FAILED, {} problem{}", report.problems.size(),
             report.problems.size() == 1 ? "" : "s");
    std::fflush(stdout);
}

} // namespace qaic::perf
