// SPDX-License-Identifier: BSD-3-Clause
// How long an emulated card takes: what a load tester sets instead of a real network. A card without a model
// is as fast as the machine it is emulated on. docs/adr/0011, docs/emulated-card.md
#pragma once
#include "base/clock.hpp"
#include <cstdint>

namespace card {
using namespace qaic;

/// How the time of one inference on the compute cores is drawn.
enum class ServiceTime : std::uint8_t { FIXED, EXPONENTIAL, LOGNORMAL };

inline constexpr unsigned most_slots = 16384;
inline constexpr Nanos longest_service = std::chrono::minutes(1);

/// What PCI Express 4.0 x8 carries in one direction: 8 lanes of 16 GT/s less 128b/130b are 15.75e9 bytes/s;
/// packets of 256 bytes with 24 of header, sequence number and checksum leave 91 %; flow control,
/// acknowledges and read requests another tenth or so. An assumption, like every such figure without a bus
/// analyser.
inline constexpr std::uint64_t gen4_x8_bytes_per_s = 13'000'000'000;

struct TimingModel {
    ServiceTime service = ServiceTime::FIXED;
    Nanos mean{0};                     ///< 0: no time at all
    Nanos spread{0};                   ///< standard deviation; LOGNORMAL alone has one
    unsigned slots = 1;                ///< inferences of the whole card computed side by side
    std::uint64_t in_bytes_per_s = 0;  ///< host to card; 0: infinitely fast
    std::uint64_t out_bytes_per_s = 0; ///< card to host
    bool copy = true;                  ///< false: payloads are described, not moved, and nothing computes
    std::uint64_t seed = 1;            ///< of the drawn times
};

} // namespace card
