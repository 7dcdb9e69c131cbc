// SPDX-License-Identifier: BSD-3-Clause
// Cards described in a TOML file: one [[card]] table each. docs/emulated-card.md
#pragma once
#include "base/result.hpp"
#include "card_server/served_card.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace card_app {
using namespace qaic;

inline constexpr std::size_t max_config_bytes = 1u << 20, max_cards = 16; // reliability.md 8.6

struct CardEntry {
    card::CardConfig config;
    card_server::Options options;
    unsigned count = 1; ///< of the table it comes from
};

struct Fleet {
    std::vector<CardEntry> cards;
    unsigned threads = 0; ///< that serve them; 0: one each
};

/// E_FORMAT "file:line:column: what": unknown key, wrong type, out of range, two cards on one socket, no card
/// at all. E_INVAL when the file cannot be read.
[[nodiscard]] Result<Fleet> read_config(const std::string& path);
/// The same from text; `name` stands for the file.
[[nodiscard]] Result<Fleet> parse_config(std::string_view text, const std::string& name);

/// Serial numbers of the n-th card of a process, so that no two are alike by default.
void number_card(card::CardConfig& config, unsigned index);

} // namespace card_app
