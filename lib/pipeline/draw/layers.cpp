// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/draw/layers.hpp"
#include <algorithm>

namespace pipeline::draw {

namespace {

using Row = std::vector<std::size_t>;

/// Sorts a row by the mean place of each point's neighbours; those without any keep their place.
void by_neighbours(Row& row, const std::vector<Row>& neighbours, const std::vector<double>& place)
{
    std::vector<std::pair<double, std::size_t>> keyed;
    for (const auto p : row) {
        double sum = 0;
        for (const auto n : neighbours[p]) sum += place[n];
        const auto count = neighbours[p].size();
        keyed.emplace_back(count != 0 ? sum / static_cast<double>(count) : place[p], p);
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(keyed.begin(), keyed.end(), row.begin(), [](const auto& k) { return k.second; });
}

/// From 0 to 1 along the row, so that rows of different length compare.
void number(const Row& row, std::vector<double>& place)
{
    for (std::size_t i = 0; i < row.size(); ++i)
        place[row[i]] = (static_cast<double>(i) + 0.5) / static_cast<double>(row.size());
}

void uncross(Layers& l)
{
    std::vector<Row> above(l.points), below(l.points);
    for (const auto& path : l.paths)
        for (std::size_t i = 1; i < path.size(); ++i)
            above[path[i]].push_back(path[i - 1]), below[path[i - 1]].push_back(path[i]);
    std::vector<double> place(l.points);
    for (const auto& row : l.rows) number(row, place);
    for (int sweep = 0; sweep < 4; ++sweep) {
        for (auto& row : l.rows) by_neighbours(row, above, place), number(row, place);
        for (auto row = l.rows.rbegin(); row != l.rows.rend(); ++row)
            by_neighbours(*row, below, place), number(*row, place);
    }
}

} // namespace

Layers layers_of(std::size_t nodes, const std::vector<std::pair<std::size_t, std::size_t>>& edges)
{
    std::vector<std::size_t> depth(nodes, 0);
    for (std::size_t n = 0; n < nodes; ++n) // depth[n] is final: all edges to n come from lower numbers
        for (const auto& [from, to] : edges)
            if (from == n) depth[to] = std::max(depth[to], depth[n] + 1);
    Layers out;
    out.points = nodes;
    for (std::size_t n = 0; n < nodes; ++n) {
        if (out.rows.size() <= depth[n]) out.rows.resize(depth[n] + 1);
        out.rows[depth[n]].push_back(n);
    }
    for (const auto& [from, to] : edges) {
        auto& path = out.paths.emplace_back(Row{from});
        for (auto layer = depth[from] + 1; layer < depth[to]; ++layer) {
            out.rows[layer].push_back(out.points);
            path.push_back(out.points++);
        }
        path.push_back(to);
    }
    uncross(out);
    return out;
}

} // namespace pipeline::draw
