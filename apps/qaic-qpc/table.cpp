// SPDX-License-Identifier: BSD-3-Clause
#include "table.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace qpc_app {

Table::Table(std::vector<std::string> headings)
{
    for (auto& h : headings) {
        right_.push_back(!h.empty() && h.front() == '>');
        if (right_.back()) h.erase(0, 1);
    }
    rows_.push_back(std::move(headings));
}

void Table::row(std::vector<std::string> cells)
{
    cells.resize(right_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const
{
    std::vector<std::size_t> width(right_.size());
    for (const auto& r : rows_)
        for (std::size_t i = 0; i < r.size(); ++i) width[i] = std::max(width[i], r[i].size());
    std::string out;
    for (const auto& r : rows_) {
        std::string line;
        for (std::size_t i = 0; i < r.size(); ++i)
            line +=
                right_[i] ? fmt::format("  {:>{}}", r[i], width[i]) : fmt::format("  {:<{}}", r[i], width[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

} // namespace qpc_app
