// SPDX-License-Identifier: BSD-3-Clause
// The qaic-card that serves the cards of a run, asked before and after the measured phase.
#pragma once
#include "card_counts.hpp"

namespace qaic::perf {

/// `path`: its control socket. Counting starts anew, for everybody who reads it.
Result<void> reset_card_counts(const std::string& path);
/// Of all cards that it serves.
Result<std::vector<CardCounts>> ask_card_counts(const std::string& path);

} // namespace qaic::perf
