// SPDX-License-Identifier: BSD-3-Clause
// One control request: a line of JSON in, a line of JSON out. docs/emulated-card.md
#pragma once
#include "card_server/served_card.hpp"
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace card_app {

using Cards = std::vector<std::unique_ptr<card_server::ServedCard>>;

/// Always an answer: {"ok":true,...} or {"ok":false,"error":"..."}. Any thread but the cards'.
[[nodiscard]] std::string answer(std::string_view line, const Cards& cards);
/// What {"op":"stats"} answers.
[[nodiscard]] std::string all_stats(const Cards& cards, int indent = -1);

} // namespace card_app
