// SPDX-License-Identifier: BSD-3-Clause
#include "place/host_file.hpp"
#include "toml_file/keys.hpp"
#include <algorithm>

namespace place {

namespace {
using namespace toml_file;

struct HostText {
    std::string name, synthetic, allowed, isolated;
};
constexpr Key<HostText> host_keys[] = {
    {"name", "1 to 60 characters", [](Node n, HostText& h) { return text(n, 60, h.name); }},
    {"synthetic", "hwloc's words for a host, such as \"pack:2 numa:1 l3:8 core:8 pu:2\"",
     [](Node n, HostText& h) { return text(n, 400, h.synthetic); }},
    {"allowed", "a list of CPUs such as \"0-3,8\"",
     [](Node n, HostText& h) { return text(n, 400, h.allowed); }},
    {"isolated", "a list of CPUs such as \"0-3,8\"",
     [](Node n, HostText& h) { return text(n, 400, h.isolated); }},
};
constexpr Key<CardSite> card_keys[] = {
    {"name", "1 to 60 characters", [](Node n, CardSite& c) { return text(n, 60, c.name); }},
    {"node", "a NUMA node, or -1", [](Node n, CardSite& c) { return integer(n, -1, 1023, c.node); }},
};

/// The CPUs of a list under `key`, all of which the host must have.
Result<std::vector<unsigned>> listed(const Host& host, const toml::table& root, const char* key,
                                     const std::string& list, const std::string& file)
{
    const auto where = root.get(key)->source().begin;
    const auto ids = cpu_list(list);
    if (!ids) return toml_file::at(file, where, ids.error().text);
    for (const auto id : *ids)
        if (host.cpu(id) == nullptr)
            return toml_file::at(file, where, fmt::format("{}: the host has no CPU {}", key, id));
    return *ids;
}

Result<void> narrow(Host& host, const HostText& words, const toml::table& root, const std::string& file)
{
    if (!words.isolated.empty()) {
        QAIC_TRY(const auto ids, listed(host, root, "isolated", words.isolated, file));
        for (auto& c : host.cpus) c.isolated = std::binary_search(ids.begin(), ids.end(), c.id);
    }
    if (words.allowed.empty()) return {};
    QAIC_TRY(const auto ids, listed(host, root, "allowed", words.allowed, file));
    std::erase_if(host.cpus, [&](const Cpu& c) { return !std::binary_search(ids.begin(), ids.end(), c.id); });
    return {};
}

Result<void> read_cards(Host& host, const toml::node& node, const std::string& file)
{
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::table))
        return toml_file::at(file, node.source().begin, "card takes tables: [[card]]");
    for (const auto& one : *list) {
        CardSite card;
        for (const auto& [key, value] : *one.as_table())
            QAIC_CHECK(read_key<CardSite>(file, key, value, card_keys, card));
        const auto where = one.source().begin;
        if (card.name.empty()) return toml_file::at(file, where, "a card needs a name");
        if (host.card(card.name) != nullptr)
            return toml_file::at(file, where, fmt::format("there is another card \"{}\"", card.name));
        if (card.node >= 0 && std::none_of(host.cpus.begin(), host.cpus.end(), [&](const Cpu& c) {
                return c.node == static_cast<unsigned>(card.node);
            }))
            return toml_file::at(file, where,
                                 fmt::format("card \"{}\": the host has no node {}", card.name, card.node));
        host.cards.push_back(std::move(card));
    }
    return {};
}

} // namespace

Result<Host> parse_host(std::string_view text, const std::string& file)
{
    QAIC_TRY(const auto root, toml_file::parse(text, file));
    HostText words;
    for (const auto& [key, node] : root)
        if (key.str() != "card") QAIC_CHECK(read_key<HostText>(file, key, node, host_keys, words));
    if (words.synthetic.empty()) return fail(Code::E_FORMAT, "{}: a host needs synthetic = \"...\"", file);
    auto host = synthetic_host(words.name.empty() ? file : words.name, words.synthetic);
    if (!host) return toml_file::at(file, root.get("synthetic")->source().begin, host.error().text);
    if (const auto* cards = root.get("card")) QAIC_CHECK(read_cards(*host, *cards, file));
    QAIC_CHECK(narrow(*host, words, root, file));
    return host;
}

} // namespace place
