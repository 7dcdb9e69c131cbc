// SPDX-License-Identifier: BSD-3-Clause
// Frames for tests, put together from headers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace frames {

using Frame = std::vector<std::uint8_t>;

inline Frame operator+(Frame a, const Frame& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
inline Frame word(unsigned v) { return {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)}; }
inline Frame first(std::ptrdiff_t n, const Frame& f) { return {f.begin(), f.begin() + n}; }
inline Frame zeros(std::size_t n) { return Frame(n, 0); }

inline Frame ether(unsigned type, std::initializer_list<unsigned> tags = {})
{
    auto f = zeros(12);
    for (const auto tag : tags) f = f + word(tag >> 16) + word(tag & 0xffff);
    return f + word(type);
}

/// 10.0.0.FROM to 10.0.0.TO; `total` as the header says, the header's checksum right. `fragment`: flags and
/// offset.
inline Frame ipv4(unsigned protocol, unsigned from, unsigned to, unsigned total, unsigned fragment = 0,
                  unsigned words = 5)
{
    Frame h = Frame{static_cast<std::uint8_t>(0x40 | words), 0} + word(total) + word(7) + word(fragment) +
              Frame{64, static_cast<std::uint8_t>(protocol)} + word(0) +
              Frame{10, 0, 0, static_cast<std::uint8_t>(from), 10, 0, 0, static_cast<std::uint8_t>(to)} +
              zeros(words > 5 ? (words - 5) * 4 : 0);
    unsigned sum = 0;
    for (std::size_t i = 0; i + 1 < h.size(); i += 2) sum += static_cast<unsigned>(h[i] << 8 | h[i + 1]);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    h[10] = static_cast<std::uint8_t>(~sum >> 8), h[11] = static_cast<std::uint8_t>(~sum);
    return h;
}

/// fd00::FROM to fd00::TO
inline Frame ipv6(unsigned next, unsigned from, unsigned to, unsigned payload)
{
    const auto address = [](unsigned last) {
        return Frame{0xfd} + zeros(14) + Frame{static_cast<std::uint8_t>(last)};
    };
    return Frame{0x60, 0, 0, 0} + word(payload) + Frame{static_cast<std::uint8_t>(next), 64} + address(from) +
           address(to);
}

inline Frame tcp(unsigned from, unsigned to, unsigned flags = 0x10, unsigned words = 5)
{
    return word(from) + word(to) + zeros(8) +
           Frame{static_cast<std::uint8_t>(words << 4), static_cast<std::uint8_t>(flags)} + zeros(6) +
           zeros(words > 5 ? (words - 5) * 4 : 0);
}
inline Frame udp(unsigned from, unsigned to, unsigned payload)
{
    return word(from) + word(to) + word(8 + payload) + word(0);
}
inline Frame echo(unsigned type, unsigned id)
{
    return Frame{static_cast<std::uint8_t>(type), 0, 0, 0} + word(id) + word(1);
}
/// An IPv6 extension header of 8 bytes and as many times 8 more.
inline Frame extension(unsigned next, unsigned more = 0)
{
    return Frame{static_cast<std::uint8_t>(next), static_cast<std::uint8_t>(more)} + zeros(6 + more * 8);
}

} // namespace frames
