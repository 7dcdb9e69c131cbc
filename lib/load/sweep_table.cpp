// SPDX-License-Identifier: BSD-3-Clause
// The table of a sweep. Columns are data; those that say the same in every row are left out, but for the
// figures that people always look for.
#include "load/sweep.hpp"
#include <algorithm>

namespace qaic::load {

namespace {

struct Column {
    const char* title;
    bool always;
    std::string (*text)(const SweepRow&);
};

std::string whole(double value) { return fmt::format("{:.0f}", value); }
std::string micro(double value)
{
    return fmt::format("{:.{}f}", value, value < 100 ? 2 : value < 1000 ? 1 : 0);
}

constexpr Column sweep_columns[] = {
    {"lcores", false, [](const SweepRow& r) { return std::to_string(r.point.lcores); }},
    {"depth", false, [](const SweepRow& r) { return std::to_string(r.point.depth); }},
    {"burst", false, [](const SweepRow& r) { return std::to_string(r.point.burst); }},
    {"offered/s", false,
     [](const SweepRow& r) { return r.point.rate > 0 ? whole(r.point.rate) : std::string("closed"); }},
    {"achieved/s", true, [](const SweepRow& r) { return whole(r.figures.achieved); }},
    {"p50 us", true, [](const SweepRow& r) { return micro(r.figures.latency_us[0]); }},
    {"p99 us", true, [](const SweepRow& r) { return micro(r.figures.latency_us[2]); }},
    {"p99.9 us", true, [](const SweepRow& r) { return micro(r.figures.latency_us[3]); }},
    {"max us", true, [](const SweepRow& r) { return micro(r.figures.max_us); }},
    {"failed", false, [](const SweepRow& r) { return std::to_string(r.figures.failed); }},
    {"late", false, [](const SweepRow& r) { return std::to_string(r.figures.late); }},
    {"unfinished", false, [](const SweepRow& r) { return std::to_string(r.figures.unfinished); }},
};

} // namespace

std::string sweep_table(const std::vector<SweepRow>& rows)
{
    std::vector<std::string> lines(rows.size() + 1);
    for (const auto& column : sweep_columns) {
        std::vector<std::string> cells{column.title};
        for (const auto& row : rows) cells.push_back(column.text(row));
        const bool same =
            std::all_of(cells.begin() + 1, cells.end(), [&](const auto& c) { return c == cells[1]; });
        if (rows.empty() || (same && !column.always)) continue;
        std::size_t width = 0;
        for (const auto& cell : cells) width = std::max(width, cell.size());
        for (std::size_t i = 0; i < lines.size(); ++i)
            lines[i] += fmt::format("{}{:>{}}", lines[i].empty() ? "" : "  ", cells[i], width);
    }
    std::string out;
    for (const auto& text : lines)
        if (!text.empty()) out += text + "\n";
    return out;
}

} // namespace qaic::load
