// SPDX-License-Identifier: BSD-3-Clause
// qaic-perf: measures a card through DPDK's ML device class. One sub-command a file.
#include "commands.hpp"
#include "eal_setup.hpp"
#include "job_file.hpp"
#include "options.hpp"
#include "program.hpp"
#include "tensor_file.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

namespace {

using namespace qaic::perf;

/// The value of --job, wherever it stands; empty: none.
std::string job_of(const std::vector<std::string>& line)
{
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == "--job" && i + 1 < line.size()) return line[i + 1];
        if (line[i].rfind("--job=", 0) == 0) return line[i].substr(6);
    }
    return {};
}

/// Puts the options of the job file into the line, and its EAL options in front of those given.
qaic::Result<void> take_job(qaic::eal::SplitArguments& arguments)
{
    const auto path = job_of(arguments.ours);
    if (path.empty() || arguments.ours.empty()) return {};
    QAIC_TRY(const auto bytes, read_file(path));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    QAIC_TRY(const auto job, parse_job(text, path));
    // Each option is tried alone on a program of its own: so an error is that option's.
    const auto check = [&command = arguments.ours.front()](const std::vector<std::string>& words) {
        Program alone;
        const auto name = words.front().substr(0, words.front().find('='));
        if (!alone.knows(command, name)) return fmt::format("qaic-perf {} has no option {}", command, name);
        auto line = words;
        line.insert(line.begin(), command);
        return std::string(alone.parse(line, true).error);
    };
    QAIC_TRY(arguments.ours, with_job(job, arguments.ours, check));
    arguments.eal.insert(arguments.eal.begin(), job.eal.begin(), job.eal.end());
    return {};
}

} // namespace

int main(int argc, char** argv)
{
    auto arguments = qaic::eal::split_arguments(argc, argv);
    arguments.ours.erase(arguments.ours.begin());
    if (auto job = take_job(arguments); !job) return refused(job.error().message());
    Program program;
    const auto parsed = program.parse(arguments.ours, false);
    if (parsed.status) return *parsed.status; // --help
    if (!parsed.error.empty())
        return refused(parsed.error + " (qaic-perf COMMAND --help lists every option)");
    return program.run(arguments.eal);
}
