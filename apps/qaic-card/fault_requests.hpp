// SPDX-License-Identifier: BSD-3-Clause
// Faults by name, as a control request gives them. On the card's thread. docs/emulated-card.md has the list.
#pragma once
#include "base/result.hpp"
#include "card_server/card_device.hpp"
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace card_app {

/// Carries out {"fault": NAME, ...}. E_INVAL: unknown name or parameter, or one outside its range; E_STATE:
/// the card cannot do that now.
[[nodiscard]] qaic::Result<void> inject(const nlohmann::json& request, card::Card& card,
                                        card_server::CardDevice& device);
[[nodiscard]] std::vector<std::string> fault_names();

} // namespace card_app
