// SPDX-License-Identifier: BSD-3-Clause
// The sub-commands of qaic-qpc: each adds its options to the command line and returns what to run.
#pragma once
#include "base/result.hpp"
#include <CLI/CLI.hpp>
#include <functional>

namespace qpc_app {

/// Runs a sub-command once its options are parsed. E_INVAL marked `usage` becomes exit code 2, other
/// errors 1.
struct Failure {
    qaic::Error error;
    bool usage = false; ///< the command line was wrong, not the data
};
using Outcome = tl::expected<void, Failure>;
using Command = std::function<Outcome()>;

Command add_build(CLI::App& app);
Command add_show(CLI::App& app);
Command add_verify(CLI::App& app);
Command add_extract(CLI::App& app);

/// A data error as an outcome.
inline tl::unexpected<Failure> data_error(qaic::Error error)
{
    return tl::unexpected<Failure>({std::move(error), false});
}
/// The same, with the file it is about in front.
inline tl::unexpected<Failure> data_error_at(std::string_view place, qaic::Error error)
{
    return data_error({error.code, fmt::format("{}: {}", place, error.text)});
}
/// An error of an option, named in front.
inline tl::unexpected<Failure> usage_error(std::string_view option, const qaic::Error& error)
{
    return tl::unexpected<Failure>({{error.code, fmt::format("option {}: {}", option, error.text)}, true});
}

} // namespace qpc_app
