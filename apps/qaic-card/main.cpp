// SPDX-License-Identifier: BSD-3-Clause
// qaic-card: serves emulated Cloud AI 100 cards over vfio-user, and asks one that runs. Exit codes: 0 done,
// 1 it did not work, 2 the command line is wrong; either way one line on stderr. docs/emulated-card.md
#include "card_server/ask.hpp"
#include "serve.hpp"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {
using namespace card_app;

constexpr int exit_ok = 0, exit_failed = 1, exit_usage = 2;

struct CommandLine {
    std::vector<std::string> sockets;
    std::string config, control, stats;
    bool trap = false, idle = false;
    unsigned threads = 0;
    std::string ask_path, request, stats_path;
};

int complain(int code, std::string text)
{
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    fmt::print(stderr, "qaic-card: {}\n", text);
    return code;
}

/// Where the first card is when nobody says: a directory that is the user's own.
Result<std::string> default_socket()
{
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return fmt::format("{}/qaic-card0", runtime);
    return fail(Code::E_INVAL, "where should the card be? --socket PATH (XDG_RUNTIME_DIR is not set)");
}

Result<Fleet> cards_of(const CommandLine& line)
{
    Fleet fleet;
    auto& cards = fleet.cards;
    if (!line.config.empty()) {
        QAIC_TRY(fleet, read_config(line.config));
    } else {
        auto sockets = line.sockets;
        if (sockets.empty()) {
            QAIC_TRY(auto path, default_socket());
            sockets.push_back(std::move(path));
        }
        if (sockets.size() > max_cards)
            return fail(Code::E_LIMIT, "{} cards, limit {}", sockets.size(), max_cards);
        for (auto& path : sockets) {
            auto& entry = cards.emplace_back();
            number_card(entry.config, static_cast<unsigned>(cards.size() - 1));
            entry.options.socket = std::move(path);
        }
    }
    for (auto& entry : cards) {
        entry.options.trap |= line.trap;
        entry.options.idle |= line.idle;
    }
    if (line.threads != 0) fleet.threads = line.threads;
    return fleet;
}

int run_serve(const CommandLine& line)
{
    auto fleet = cards_of(line);
    if (!fleet) return complain(exit_failed, fleet.error().message());
    const auto done = serve({std::move(*fleet), line.control, line.stats});
    return done ? exit_ok : complain(exit_failed, done.error().message());
}

int run_ask(const std::string& path, const std::string& request, int indent)
{
    const auto got = card_server::ask(path, request);
    if (!got) return complain(exit_failed, got.error().message());
    const auto parsed = nlohmann::json::parse(*got, nullptr, false);
    const bool ok = parsed.is_object() && parsed.value("ok", false);
    fmt::print("{}\n", indent < 0 || !ok ? *got : parsed.dump(indent));
    return ok ? exit_ok : exit_failed;
}

int run(int argc, char** argv)
{
    CommandLine line;
    CLI::App app{"Emulated Cloud AI 100 cards, each behind a vfio-user socket", "qaic-card"};
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", QAIC_VERSION);
    auto* socket = app.add_option("--socket", line.sockets, "Path of a card's socket; once for each card");
    app.add_option("--config", line.config, "TOML file that describes the cards")->excludes(socket);
    app.add_flag("--trap", line.trap, "No BAR can be mapped: every access is seen and counted");
    app.add_flag("--idle", line.idle, "Sleep when there is nothing to do, instead of spinning");
    app.add_option("--threads", line.threads, "Threads that serve the cards (without this: one a card)")
        ->check(CLI::Range(1u, static_cast<unsigned>(max_cards)));
    app.add_option("--control", line.control, "Path of the control socket (none without this)");
    app.add_option("--stats", line.stats, "File for the counters at the end");
    auto* ask_sub = app.add_subcommand("ask", "Send one control request to a qaic-card that runs");
    ask_sub->add_option("path", line.ask_path, "Its control socket")->required();
    ask_sub->add_option("request", line.request, "JSON, for example '{\"op\":\"stats\"}'")->required();
    auto* stats_sub = app.add_subcommand("stats", "Print the counters of a qaic-card that runs");
    stats_sub->add_option("path", line.stats_path, "Its control socket")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) return app.exit(e); // --help, --version
        return complain(exit_usage, fmt::format("{} (see qaic-card --help)", e.what()));
    }
    if (ask_sub->parsed()) return run_ask(line.ask_path, line.request, -1);
    if (stats_sub->parsed()) return run_ask(line.stats_path, R"({"op":"stats"})", 2);
    return run_serve(line);
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception& e) { // no memory, no thread
        return complain(exit_failed, e.what());
    }
}
