// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics/live_table.hpp"
#include "pipeline/metrics/families.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

namespace pipeline::metrics {
namespace {

/// What the columns of both tables are made of; - where there is no number.
std::string percent(const std::optional<double>& share)
{
    return share ? fmt::format("{:.1f}", std::min(100 * *share, 999.9)) : "-";
}
std::string whole(const std::optional<double>& value) { return value ? scaled(*value) : "-"; }
std::string us(const Percentiles& p, double value) { return p.samples > 0 ? scaled(value) : "-"; }
std::string time_of(const Percentiles& p, double us)
{
    if (p.samples == 0) return "-";
    return us < 1e3 ? scaled(us) + " us" : us < 1e6 ? scaled(us / 1e3) + " ms" : scaled(us / 1e6) + " s";
}

/// A name from a file or a plugin, on somebody's terminal.
std::string shown(std::string_view name, std::size_t width)
{
    std::string out(name.substr(0, width));
    for (auto& c : out)
        if (c < ' ' || c > '~') c = '?';
    if (name.size() > width) out.back() = '~';
    return out;
}

std::uint64_t since(std::uint64_t now, std::uint64_t before) { return now > before ? now - before : 0; }

StageSnapshot since(StageSnapshot now, const std::vector<StageSnapshot>& before)
{
    const auto is_it = [&](const auto& b) { return b.name == now.name && b.replica == now.replica; };
    if (const auto b = std::find_if(before.begin(), before.end(), is_it); b != before.end()) {
        now.in = since(now.in, b->in);
        now.out = since(now.out, b->out);
        now.busy_cycles = since(now.busy_cycles, b->busy_cycles);
    }
    return now;
}

LinkSnapshot since(LinkSnapshot now, const std::vector<LinkSnapshot>& before)
{
    const auto is_it = [&](const auto& b) {
        return b.from == now.from && b.to == now.to && b.replica == now.replica;
    };
    if (const auto b = std::find_if(before.begin(), before.end(), is_it); b != before.end()) {
        now.moved = since(now.moved, b->moved);
        now.bursts = since(now.bursts, b->bursts);
        now.full_bursts = since(now.full_bursts, b->full_bursts);
    }
    return now;
}

std::optional<double> per(std::uint64_t count, double what)
{
    if (!(what > 0)) return std::nullopt;
    return static_cast<double>(count) / what;
}

constexpr auto stage_row = "{:<12} {:>3} {:>4} {:>8} {:>10} {:>10} {:>8} {:>7} {:>5} {:>8} {:>7} {:>7}\n";
constexpr auto link_row = "{:<34} {:<11} {:>15} {:>10} {:>6} {:>8} {:>10}\n";

void add_stages(std::string& out, const PipelineSnapshot& now, const std::vector<StageSnapshot>& before,
                double seconds)
{
    auto to = std::back_inserter(out);
    fmt::format_to(to, stage_row, "stage", "#", "core", "items/s", "in", "out", "dropped", "held", "busy%",
                   "cyc/item", "p50 us", "p99 us");
    for (const auto& s : now.stages) {
        const auto lately = since(s, before);
        std::uint64_t dropped = 0;
        for (const auto& d : s.dropped) dropped += d.value;
        fmt::format_to(to, stage_row, shown(s.name, 12), s.replica, s.lcore,
                       whole(per(s.in > 0 ? lately.in : lately.out, seconds)), grouped(s.in, 10),
                       grouped(s.out, 10), grouped(dropped, 8), grouped(s.held, 7),
                       percent(per(lately.busy_cycles, seconds * now.tsc_hz)), whole(cycles_per_item(lately)),
                       us(s.latency, s.latency.p50), us(s.latency, s.latency.p99));
    }
}

void add_links(std::string& out, const PipelineSnapshot& now, const std::vector<LinkSnapshot>& before,
               double seconds)
{
    if (now.links.empty()) return; // all on one lcore
    auto to = std::back_inserter(out);
    fmt::format_to(to, link_row, "link", "when full", "waiting/depth", "high-water", "full%", "items/s",
                   "dropped");
    for (const auto& l : now.links) {
        const auto lately = since(l, before);
        fmt::format_to(
            to, link_row, fmt::format("{} -> {} {}", shown(l.from, 13), shown(l.to, 13), l.replica),
            pipeline::word_of(l.when_full), fmt::format("{}/{}", grouped(l.waiting, 7), grouped(l.depth, 7)),
            grouped(l.high_water, 10), percent(full_ratio(lately)), whole(per(lately.moved, seconds)),
            grouped(l.dropped, 10));
    }
}

void add_totals(std::string& out, const PipelineSnapshot& now)
{
    const auto& l = now.ledger;
    const auto& e = now.end_to_end;
    const bool balanced = l.in == l.out + l.dropped + l.in_flight;
    const auto count = [](std::uint64_t v) { return grouped(v, 14); };
    fmt::format_to(std::back_inserter(out), "in {} {} out {} + dropped {} + in flight {}\n", count(l.in),
                   balanced ? "=" : "IS NOT", count(l.out), count(l.dropped), count(l.in_flight));
    fmt::format_to(std::back_inserter(out), "end to end p50 {}, p99 {}, p99.9 {}, highest {}, of {} items\n",
                   time_of(e, e.p50), time_of(e, e.p99), time_of(e, e.p999), time_of(e, e.highest),
                   count(e.samples));
}

} // namespace

std::string scaled(double value)
{
    static constexpr const char* units[] = {"", " k", " M", " G", " T", " P", " E"};
    if (!std::isfinite(value) || value < 0) return "-";
    std::size_t unit = 0;
    // 999.95 would be printed as 1000.0
    for (; value >= 999.95 && unit + 1 < std::size(units); ++unit) value /= 1000;
    const int digits = value >= 99.995 ? 1 : value >= 9.9995 ? 2 : 3;
    auto text = fmt::format("{:.{}f}", value, digits);
    if (unit == 0) { // no zeros that mean nothing
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
    }
    return text + units[unit];
}

std::string grouped(std::uint64_t value, std::size_t width)
{
    auto text = std::to_string(value);
    for (auto at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
    return text.size() <= width ? text : scaled(static_cast<double>(value));
}

std::string live_table(const PipelineSnapshot& now, const PipelineSnapshot* before)
{
    static const PipelineSnapshot start;
    const bool same_run = before != nullptr && before->name == now.name && before->seconds < now.seconds;
    const auto& from = same_run ? *before : start;
    const double seconds = now.seconds - from.seconds;
    auto out = fmt::format("{}, {:.1f} s\n", shown(now.name, 60), now.seconds);
    add_stages(out, now, from.stages, seconds);
    add_links(out, now, from.links, seconds);
    add_totals(out, now);
    return out;
}

} // namespace pipeline::metrics
