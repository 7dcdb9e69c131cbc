// SPDX-License-Identifier: BSD-3-Clause
#include "config_file.hpp"
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <toml++/toml.h>

namespace card_app {
namespace {

using Nodes = const toml::node&;
using Setter = bool (*)(Nodes, CardEntry&);

/// One key of a card's table: what sets it, and what it takes, for the message.
struct Key {
    std::string_view name, takes;
    Setter set;
};

template<class T>
bool integer(Nodes node, std::int64_t low, std::int64_t high, T& to)
{
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) return false;
    to = static_cast<T>(*value);
    return true;
}

bool boolean(Nodes node, bool& to)
{
    const auto value = node.value_exact<bool>();
    if (value) to = *value;
    return value.has_value();
}

bool text(Nodes node, std::size_t most, std::string& to)
{
    auto value = node.value_exact<std::string>();
    if (!value || value->empty() || value->size() > most) return false;
    to = std::move(*value);
    return true;
}

bool milliseconds(Nodes node, std::int64_t most, Nanos& to)
{
    std::int64_t value = 0;
    if (!integer(node, 0, most, value)) return false;
    to = std::chrono::milliseconds(value);
    return true;
}

bool reset_kind(Nodes node, card_server::ResetKind& to)
{
    const auto value = node.value_exact<std::string>();
    if (value == "restart")
        to = card_server::ResetKind::RESTART;
    else if (value == "none")
        to = card_server::ResetKind::NONE;
    else
        return false;
    return true;
}

bool users(Nodes node, std::vector<uid_t>& to)
{
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > 64) return false;
    for (const auto& one : *list) {
        uid_t uid = 0;
        if (!integer(one, 0, std::numeric_limits<std::int32_t>::max(), uid)) return false;
        to.push_back(uid);
    }
    return true;
}

bool device(Nodes node, std::uint16_t& to)
{
    return integer(node, 0, 0xffff, to) &&
           (to == aic100::pci_device_aic100 || to == aic100::pci_device_aic080);
}

constexpr Key keys[] = {
    {"socket", "a path of up to 107 characters",
     [](Nodes n, CardEntry& e) { return text(n, 107, e.options.socket); }},
    {"trap", "true or false", [](Nodes n, CardEntry& e) { return boolean(n, e.options.trap); }},
    {"idle", "true or false", [](Nodes n, CardEntry& e) { return boolean(n, e.options.idle); }},
    {"reset", "\"restart\" or \"none\"",
     [](Nodes n, CardEntry& e) { return reset_kind(n, e.options.reset); }},
    {"allow_uids", "a list of up to 64 user ids",
     [](Nodes n, CardEntry& e) { return users(n, e.options.allowed); }},
    {"pci_device", "0xa100 or 0xa080", [](Nodes n, CardEntry& e) { return device(n, e.config.pci_device); }},
    {"ddr_bytes", "1 MiB (1048576) to 1 TiB",
     [](Nodes n, CardEntry& e) { return integer(n, 1 << 20, 1ll << 40, e.config.ddr_bytes); }},
    {"nsps", "1 to 16", [](Nodes n, CardEntry& e) { return integer(n, 1, 16, e.config.nsps); }},
    {"serial", "0 to 0xfffffffe",
     [](Nodes n, CardEntry& e) { return integer(n, 0, 0xfffffffe, e.config.serial); }},
    {"board_serial", "1 to 32 characters",
     [](Nodes n, CardEntry& e) { return text(n, 32, e.config.board_serial); }},
    {"ready_delay_ms", "0 to 1999",
     [](Nodes n, CardEntry& e) { return milliseconds(n, 1999, e.config.ready_delay); }},
    {"reset_ready_delay_ms", "0 to 1999",
     [](Nodes n, CardEntry& e) { return milliseconds(n, 1999, e.config.reset_ready_delay); }},
    {"crc_in_use", "true or false", [](Nodes n, CardEntry& e) { return boolean(n, e.config.crc_in_use); }},
    {"answer_bad_crc", "true or false",
     [](Nodes n, CardEntry& e) { return boolean(n, e.config.answer_bad_crc); }},
    {"force_msi_enabled", "true or false",
     [](Nodes n, CardEntry& e) { return boolean(n, e.config.force_msi_enabled); }},
    {"nnc_minor", "0 to 65535",
     [](Nodes n, CardEntry& e) { return integer(n, 0, 0xffff, e.config.nnc_minor); }},
    {"activate_refusal_alone", "true or false",
     [](Nodes n, CardEntry& e) { return boolean(n, e.config.activate_refusal_alone); }},
};

tl::unexpected<Error> at(const std::string& name, const toml::source_position& where, std::string_view what)
{
    return fail(Code::E_FORMAT, "{}:{}:{}: {}", name, where.line, where.column, what);
}

Result<CardEntry> read_card(const toml::table& table, const std::string& name, unsigned index)
{
    CardEntry entry;
    number_card(entry.config, index);
    for (const auto& [key, node] : table) {
        const std::string_view word = key;
        const auto* known =
            std::find_if(std::begin(keys), std::end(keys), [word](const Key& k) { return k.name == word; });
        if (known == std::end(keys))
            return at(name, key.source().begin, fmt::format("unknown key \"{}\"", word));
        if (!known->set(node, entry))
            return at(name, node.source().begin, fmt::format("{} takes {}", word, known->takes));
    }
    if (entry.options.socket.empty()) return at(name, table.source().begin, "a card needs a socket");
    return entry;
}

Result<std::vector<CardEntry>> read_cards(const toml::table& root, const std::string& name)
{
    for (const auto& [key, node] : root)
        if (key != "card" || !node.is_array_of_tables())
            return at(name, key.source().begin, "only [[card]] tables are known here");
    const auto* list = root["card"].as_array();
    if (list == nullptr || list->empty()) return at(name, {1, 1}, "no [[card]] table");
    if (list->size() > max_cards)
        return at(name, list->get(max_cards)->source().begin,
                  fmt::format("{} cards, limit {}", list->size(), max_cards));
    std::vector<CardEntry> cards;
    std::set<std::string> sockets;
    for (const auto& node : *list) {
        QAIC_TRY(auto entry, read_card(*node.as_table(), name, static_cast<unsigned>(cards.size())));
        if (!sockets.insert(entry.options.socket).second)
            return at(name, node.source().begin, "another card has the same socket");
        cards.push_back(std::move(entry));
    }
    return cards;
}

} // namespace

void number_card(card::CardConfig& config, unsigned index)
{
    config.serial += index;
    config.board_serial = fmt::format("EMU{:013}", index + 1);
}

Result<std::vector<CardEntry>> parse_config(std::string_view content, const std::string& name)
{
    if (content.size() > max_config_bytes)
        return fail(Code::E_FORMAT, "{}: {} bytes, limit {}", name, content.size(), max_config_bytes);
    try {
        return read_cards(toml::parse(content, name), name);
    } catch (const toml::parse_error& error) { // the library's way to say it; ours is a Result
        return at(name, error.source().begin, error.description());
    }
}

Result<std::vector<CardEntry>> read_config(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Code::E_INVAL, "{}: {}", path, std::strerror(errno));
    std::string content(max_config_bytes + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (file.bad()) return fail(Code::E_INVAL, "{}: cannot be read", path);
    content.resize(static_cast<std::size_t>(file.gcount()));
    return parse_config(content, path);
}

} // namespace card_app
