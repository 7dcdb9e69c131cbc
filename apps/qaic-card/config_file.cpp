// SPDX-License-Identifier: BSD-3-Clause
#include "config_file.hpp"
#include "config_timing.hpp"
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

namespace card_app {
namespace {

bool milliseconds(Node node, std::int64_t most, Nanos& to)
{
    std::int64_t value = 0;
    if (!integer(node, 0, most, value)) return false;
    to = std::chrono::milliseconds(value);
    return true;
}

bool reset_kind(Node node, card_server::ResetKind& to)
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

bool users(Node node, std::vector<uid_t>& to)
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

bool device(Node node, std::uint16_t& to)
{
    return integer(node, 0, 0xffff, to) &&
           (to == aic100::pci_device_aic100 || to == aic100::pci_device_aic080);
}

constexpr Key<CardEntry> card_keys[] = {
    {"count", "1 to 16", [](Node n, CardEntry& e) { return integer(n, 1, max_cards, e.count); }},
    {"socket", "a path of up to 107 characters",
     [](Node n, CardEntry& e) { return text(n, 107, e.options.socket); }},
    {"trap", "true or false", [](Node n, CardEntry& e) { return boolean(n, e.options.trap); }},
    {"idle", "true or false", [](Node n, CardEntry& e) { return boolean(n, e.options.idle); }},
    {"reset", "\"restart\" or \"none\"", [](Node n, CardEntry& e) { return reset_kind(n, e.options.reset); }},
    {"allow_uids", "a list of up to 64 user ids",
     [](Node n, CardEntry& e) { return users(n, e.options.allowed); }},
    {"pci_device", "0xa100 or 0xa080", [](Node n, CardEntry& e) { return device(n, e.config.pci_device); }},
    {"ddr_bytes", "1 MiB (1048576) to 1 TiB",
     [](Node n, CardEntry& e) { return integer(n, 1 << 20, 1ll << 40, e.config.ddr_bytes); }},
    {"nsps", "1 to 16", [](Node n, CardEntry& e) { return integer(n, 1, 16, e.config.nsps); }},
    {"serial", "0 to 0xfffffffe",
     [](Node n, CardEntry& e) { return integer(n, 0, 0xfffffffe, e.config.serial); }},
    {"board_serial", "1 to 32 characters",
     [](Node n, CardEntry& e) { return text(n, 32, e.config.board_serial); }},
    {"ready_delay_ms", "0 to 1999",
     [](Node n, CardEntry& e) { return milliseconds(n, 1999, e.config.ready_delay); }},
    {"reset_ready_delay_ms", "0 to 1999",
     [](Node n, CardEntry& e) { return milliseconds(n, 1999, e.config.reset_ready_delay); }},
    {"crc_in_use", "true or false", [](Node n, CardEntry& e) { return boolean(n, e.config.crc_in_use); }},
    {"answer_bad_crc", "true or false",
     [](Node n, CardEntry& e) { return boolean(n, e.config.answer_bad_crc); }},
    {"force_msi_enabled", "true or false",
     [](Node n, CardEntry& e) { return boolean(n, e.config.force_msi_enabled); }},
    {"nnc_minor", "0 to 65535",
     [](Node n, CardEntry& e) { return integer(n, 0, 0xffff, e.config.nnc_minor); }},
    {"activate_refusal_alone", "true or false",
     [](Node n, CardEntry& e) { return boolean(n, e.config.activate_refusal_alone); }},
};

Result<CardEntry> read_card(const toml::table& table, const std::string& name, unsigned index)
{
    CardEntry entry;
    number_card(entry.config, index);
    for (const auto& [key, node] : table) {
        if (key.str() == "timing") {
            QAIC_TRY(entry.config.timing, read_timing(node, name, index));
            continue;
        }
        QAIC_CHECK(read_key<CardEntry>(name, key, node, card_keys, entry));
    }
    if (entry.options.socket.empty()) return at(name, table.source().begin, "a card needs a socket");
    return entry;
}

/// `count` cards of one table: their sockets get a number behind, and whatever must differ does.
Result<void> read_table(const toml::table& table, const std::string& name, std::vector<CardEntry>& cards)
{
    const auto first = static_cast<unsigned>(cards.size());
    for (unsigned i = 0, count = 1; i < count; ++i) {
        QAIC_TRY(auto entry, read_card(table, name, first + i));
        count = entry.count;
        if (first + count > max_cards)
            return at(name, table.source().begin,
                      fmt::format("{} cards, limit {}", first + count, max_cards));
        if (table.contains("count")) {
            for (const auto* one : {"serial", "board_serial"})
                if (table.contains(one))
                    return at(name, table.get(one)->source().begin, fmt::format("{} excludes count", one));
            entry.options.socket += std::to_string(i);
        }
        cards.push_back(std::move(entry));
    }
    return {};
}

Result<Fleet> read_fleet(const toml::table& root, const std::string& name)
{
    Fleet fleet;
    for (const auto& [key, node] : root) {
        if (key.str() == "threads") {
            if (!integer(node, 1, max_cards, fleet.threads))
                return at(name, node.source().begin, fmt::format("threads takes 1 to {}", max_cards));
        } else if (key.str() != "card" || !node.is_array_of_tables()) {
            return at(name, key.source().begin, "only threads and [[card]] tables are known here");
        }
    }
    const auto* list = root["card"].as_array();
    if (list == nullptr || list->empty()) return at(name, {1, 1}, "no [[card]] table");
    std::set<std::string> sockets;
    for (const auto& node : *list) {
        const auto before = fleet.cards.size();
        QAIC_CHECK(read_table(*node.as_table(), name, fleet.cards));
        for (auto i = before; i < fleet.cards.size(); ++i)
            if (!sockets.insert(fleet.cards[i].options.socket).second)
                return at(name, node.source().begin, "another card has the same socket");
    }
    return fleet;
}

} // namespace

void number_card(card::CardConfig& config, unsigned index)
{
    config.serial += index;
    config.board_serial = fmt::format("EMU{:013}", index + 1);
}

Result<Fleet> parse_config(std::string_view content, const std::string& name)
{
    if (content.size() > max_config_bytes)
        return fail(Code::E_FORMAT, "{}: {} bytes, limit {}", name, content.size(), max_config_bytes);
    QAIC_TRY(const auto table, toml_file::parse(content, name));
    return read_fleet(table, name);
}

Result<Fleet> read_config(const std::string& path)
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
