// SPDX-License-Identifier: BSD-3-Clause
// qaic-qpc: builds, shows, verifies and takes apart program containers. Exit codes: 0 done, 1 the data is
// wrong, 2 the command line is wrong; either way one line on stderr.
#include "commands.hpp"
#include "qpc/text.hpp"
#include <cstdio>
#include <fmt/format.h>
#include <new>

namespace {

constexpr int exit_ok = 0, exit_data = 1, exit_usage = 2;

/// One line whatever the text holds: our own texts are escaped already, CLI11 repeats arguments as they came.
std::string one_line(std::string text)
{
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return text;
}

int usage(const std::string& text)
{
    fmt::print(stderr, "qaic-qpc: {} (see qaic-qpc --help)\n", text);
    return exit_usage;
}

int run(int argc, char** argv)
{
    CLI::App app{"Program containers (QPC) for Cloud AI 100 cards and the emulated card", "qaic-qpc"};
    app.require_subcommand(0, 1); // none or an unknown one gets our own text
    app.set_version_flag("--version", QAIC_VERSION);
    struct Entry {
        CLI::App* sub;
        qpc_app::Command command;
    };
    std::vector<Entry> entries;
    const auto add = [&](const char* name, const char* text, auto adder) {
        auto* sub = app.add_subcommand(name, text);
        entries.push_back({sub, adder(*sub)});
    };
    add("build", "Build a container from an ONNX file or a built-in program", qpc_app::add_build);
    add("show", "Print everything a container holds", qpc_app::add_show);
    add("verify", "Check containers as the driver does before it loads them", qpc_app::add_verify);
    add("extract", "Write the segments of a container to files", qpc_app::add_extract);
    std::string known;
    bool found = argc < 2 || argv[1][0] == '-';
    for (const auto& entry : entries) {
        known += (known.empty() ? "" : ",") + entry.sub->get_name();
        found = found || entry.sub->get_name() == argv[1];
    }
    if (!found)
        return usage(fmt::format("unknown sub-command got=\"{}\" known={}", qpc::printable(argv[1]), known));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) return app.exit(e); // --help, --version
        return usage(one_line(e.what()));
    }
    if (app.get_subcommands().empty()) return usage("a sub-command is required known=" + known);
    for (const auto& entry : entries) {
        if (!entry.sub->parsed()) continue;
        const auto outcome = entry.command();
        if (std::fflush(stdout) != 0) {
            fmt::print(stderr, "qaic-qpc: standard output: cannot write\n");
            return exit_data;
        }
        if (outcome) return exit_ok;
        fmt::print(stderr, "qaic-qpc: {}\n", one_line(outcome.error().error.message()));
        return outcome.error().usage ? exit_usage : exit_data;
    }
    return exit_usage; // not reached: one of them was parsed
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::bad_alloc&) {
        std::fputs("qaic-qpc: E_NOMEM: out of memory\n", stderr);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "qaic-qpc: %s\n", e.what());
    }
    return exit_data;
}
