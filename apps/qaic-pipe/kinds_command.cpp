// SPDX-License-Identifier: BSD-3-Clause
#include "kinds_command.hpp"
#include "files.hpp"
#include "pipeline/registry.hpp"
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace qaic_pipe {

namespace {

constexpr const char* role_words[] = {"source", "shape", "sink"};

/// Of a table that ends with nullptr, at most `most`; nullptr: of none.
std::vector<std::string> names_in(const char* const* names, std::size_t most)
{
    std::vector<std::string> out;
    for (; names != nullptr && *names != nullptr && out.size() < most; ++names) out.emplace_back(*names);
    return out;
}

nlohmann::ordered_json described(const qaic_pipe_stage& s)
{
    return {{"kind", s.kind},
            {"role", role_words[s.role]},
            {"options", names_in(s.options, SIZE_MAX)},
            {"drop_reasons", names_in(s.drop_reasons, QAIC_PIPE_MOST_REASONS)},
            {"keeps", s.poll != nullptr},
            {"reloads", s.reload != nullptr}};
}

std::string words(const nlohmann::ordered_json& list)
{
    std::string out;
    for (const auto& name : list) out += (out.empty() ? "" : ", ") + name.get<std::string>();
    return out.empty() ? "none" : out;
}

Result<void> kinds(const KindsOptions& o)
{
    for (const auto& plugin : o.plugins) QAIC_CHECK(pipeline::load_plugin(plugin));
    auto all = nlohmann::ordered_json::array();
    for (const auto& kind : pipeline::known_kinds())
        all.push_back(described(*pipeline::stage_kind(kind.name)));
    if (o.json) {
        // A plugin's names are its own: what is not UTF-8 is replaced.
        const auto text = all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
        return write_text("", text + "\n");
    }
    std::string text;
    for (const auto& k : all)
        text += fmt::format("{:16} {:7} options: {}; drops: {}\n", k["kind"].get<std::string>(),
                            k["role"].get<std::string>(), words(k["options"]), words(k["drop_reasons"]));
    return write_text("", text);
}

} // namespace

void add_kinds_options(CLI::App& command, KindsOptions& o)
{
    command.add_option("--plugin", o.plugins, "shared object with stages of your own; again for several")
        ->allow_extra_args(false)
        ->type_name("FILE.so");
    command.add_flag("--json", o.json, "as a list of objects");
}

int kinds_command(const KindsOptions& options)
{
    const auto done = kinds(options);
    return done ? exit_ok : refused(done.error());
}

} // namespace qaic_pipe
