// SPDX-License-Identifier: BSD-3-Clause
// What every sub-command reads first, and how it writes.
#pragma once
#include "options.hpp"
#include "pipeline/spec.hpp"

namespace qaic_pipe {
using namespace qaic;

/// Loads the plugins, then reads and checks the pipeline. Errors name the file.
Result<pipeline::PipelineSpec> read_pipeline(const FileOptions& options);
/// Of a description; empty: this machine, with a site for each card that the pipeline asks to be near and
/// hwloc does not see (an emulated one: on no node in particular).
Result<place::Host> read_host(const std::string& file, const pipeline::PipelineSpec& spec);
Result<place::Placement> place_on(const place::Host& host, const pipeline::PipelineSpec& spec);

/// The whole text; empty path: standard output. E_INVAL: it cannot be written.
Result<void> write_text(const std::string& path, std::string_view text);
/// As write_text(), but who reads a file meanwhile sees the old text or the new one, never a part.
Result<void> replace_text(const std::string& path, std::string_view text);
/// One line on stderr; the exit code for wrong data.
int refused(const Error& error);

constexpr int exit_ok = 0, exit_data = 1, exit_usage = 2;

} // namespace qaic_pipe
