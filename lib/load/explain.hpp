// SPDX-License-Identifier: BSD-3-Clause
// What limits a run, in one sentence with its figure and what to do about it.
#pragma once
#include "load/outcome.hpp"
#include <string>

namespace qaic::load {

/// In the order they are asked for. What is worked to capacity comes first, since it makes queues fill up
/// behind it: a full FIFO in front of a busy card is the card's doing. For a saturated core, what makes its
/// work dear comes before the core.
enum class Bottleneck {
    CARD,       ///< its slots compute nearly all the time
    LINK,       ///< PCIe is nearly full
    REGISTERS,  ///< the core is saturated, and reads registers of the card
    DOORBELLS,  ///< the core is saturated, and rings for nearly every operation
    FAR_MEMORY, ///< the core is saturated, and works on memory of another NUMA node
    CORE,       ///< the producer core is saturated
    DEVICE,     ///< operations wait behind the doorbell: card or link, of which only the card could tell
    DEPTH, ///< nothing is saturated, but no more operations may be out (closed loop), or the request FIFO is
           ///< full
    SHORT, ///< nothing is saturated, and yet less came back than fell due
    LOAD,  ///< nothing is saturated: the load is what was asked for
    UNKNOWN, ///< no counter tells
};

struct Explanation {
    Bottleneck bottleneck = Bottleneck::UNKNOWN;
    std::string sentence; ///< one line, ends with a full stop
};

/// Evidence below 0 is unknown and decides nothing. A share that is both of two rules' goes to the first.
[[nodiscard]] Explanation explain(const Outcome& outcome, const Evidence& evidence);

} // namespace qaic::load
