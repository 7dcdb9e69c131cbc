// SPDX-License-Identifier: BSD-3-Clause
// A card's counters and state as JSON. docs/emulated-card.md explains each member.
#pragma once
#include "card_server/served_card.hpp"
#include <nlohmann/json.hpp>

namespace card_app {

/// On the card's thread.
[[nodiscard]] nlohmann::json card_stats(card::Card& card, card_server::CardDevice& device);
/// What is known from outside the card's thread is added: number, socket, connections, mode.
[[nodiscard]] nlohmann::json with_identity(nlohmann::json stats, unsigned number,
                                           const card_server::ServedCard& served);

} // namespace card_app
