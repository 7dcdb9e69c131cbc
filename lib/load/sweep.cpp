// SPDX-License-Identifier: BSD-3-Clause
#include "load/sweep.hpp"
#include <algorithm>
#include <charconv>
#include <cmath>

namespace qaic::load {

namespace {

constexpr std::size_t most_values = 1000, most_points = 10000;

struct List { ///< where a text came from, for messages
    std::string_view option;
    double low, high;
};

tl::unexpected<Error> wrong(const List& l, std::string_view part, std::string_view what)
{
    constexpr std::size_t shown = 40; // of what somebody typed
    return fail(Code::E_INVAL,
                "{}: \"{}\" {} (a list of numbers and ranges: 1,2,4 or 1..64*2 or 1000..9000+1000)", l.option,
                part.substr(0, shown), what);
}

Result<double> parse_number(const List& l, std::string_view part)
{
    double value = 0;
    const auto [end, error] =
        std::from_chars(part.data(), part.data() + part.size(), value, std::chars_format::general);
    auto rest = part.substr(static_cast<std::size_t>(end - part.data()));
    if (error != std::errc{}) return wrong(l, part, "is no number");
    if (rest == "k" || rest == "M") value *= rest == "k" ? 1e3 : 1e6, rest = {};
    if (!rest.empty()) return wrong(l, part, "is no number");
    if (!(value >= l.low && value <= l.high))
        return wrong(l, part, fmt::format("is not between {:.15g} and {:.15g}", l.low, l.high));
    return value;
}

/// "first..last*factor" or "first..last+step".
Result<void> parse_range(const List& l, std::string_view part, std::vector<double>& into)
{
    const auto dots = part.find("..");
    const auto by = part.find_first_of("*+", dots);
    if (by == std::string_view::npos)
        return wrong(l, part, "is a range without a step: end it with *2 or +1");
    QAIC_TRY(const double first, parse_number(l, part.substr(0, dots)));
    QAIC_TRY(const double last, parse_number(l, part.substr(dots + 2, by - dots - 2)));
    const List any{l.option, 0, 1e15};
    QAIC_TRY(const double step, parse_number(any, part.substr(by + 1)));
    const bool times = part[by] == '*';
    if (last < first) return wrong(l, part, "ends below its start");
    if (times ? step <= 1 : step <= 0)
        return wrong(l, part, times ? "never grows: the factor must be above 1" : "never grows");
    if (times && first <= 0) return wrong(l, part, "never grows from 0");
    // By index, so that 0.1 added ten times is 1; a little slack for the last.
    for (std::size_t i = 0; into.size() <= most_values; ++i) {
        const auto n = static_cast<double>(i);
        const double value = times ? first * std::pow(step, n) : first + step * n;
        if (value > last * (1 + 1e-12)) return {};
        into.push_back(std::min(value, last));
    }
    return {};
}

Result<std::vector<double>> parse_list(const List& l, std::string_view text)
{
    std::vector<double> out;
    for (std::string_view rest = text;;) {
        const auto comma = rest.find(',');
        const auto part = rest.substr(0, comma);
        if (part.find("..") != std::string_view::npos) {
            QAIC_CHECK(parse_range(l, part, out));
        } else {
            QAIC_TRY(const double value, parse_number(l, part));
            out.push_back(value);
        }
        if (out.size() > most_values)
            return wrong(l, text, fmt::format("is more than {} values", most_values));
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    auto sorted = out;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
        return wrong(l, text, fmt::format("has {:.15g} twice", *twice));
    return out;
}

template<class T>
std::vector<T> or_default(const std::vector<T>& values, T value)
{
    return values.empty() ? std::vector<T>{value} : values;
}

} // namespace

Result<std::vector<double>> parse_numbers(std::string_view option, std::string_view text, double low,
                                          double high)
{
    return parse_list({option, low, high}, text);
}

Result<std::vector<std::uint32_t>> parse_counts(std::string_view option, std::string_view text,
                                                std::uint32_t low, std::uint32_t high)
{
    const List l{option, static_cast<double>(low), static_cast<double>(high)};
    QAIC_TRY(const auto values, parse_list(l, text));
    std::vector<std::uint32_t> out;
    for (const double v : values) {
        if (v != std::floor(v))
            return wrong(l, text, fmt::format("has {:.15g}, which is no whole number", v));
        out.push_back(static_cast<std::uint32_t>(v));
    }
    return out;
}

Result<SweepGrid> expand(const SweepAxes& axes)
{
    const SweepPoint standard;
    const auto lcores = or_default(axes.lcores, standard.lcores),
               depths = or_default(axes.depths, standard.depth),
               bursts = or_default(axes.bursts, standard.burst);
    const auto rates = or_default(axes.rates, standard.rate);
    // Each list has at most 1000 values if it was parsed here; in double nothing overflows for any.
    const double all = static_cast<double>(lcores.size()) * static_cast<double>(depths.size()) *
                       static_cast<double>(bursts.size()) * static_cast<double>(rates.size());
    if (all > most_points)
        return fail(
            Code::E_LIMIT,
            "a sweep of {} lcores x {} depths x {} bursts x {} rates is {:.0f} runs, limit {}: give fewer",
            lcores.size(), depths.size(), bursts.size(), rates.size(), all, most_points);
    SweepGrid grid;
    for (const auto l : lcores)
        for (const auto d : depths)
            for (const auto b : bursts) {
                if (b > d) {
                    grid.skipped += rates.size();
                    continue;
                }
                for (const auto r : rates)
                    grid.points.push_back({.depth = d, .burst = b, .lcores = l, .rate = r});
            }
    if (grid.points.empty())
        return fail(Code::E_INVAL, "a sweep without a run: every burst is larger than every depth");
    return grid;
}

} // namespace qaic::load
