// SPDX-License-Identifier: BSD-3-Clause
// What emulated cards counted of a run, as their qaic-card tells it (docs/emulated-card.md). Silicon tells
// none of it.
#pragma once
#include "base/result.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qaic::perf {

/// Of one card since its counters were reset. Shares are 0 to 1, of time; below 0: not known.
struct CardCounts {
    std::string socket, serial;
    std::string configuration; ///< what it was told to be, a JSON object
    bool timed = false;        ///< it has a timing model; without one it computes as fast as its thread can
    std::uint64_t inferences = 0, slots = 0;
    double all_busy = -1, mean_busy = -1, mean_waiting = -1;
    double link_in = -1, link_out = -1;
    bool trapped = false;                                  ///< every register access of the host was counted
    std::uint64_t doorbell_reads = 0, doorbell_writes = 0; ///< of BAR2, where the queues' registers are
};

/// The answer to {"op":"stats"}. E_FORMAT names what is missing or is not what it should be. At most 4096
/// cards.
Result<std::vector<CardCounts>> parse_card_counts(std::string_view answer);
/// Of several cards under one load the one that was worked most; nullptr of none.
const CardCounts* busiest(const std::vector<CardCounts>& cards);

} // namespace qaic::perf
