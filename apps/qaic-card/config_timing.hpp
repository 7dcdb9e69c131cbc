// SPDX-License-Identifier: BSD-3-Clause
// The table [card.timing] of a card's description.
#pragma once
#include "card/timing/model.hpp"
#include "toml_file/keys.hpp"

namespace card_app {
using namespace toml_file;

/// `number` of the card in its file, so that no two of a fleet draw the same times. E_FORMAT
/// "file:line:column: what".
[[nodiscard]] Result<card::TimingModel> read_timing(Node node, const std::string& file, unsigned number);

} // namespace card_app
