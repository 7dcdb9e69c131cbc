// SPDX-License-Identifier: BSD-3-Clause
// Sixteen numbers that say what a flow looked like up to and including one packet. Whole numbers throughout,
// made float32 at the end, so that any language computes the same bits (config/models/flows/features.py does,
// and a test compares). No port and no address is among them: what a flow does is to be seen, not what it
// claims to be. HOT.
#pragma once
#include "flow/packet.hpp"
#include <algorithm>
#include <bit>

namespace flow {

inline constexpr std::size_t n_features = 16;
using Features = std::span<float, n_features>;

/// Time is the capture's, in microseconds. "Forward" is the direction of the flow's first packet. lg(v) is
/// the base-2 logarithm of v + 1 with four bits behind the point, linear between powers of two (lg16 / 16);
/// divisions round down.
///
///  0  lg(packets forward)      8  lg(gap to the flow's packet before, us)
///  1  lg(packets backward)     9  lg((last - first time, us) / (packets - 1)); 0 at the first
///  2  lg(bytes forward)       10  lg(running mean of gaps, us)             avg8 / 8
///  3  lg(bytes backward)      11  lg(running mean deviation of gaps, us)   dev8 / 8
///  4  length of this packet   12  0 forward, 1 backward
///  5  mean length             13  0 UDP, 1 TCP, 2 any other
///  6  least length            14  256 * packets with PSH / packets
///  7  greatest length         15  256 * packets with nothing behind the transport header / packets
///
/// The gap is 0 at the first packet, and when time went back.
/// Lengths are of IP packets in bytes, as their headers say. Running means: the second packet's gap g makes
/// avg8 = 8g, dev8 = 4g; each later one first dev8 += |g - avg8 / 8| - dev8 / 8, then avg8 += g - avg8 / 8.
/// Gaps count up to 2^32 - 1 us; after 2^24 - 1 packets a flow's sums (0-3, 5, 14, 15) stay as they are.
[[nodiscard]] constexpr std::uint32_t lg16(std::uint64_t v) noexcept
{
    const auto w = v + 1;
    const auto e = static_cast<std::uint32_t>(std::bit_width(w)) - 1;
    const auto m = e >= 4 ? w >> (e - 4) : w << (4 - e); // 16 to 31
    return e * 16 + static_cast<std::uint32_t>(m & 15);
}

/// What is kept of a flow.
struct State {
    std::uint64_t first_us = 0, last_us = 0;
    std::uint64_t bytes[2] = {}; ///< forward, backward
    std::uint64_t avg8 = 0, dev8 = 0;
    std::uint32_t packets[2] = {};
    std::uint32_t pushes = 0, empties = 0;
    std::uint32_t least = 0, greatest = 0;
    bool started = false;
    bool forward_from_low = true; ///< who sent the first packet
};
inline constexpr std::uint32_t most_packets = (1u << 24) - 1; ///< times 256 it still fits 32 bits

namespace detail {

/// Takes the packet's time; returns the gap.
inline std::uint64_t pass_time(State& s, std::uint64_t now_us) noexcept
{
    const auto gap = now_us > s.last_us ? std::min(now_us - s.last_us, std::uint64_t{0xffffffff}) : 0;
    s.last_us = std::max(s.last_us, now_us);
    if (s.packets[0] + s.packets[1] == 1) {
        s.avg8 = gap * 8, s.dev8 = gap * 4;
    } else {
        const auto mean = s.avg8 / 8;
        s.dev8 = s.dev8 - s.dev8 / 8 + (gap > mean ? gap - mean : mean - gap);
        s.avg8 = s.avg8 - mean + gap;
    }
    return gap;
}

} // namespace detail

/// Adds the packet to the flow's state and writes the features after it.
inline void update(State& s, const Packet& p, std::uint64_t now_us, Features out) noexcept
{
    std::uint64_t gap = 0;
    if (!s.started) {
        s.started = true, s.forward_from_low = p.from_low;
        s.first_us = s.last_us = now_us;
        s.least = s.greatest = p.length;
    } else {
        gap = detail::pass_time(s, now_us);
        s.least = std::min(s.least, p.length), s.greatest = std::max(s.greatest, p.length);
    }
    const unsigned back = p.from_low != s.forward_from_low;
    if (s.packets[0] + s.packets[1] < most_packets) {
        ++s.packets[back], s.bytes[back] += p.length;
        s.pushes += p.push, s.empties += p.empty;
    }
    const auto packets = s.packets[0] + s.packets[1];
    const auto lg = [](std::uint64_t v) { return static_cast<float>(lg16(v)) * 0.0625f; };
    out[0] = lg(s.packets[0]), out[1] = lg(s.packets[1]);
    out[2] = lg(s.bytes[0]), out[3] = lg(s.bytes[1]);
    out[4] = static_cast<float>(p.length);
    // whole-number quotients: Python has the same
    const auto whole = [](std::uint64_t v) { return static_cast<float>(v); };
    const auto mean = (s.bytes[0] + s.bytes[1]) / packets;
    const auto pushes = s.pushes * 256 / packets, empties = s.empties * 256 / packets;
    out[5] = whole(mean);
    out[6] = static_cast<float>(s.least), out[7] = static_cast<float>(s.greatest);
    out[8] = lg(gap), out[9] = packets > 1 ? lg((s.last_us - s.first_us) / (packets - 1)) : 0;
    out[10] = lg(s.avg8 / 8), out[11] = lg(s.dev8 / 8);
    out[12] = static_cast<float>(back);
    const auto protocol = p.key.protocol();
    out[13] = protocol == UDP ? 0.0f : protocol == TCP ? 1.0f : 2.0f;
    out[14] = whole(pushes);
    out[15] = whole(empties);
}

} // namespace flow
