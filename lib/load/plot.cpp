// SPDX-License-Identifier: BSD-3-Clause
#include "load/plot.hpp"
#include "load/percentiles.hpp"
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

namespace qaic::load {

namespace {

// Okabe and Ito's colours: told apart by nearly every eye, and in grey.
constexpr std::array<const char*, 7> colours{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#E69F00", "#56B4E9", "#000000"};

struct PlotCurve {
    std::string name;
    std::vector<std::pair<double, double>> points;
};

struct PlotAxes {
    std::string x_label, set_x; ///< set_x: gnuplot commands
    bool with_points = false;
    double limit_us = 0;
    double x_of_low = 0; ///< what lies left of it does not stretch the y axis
};

/// Text as a gnuplot string. In single quotes nothing is special but the quote; control characters become
/// blanks.
std::string gnuplot_string(std::string_view text)
{
    std::string out = "'";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < ' ')
            out += ' ';
        else
            out += c == '\'' ? "''" : std::string(1, c);
    }
    return out + "'";
}

/// Labels at 1, 2 and 5 of each decade; with more than three decades at 1 alone.
std::string decade_tics(double low, double high)
{
    std::string tics;
    const bool dense = high < 1000 * low;
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10)
        for (const double m : {1.0, 2.0, 5.0})
            if (const double at = m * decade; at >= low && at <= high && (dense || m == 1))
                tics += fmt::format("{}{:.3g}", tics.empty() ? "" : ", ", at);
    return tics;
}

void set_y(std::string& script, const PlotAxes& axes, const std::vector<PlotCurve>& curves)
{
    double low = axes.limit_us > 0 ? axes.limit_us : INFINITY, high = axes.limit_us;
    for (const auto& c : curves)
        for (const auto& [x, y] : c.points) {
            if (x >= axes.x_of_low) low = std::min(low, y);
            high = std::max(high, y);
        }
    low = std::max(low, 0.001); // a nanosecond; and nothing lies below it on a logarithmic axis
    // Over more than one decade a linear axis hides the lower half of the story.
    if (high > 10 * low && std::isfinite(low))
        script += fmt::format("set logscale y\nset yrange [{:g}:{:g}]\nset ytics ({})\n", low * 0.8,
                              high * 1.25, decade_tics(low * 0.8, high * 1.25));
    else
        script += fmt::format("set yrange [0:{:g}]\n", std::max(high, 0.001) * 1.1);
}

/// Above the picture, where it hides no curve; many names need a column of their own.
std::string key_for(const std::vector<PlotCurve>& curves)
{
    constexpr std::size_t in_a_row = 4;
    if (curves.size() == 1 && curves[0].name.empty()) return "unset key\n";
    return curves.size() <= in_a_row ? "set key tmargin center horizontal Left reverse noenhanced\n"
                                     : "set key outside right top Left reverse noenhanced\n";
}

std::string script_of(std::string_view title, const PlotAxes& axes, const std::vector<PlotCurve>& curves)
{
    std::string script = "set encoding utf8\n";
    script += fmt::format("set title {} noenhanced\n", gnuplot_string(title));
    if (curves.empty())
        return script +
               "unset xtics\nunset ytics\nunset key\nunset border\nset label 1 'nothing came back' at graph "
               "0.5,0.5 center\n"
               "plot [0:1] [0:1] -1\n";
    for (std::size_t i = 0; i < curves.size(); ++i) {
        script += fmt::format("$curve{} << end_of_curve\n", i);
        for (const auto& [x, y] : curves[i].points) script += fmt::format("{:.9g} {:.9g}\n", x, y);
        script += "end_of_curve\n";
    }
    script += "set grid lw 0.5 lc '#cccccc'\nset border 3\nset tics nomirror\n";
    script += key_for(curves);
    script += fmt::format("set xlabel {}\nset ylabel {}\n", gnuplot_string(axes.x_label),
                          gnuplot_string("latency, µs"));
    script += axes.set_x;
    set_y(script, axes, curves);
    script += "plot ";
    for (std::size_t i = 0; i < curves.size(); ++i)
        script += fmt::format("{}$curve{} using 1:2 with {} lw 2 lc '{}'{} title {}", i == 0 ? "" : ", ", i,
                              axes.with_points ? "linespoints" : "lines", colours[i % colours.size()],
                              axes.with_points ? " pt 7 ps 0.6" : "", gnuplot_string(curves[i].name));
    if (axes.limit_us > 0)
        script += fmt::format(", {:.9g} with lines lw 1 dt 2 lc '#000000' title {}", axes.limit_us,
                              gnuplot_string(fmt::format("limit {:g} µs", axes.limit_us)));
    return script + "\n";
}

