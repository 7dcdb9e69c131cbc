// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"
#include <CLI/CLI.hpp>

namespace qaic_pipe {

void add_file_options(CLI::App& command, FileOptions& o)
{
    command.add_option("file", o.file, "the pipeline, TOML (examples: config/pipelines/)")
        ->required()
        ->type_name("FILE");
    command.add_option("--plugin", o.plugins, "shared object with stages of your own; again for several")
        ->allow_extra_args(false)
        ->type_name("FILE.so");
}

void add_plan_options(CLI::App& command, PlanOptions& o)
{
    add_file_options(command, o.pipeline);
    command
        .add_option("--host", o.host,
                    "plan for the host of this description (default: this machine; "
                    "examples: config/topo/)")
        ->type_name("FILE.toml");
    command.add_option("--svg", o.svg, "draw the host with the stages on it")->type_name("FILE.svg");
}

void add_graph_options(CLI::App& command, GraphOptions& o)
{
    add_file_options(command, o.pipeline);
    auto* placed = command.add_flag("--placed", o.placed, "show the lcores that stages get on this machine");
    command.add_option("--host", o.host, "show the lcores that they get on the host of this description")
        ->excludes(placed)
        ->type_name("FILE.toml");
    command.add_option("-o,--output", o.output, "write to FILE (default: standard output)")
        ->type_name("FILE");
}

} // namespace qaic_pipe
