// SPDX-License-Identifier: BSD-3-Clause
// From TOML to a PipelineSpec, one table at a time; what tables have to do with each other is
// spec_check.cpp's.
#include "pipeline/spec_check.hpp"
#include "toml_file/keys.hpp"
#include <bit>

namespace pipeline {

namespace {
using namespace toml_file;

constexpr std::size_t most_stages = 256, most_links = 1024, most_text = 400;
constexpr std::string_view full_words[] = {"block", "drop-newest", "drop-oldest", "fail"};

/// Lower-case letters, digits, - and _: it becomes part of metric and node names.
bool name(Node node, std::string& to)
{
    if (!text(node, 40, to)) return false;
    return std::all_of(to.begin(), to.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool placement(Node node, place::StageWish& to)
{
    std::string words;
    if (!text(node, most_text, words)) return false;
    auto wish = place::parse_wish(words);
    if (wish) to = std::move(*wish);
    return wish.has_value();
}

bool power_of_two(Node node, std::uint32_t& to)
{
    return integer(node, 2, 1 << 20, to) && std::has_single_bit(to);
}

bool when_full(Node node, WhenFull& to)
{
    const auto word = node.value_exact<std::string>();
    const auto at = std::find(std::begin(full_words), std::end(full_words), word.value_or(""));
    if (at == std::end(full_words)) return false;
    to = static_cast<WhenFull>(at - std::begin(full_words));
    return true;
}

constexpr Nanos longest = std::chrono::minutes(10);
constexpr std::string_view a_name = "1 to 40 of a-z, 0-9, - and _";

constexpr Key<StageSpec> stage_keys[] = {
    {"name", a_name, [](Node n, StageSpec& s) { return name(n, s.name); }},
    {"kind", "a kind of stage", [](Node n, StageSpec& s) { return text(n, 60, s.kind); }},
    {"placement",
     "\"any\", \"own core\", \"near CARD\", \"same L3 as STAGE\", \"with STAGE\" or \"cpus 2,3\"",
     [](Node n, StageSpec& s) { return placement(n, s.wish); }},
    {"replicas", "1 to 64", [](Node n, StageSpec& s) { return integer(n, 1, 64, s.replicas); }},
    {"ordered", "true or false", [](Node n, StageSpec& s) { return boolean(n, s.ordered); }},
    {"batch", "1 to 512 items", [](Node n, StageSpec& s) { return integer(n, 1, 512, s.batch); }},
    {"batch_wait_us", "0 to 10 minutes",
     [](Node n, StageSpec& s) { return microseconds(n, longest, s.batch_wait); }},
    {"deadline_us", "0 to 10 minutes",
     [](Node n, StageSpec& s) { return microseconds(n, longest, s.deadline); }},
};

constexpr Key<LinkSpec> link_keys[] = {
    {"from", a_name, [](Node n, LinkSpec& l) { return name(n, l.from); }},
    {"to", a_name, [](Node n, LinkSpec& l) { return name(n, l.to); }},
    {"depth", "a power of two from 2 to 1048576",
     [](Node n, LinkSpec& l) { return power_of_two(n, l.depth); }},
    {"when_full", "block, drop-newest, drop-oldest or fail",
     [](Node n, LinkSpec& l) { return when_full(n, l.when_full); }},
};

std::string place_of(const std::string& file, const toml::source_position& at)
{
    return fmt::format("{}:{}:{}", file, at.line, at.column);
}

Result<std::map<std::string, OptionValue>> read_options(Node node, const std::string& file)
{
    std::map<std::string, OptionValue> out;
    const auto* table = node.as_table();
    if (table == nullptr)
        return toml_file::at(file, node.source().begin, "options takes a table: [stage.options]");
    for (const auto& [key, value] : *table) {
        OptionValue v{{}, place_of(file, value.source().begin)};
        if (const auto* b = value.as_boolean())
            v.value = b->get();
        else if (const auto* i = value.as_integer())
            v.value = i->get();
        else if (const auto* f = value.as_floating_point())
            v.value = f->get();
        else if (const auto* s = value.as_string())
            v.value = s->get();
        else
            return toml_file::at(file, value.source().begin,
                                 fmt::format("{} takes a text, a number, true or false", key.str()));
        out.emplace(key.str(), std::move(v));
    }
    return out;
}

Result<StageSpec> read_stage(const toml::table& table, const std::string& file)
{
    StageSpec s;
    s.place = place_of(file, table.source().begin);
    for (const auto& [key, node] : table) {
        if (key.str() == "options") {
            QAIC_TRY(s.options, read_options(node, file));
            continue;
        }
        QAIC_CHECK(read_key<StageSpec>(file, key, node, stage_keys, s));
    }
    for (const auto* needed : {"name", "kind"})
        if (!table.contains(needed)) return fail(Code::E_FORMAT, "{}: a stage needs a {}", s.place, needed);
    s.wish.stage = s.name, s.wish.replicas = s.replicas;
    return s;
}

Result<LinkSpec> read_link(const toml::table& table, const std::string& file)
{
    LinkSpec l;
    l.place = place_of(file, table.source().begin);
    for (const auto& [key, node] : table) QAIC_CHECK(read_key<LinkSpec>(file, key, node, link_keys, l));
    for (const auto* needed : {"from", "to"})
        if (!table.contains(needed))
            return fail(Code::E_FORMAT, "{}: a link needs a \"{}\"", l.place, needed);
    return l;
}

/// The tables of [[word]] by `read`, at most `most`.
template<class Spec, class Read>
Result<std::vector<Spec>> read_tables(const toml::table& root, const char* word, std::size_t most,
                                      const std::string& file, Read read)
{
    std::vector<Spec> out;
    const auto* node = root.get(word);
    if (node == nullptr) return out;
    const auto* list = node->as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::table))
        return toml_file::at(file, node->source().begin, fmt::format("{0} takes tables: [[{0}]]", word));
    if (list->size() > most)
        return fail(Code::E_LIMIT, "{}: {} tables [[{}]], limit {}", file, list->size(), word, most);
    for (const auto& one : *list) {
        QAIC_TRY(auto spec, read(*one.as_table(), file));
        out.push_back(std::move(spec));
    }
    return out;
}

} // namespace

const StageSpec* PipelineSpec::stage(std::string_view wanted) const noexcept
{
    const auto at =
        std::find_if(stages.begin(), stages.end(), [&](const auto& s) { return s.name == wanted; });
    return at != stages.end() ? &*at : nullptr;
}

std::string_view word_of(WhenFull when) noexcept { return full_words[static_cast<std::size_t>(when)]; }

Result<PipelineSpec> parse_pipeline(std::string_view text, const std::string& file,
                                    std::span<const Kind> kinds)
{
    QAIC_TRY(const auto root, toml_file::parse(text, file));
    PipelineSpec p;
    for (const auto& [key, node] : root) {
        if (key.str() == "stage" || key.str() == "link") continue;
        if (key.str() != "name")
            return toml_file::at(file, key.source().begin,
                                 fmt::format("unknown key \"{}\"; known: name, stage, link", key.str()));
        if (!name(node, p.name))
            return toml_file::at(file, node.source().begin, fmt::format("name takes {}", a_name));
    }
    QAIC_TRY(p.stages, read_tables<StageSpec>(root, "stage", most_stages, file, read_stage));
    QAIC_TRY(p.links, read_tables<LinkSpec>(root, "link", most_links, file, read_link));
    QAIC_CHECK(check_pipeline(p, file, kinds));
    return p;
}

} // namespace pipeline
