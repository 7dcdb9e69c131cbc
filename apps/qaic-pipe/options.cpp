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

void add_check_options(CLI::App& command, CheckOptions& o)
{
    add_file_options(command, o.pipeline);
    command.add_option("--host", o.host, "place by this description instead of by what hwloc sees")
        ->type_name("FILE.toml");
    command.add_option("--inference-us", o.inference_us, "what one inference takes alone, in microseconds")
        ->check(CLI::Range(0.0, 1e9));
    command.add_option("--slots", o.slots, "inferences a card computes at once")
        ->check(CLI::Range(1U, 4096U));
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

namespace {

void add_device_options(CLI::App& command, RunOptions& o)
{
    const auto add = [&](const char* name, const char* text, const char* type) {
        command
            .add_option_function<std::vector<std::string>>(
                name, [&o](const auto& more) { o.devices.insert(o.devices.end(), more.begin(), more.end()); },
                text)
            ->allow_extra_args(false)
            ->type_name(type);
    };
    add("--vdev", "virtual device for EAL, again for several (default: ml_qaic_emu0 if a stage infers)",
        "DEVICE");
    add("--device", "card or port by its PCI address, again for several", "PCI");
    command
        .add_option("--driver", o.driver, "plugin with the cards' driver (default: that of the build tree)")
        ->type_name("FILE.so");
}

} // namespace

void add_run_options(CLI::App& command, RunOptions& o)
{
    constexpr double longest = 1e9; // seconds
    add_file_options(command, o.pipeline);
    add_device_options(command, o);
    command.add_option("--host", o.host, "place by this description instead of by what hwloc sees")
        ->type_name("FILE.toml");
    command.add_option("--seconds", o.seconds, "then drain and end (default: when its sources end)")
        ->check(CLI::Range(0.0, longest))
        ->type_name("S");
    command.add_option("--drain-limit", o.drain_limit, "draining may take so long")
        ->check(CLI::Range(0.0, longest))
        ->capture_default_str()
        ->type_name("S");
    command
        .add_option("--metrics-port", o.metrics_port, "serve OpenMetrics on 127.0.0.1:PORT/metrics (0: any)")
        ->check(CLI::Range(0, 65535))
        ->type_name("PORT");
    command
        .add_option("--items", o.items, "in flight at most (default: what queues, cards and batches hold)")
        ->check(CLI::Range(1U, 1U << 24))
        ->type_name("N");
    command.add_flag("--json", o.json, "the end's figures as JSON on standard output instead of a table");
    command.add_flag("--no-live", o.no_live, "no table on the terminal while it runs");
    command.add_option("--svg", o.svg, "draw the graph as it runs, with rates, anew each second")
        ->type_name("FILE.svg");
    command.add_option("--dot", o.dot, "the same for graphviz")->type_name("FILE.dot");
}

} // namespace qaic_pipe
