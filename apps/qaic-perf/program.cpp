// SPDX-License-Identifier: BSD-3-Clause
#include "program.hpp"

#include "host.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fmt/ranges.h>
#include <sstream>

namespace qaic::perf {

Program::Program()
    : app_(std::make_unique<CLI::App>(
          "Loads networks into Cloud AI 100 cards, verifies their outputs and measures them.", "qaic-perf"))
{
    app_->require_subcommand(1);
    commands_ = {add_run(*app_),    add_sweep(*app_),   add_slo(*app_),
                 add_mlperf(*app_), add_compare(*app_), add_selfcheck(*app_)};
    for (const auto& c : commands_) {
        c.app->add_option("--job", "options from a TOML file; those given here win")->type_name("FILE.toml");
        c.app->add_flag("--dry-run")
            ->description("say what would be done, as a job file, and where, and end")
            ->configurable(false);
    }
}

Program::~Program() = default;

Program::Parsed Program::parse(const std::vector<std::string>& words, bool one_option)
{
    auto reversed = words;
    std::reverse(reversed.begin(), reversed.end()); // CLI11 takes a vector from its end
    try {
        app_->parse(reversed);
    } catch (const CLI::Success& e) {
        return {app_->exit(e), {}};
    } catch (const CLI::RequiredError& e) {
        if (!one_option) return {{}, e.what()};
    } catch (const CLI::ParseError& e) {
        return {{}, e.what()};
    }
    return {};
}

bool Program::knows(const std::string& command, const std::string& option) const
{
    return std::any_of(commands_.begin(), commands_.end(), [&](const auto& c) {
        return c.app->get_name() == command && c.app->get_option_no_throw(option) != nullptr;
    });
}

namespace {

/// What a job file would say: every option with its value or default; those without either are left out.
std::string job_text(const CLI::App& command)
{
    std::string out;
    std::istringstream lines(command.config_to_str(true, false));
    for (std::string line; std::getline(lines, line);)
        if (!line.ends_with("=\"\"") && line.rfind("job=", 0) != 0) out += line + "\n";
    return out;
}

} // namespace

int Program::run(const std::vector<std::string>& eal) const
{
    const auto c =
        std::find_if(commands_.begin(), commands_.end(), [](const auto& one) { return one.app->parsed(); });
    if (c->app->get_option("--dry-run")->count() == 0) return c->run(eal);
    fmt::print("# qaic-perf {}\n{}", c->app->get_name(), job_text(*c->app));
    if (!eal.empty()) fmt::print("eal = [\"{}\"]\n", fmt::join(eal, "\", \""));
    const auto* const lcores = c->app->get_option_no_throw("--lcores");
    const auto wanted = lcores != nullptr && lcores->count() != 0 ? lcores->as<std::size_t>() : 1;
    fmt::print("# load is made on CPU {}{}\n", fmt::join(eal::allowed_cpus(wanted), ", "),
               eal.empty() ? "" : ", unless the EAL options say otherwise");
    return 0;
}

} // namespace qaic::perf
