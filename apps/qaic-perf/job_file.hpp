// SPDX-License-Identifier: BSD-3-Clause
// Job files: a command's options as TOML. `queue-depth = 32` is --queue-depth 32, a list gives an option
// several times, `true` sets a flag, and `eal` holds what would stand behind "--". The command line wins.
#pragma once
#include "base/result.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::perf {

/// One option of a job: its words as a command line has them, and where it stands.
struct JobOption {
    std::string name; ///< without dashes
    bool is_flag = false;
    std::vector<std::string> values; ///< of a flag: none
    std::string place;               ///< "FILE:LINE:COLUMN"
};

struct Job {
    std::vector<JobOption> options; ///< by name
    std::vector<std::string> eal;
};

/// E_FORMAT "FILE:LINE:COLUMN: what".
Result<Job> parse_job(std::string_view text, const std::string& name);

/// The command line with the job's options in it: those the line has itself are left out. `check` is given
/// the words of one option and says what is wrong with them, or nothing; its text gets the option's place.
Result<std::vector<std::string>>
with_job(const Job& job, const std::vector<std::string>& line,
         const std::function<std::string(const std::vector<std::string>&)>& check);

} // namespace qaic::perf
