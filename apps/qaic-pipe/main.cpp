// SPDX-License-Identifier: BSD-3-Clause
// qaic-pipe: pipelines. Exit codes: 0 done, 1 the data is wrong, 2 the command line is wrong; either way one
// line on stderr.
#include "check_command.hpp"
#include "eal_setup.hpp"
#include "files.hpp"
#include "graph_command.hpp"
#include "kinds.hpp"
#include "kinds_command.hpp"
#include "plan_command.hpp"
#include "run_command.hpp"
#include <CLI/CLI.hpp>
#include <functional>

namespace {

using namespace qaic_pipe;

int usage(std::string text)
{
    for (auto& c : text) // CLI11 repeats arguments as they came
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    fmt::print(stderr, "qaic-pipe: {} (see qaic-pipe --help)\n", text);
    return exit_usage;
}

/// A sub-command: what it is called, and what it does once its options are read.
struct Entry {
    CLI::App* sub;
    std::function<int()> command;
};

struct Program {
    CLI::App app{"Core-pinned streaming pipelines for Cloud AI 100 cards and the emulated card", "qaic-pipe"};
    PlanOptions plan;
    KindsOptions kinds;
    CheckOptions check;
    GraphOptions dot{.format = GraphFormat::DOT}, svg{.format = GraphFormat::SVG};
    RunOptions run;
    CLI::App* run_sub = nullptr;
    std::vector<Entry> entries;

    Program()
    {
        app.require_subcommand(0, 1); // none or an unknown one gets our own text
        app.set_version_flag("--version", QAIC_VERSION);
        add("kinds", "List the kinds of stages", kinds, add_kinds_options, kinds_command);
        add("plan", "Say which CPU each stage gets, and why; runs nothing", plan, add_plan_options,
            plan_command);
        add("check", "Say how fast it will be, what limits it, and what is doubtful; runs nothing", check,
            add_check_options, check_command);
        add("dot", "Print the graph for graphviz; runs nothing", dot, add_graph_options, graph_command);
        add("svg", "Draw the graph; runs nothing", svg, add_graph_options, graph_command);
        add("run", "Run it: SIGINT drains, a second one stops, SIGHUP reads models again", run,
            add_run_options, run_command);
        run_sub = entries.back().sub;
        run_sub->footer("Options behind -- go to EAL: qaic-pipe run FILE -- --no-huge -m 256");
    }
    template<class Options>
    void add(const char* name, const char* text, Options& options, void (*declare)(CLI::App&, Options&),
             int (*command)(const Options&))
    {
        auto* sub = app.add_subcommand(name, text);
        declare(*sub, options);
        entries.push_back({sub, [command, &options] { return command(options); }});
    }
};

int run(int all, char** words)
{
    Program program;
    const auto split = qaic::eal::split_arguments(all, words);
    program.run.eal = split.eal;
    std::vector<const char*> argv;
    for (const auto& word : split.ours) argv.push_back(word.c_str());
    const auto argc = static_cast<int>(argv.size());
    std::string known;
    bool found = argc < 2 || argv[1][0] == '-';
    for (const auto& entry : program.entries) {
        known += (known.empty() ? "" : ",") + entry.sub->get_name();
        found = found || entry.sub->get_name() == argv[1];
    }
    if (!found) return usage(fmt::format("unknown sub-command got=\"{}\" known={}", argv[1], known));
    try {
        program.app.parse(argc, argv.data());
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) return program.app.exit(e); // --help, --version
        return usage(e.what());
    }
    if (!split.eal.empty() && !program.run_sub->parsed())
        return usage(fmt::format("only run takes options behind --, got \"{}\"", split.eal.front()));
    register_kinds();
    for (const auto& entry : program.entries)
        if (entry.sub->parsed()) return entry.command();
    return usage("a sub-command is required known=" + known);
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::bad_alloc&) {
        std::fputs("qaic-pipe: E_NOMEM: out of memory\n", stderr);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "qaic-pipe: %s\n", e.what());
    }
    return exit_data;
}
