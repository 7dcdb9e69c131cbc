// SPDX-License-Identifier: BSD-3-Clause
// Turns bytes into what a host may do to a card: registers, doorbells, host memory, time, faults. The same
// interpreter serves the fuzz target and the random walk in the unit tests.
#pragma once
#include "base/bytes.hpp"

namespace test {

/// Boots a card as far as the first byte says, then does what the others say. Must never crash, hang or touch
/// host memory that is not mapped; returns what a test may check.
struct DriveResult {
    std::uint64_t operations = 0, events = 0;
    bool recovered = false; ///< after a power cycle it boots again
};
DriveResult drive_card(qaic::ConstSpan bytes);

} // namespace test