constexpr double us(double ns) { return ns / 1000; }

/// Tics at 0, 50, 90, 99, 99.9 ... %, where x = 1 / (1 - fraction).
std::string percentile_axis(double largest)
{
    std::string tics = "'0 %%' 1, '50 %%' 2, '90 %%' 10, '99 %%' 100"; // tic labels are formats
    std::string nines = "99.";
    double x = 1000;
    for (; x <= 10 * largest && x < 1e15; x *= 10) {
        nines += '9';
        tics += fmt::format(", '{} %%' {:g}", nines, x);
    }
    return fmt::format("set logscale x\nset xrange [1:{:g}]\nset xtics ({})\n", std::max(2.0, largest * 1.2),
                       tics);
}

/// What stays the same along one curve, and its name by what differs between curves.
struct Group {
    std::uint32_t lcores, burst, depth;
    bool operator<(const Group& o) const
    {
        return std::tie(lcores, burst, depth) < std::tie(o.lcores, o.burst, o.depth);
    }
    bool operator==(const Group&) const = default;
};

Group group_of(const SweepPoint& p, bool by_depth) { return {p.lcores, p.burst, by_depth ? 0 : p.depth}; }

std::string name_of(const Group& g, const std::set<Group>& all)
{
    std::string name;
    const auto add = [&](const char* what, std::uint32_t Group::*member) {
        const bool same =
            std::all_of(all.begin(), all.end(), [&](const Group& o) { return o.*member == g.*member; });
        if (!same) name += fmt::format("{}{} {}", name.empty() ? "" : ", ", what, g.*member);
    };
    add("lcores", &Group::lcores), add("depth", &Group::depth), add("burst", &Group::burst);
    return name;
}

} // namespace

std::string latency_plot(std::string_view title, std::span<const LatencyCurve> given, double limit_us)
{
    constexpr unsigned steps = 10;
    std::vector<PlotCurve> curves;
    double largest = 1;
    for (const auto& g : given) {
        if (g.latency == nullptr || g.latency->count() == 0) continue;
        PlotCurve c{.name = g.name, .points = {}};
        for (const auto& level : percentile_levels(*g.latency, steps)) {
            // 100 % lies at infinity; a sample of n stands for 1 - 1/n.
            const double x =
                level.fraction < 1 ? 1 / (1 - level.fraction) : static_cast<double>(g.latency->count());
            if (!c.points.empty() && x < c.points.back().first) continue;
            c.points.emplace_back(x, us(static_cast<double>(level.value)));
            largest = std::max(largest, x);
        }
        curves.push_back(std::move(c));
    }
    return script_of(title,
                     {.x_label = "share of operations at or below",
                      .set_x = percentile_axis(largest),
                      .limit_us = limit_us,
                      .x_of_low = 1 / (1 - 0.1)}, // the fastest tenth may be far away from all others
                     curves);
}

std::string sweep_plot(std::string_view title, const std::vector<SweepRow>& rows, double limit_us)
{
    const bool by_depth = std::all_of(rows.begin(), rows.end(),
                                      [&](const SweepRow& r) { return r.point.rate == rows[0].point.rate; });
    std::set<Group> groups;
    for (const auto& r : rows)
        if (r.figures.achieved > 0) groups.insert(group_of(r.point, by_depth));
    std::vector<PlotCurve> curves;
    const auto add_curve = [&](const Group& g, const std::string& name, std::size_t quantile) {
        PlotCurve c{.name = name, .points = {}};
        for (const auto& r : rows)
            if (r.figures.achieved > 0 && group_of(r.point, by_depth) == g)
                c.points.emplace_back(r.figures.achieved, r.figures.latency_us[quantile]);
        curves.push_back(std::move(c));
    };
    double fastest = 0;
    for (const auto& r : rows) fastest = std::max(fastest, r.figures.achieved);
    constexpr std::size_t p99 = 2;
    if (groups.size() == 1)
        for (const std::size_t q : {std::size_t{0}, p99, std::size_t{3}})
            add_curve(*groups.begin(), std::string(quantile_columns[q].name), q);
    else
        for (const auto& g : groups) add_curve(g, "p99, " + name_of(g, groups), p99);
    return script_of(title,
                     {.x_label = "operations/s that came back",
                      .set_x = fmt::format("set xrange [0:{:g}]\nset format x '%.1s%c'\n", 1.05 * fastest),
                      .with_points = true,
                      .limit_us = limit_us},
                     curves);
}

} // namespace qaic::load
