// SPDX-License-Identifier: BSD-3-Clause
// A table of text whose columns are as wide as their content.
#pragma once
#include <string>
#include <vector>

namespace qpc_app {

class Table {
  public:
    /// A heading that begins with '>' aligns its column to the right.
    explicit Table(std::vector<std::string> headings);
    /// Adds a row; missing cells at the end stay empty.
    void row(std::vector<std::string> cells);
    /// All lines, indented by two, without spaces at their ends.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<bool> right_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace qpc_app
