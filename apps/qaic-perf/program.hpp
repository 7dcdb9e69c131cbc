// SPDX-License-Identifier: BSD-3-Clause
// All sub-commands with their options, once; a second one is cheap and shares nothing.
#pragma once
#include "commands.hpp"

#include <memory>
#include <optional>

namespace qaic::perf {

class Program {
  public:
    Program();
    ~Program();
    struct Parsed {
        std::optional<int> status; ///< --help and the like were answered
        std::string error;         ///< one line; empty: taken
    };
    /// `words`: without the program's name. `one_option`: what an option needs besides itself is not asked
    /// for.
    Parsed parse(const std::vector<std::string>& words, bool one_option);
    [[nodiscard]] bool knows(const std::string& command, const std::string& option) const;
    /// The command that was parsed; with --dry-run it only says what it would do.
    int run(const std::vector<std::string>& eal) const;

  private:
    std::unique_ptr<CLI::App> app_;
    std::vector<Command> commands_;
};

} // namespace qaic::perf
