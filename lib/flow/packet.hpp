// SPDX-License-Identifier: BSD-3-Clause
// From the bytes of a packet to the flow it belongs to. The bytes are foreign: whatever does not hold is
// refused with a reason, and nothing outside the span is read. HOT: no allocation, no exception.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace flow {

using Octets = std::span<const std::uint8_t>;

enum class Refusal : std::uint8_t {
    NONE,
    NOT_IP,     ///< of another protocol, or below more than two VLAN tags
    CUT_SHORT,  ///< a header ends behind the bytes that are there
    BAD_LENGTH, ///< a header ends behind what the IP header says is there
    BAD_HEADER, ///< version or header length that cannot be
    TOO_DEEP,   ///< more than 8 IPv6 extension headers
};
inline constexpr std::size_t n_refusals = 6;
[[nodiscard]] std::string_view word_of(Refusal why) noexcept; ///< "cut_short"

enum Protocol : std::uint8_t { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58 };

/// What lies below IP: Ethernet and up to two VLAN tags (802.1Q, 802.1ad).
struct Link {
    std::uint16_t ip = 0;     ///< where the IP header starts
    std::uint16_t tag = 0;    ///< where the outer tag's 16 bits of priority and VLAN are; 0: untagged
    std::uint8_t version = 0; ///< 4 or 6 by EtherType
};

/// Both directions of a conversation have one key: addresses, ports and protocol, the lesser side first (by
/// an order that means nothing). Ports are 0 where there are none: other protocols than TCP, UDP and ICMP
/// echo (its identifier is both ports), and all fragments of a datagram, since only the first one has them.
/// VLANs are no part of it.
struct Key {
    std::array<std::uint64_t, 5> words{};
    [[nodiscard]] std::uint8_t protocol() const noexcept { return static_cast<std::uint8_t>(words[4] >> 32); }
    friend bool operator==(const Key&, const Key&) = default;
};

struct Packet {
    Key key;
    Link link;
    std::uint32_t length = 0; ///< bytes from the IP header on, as that says: captures are often cut
    bool from_low = true;     ///< the sender is the key's lesser side
    bool push = false;        ///< TCP's PSH
    bool empty = false;       ///< nothing behind the transport header
};

/// Finds the IP header's place; says nothing about what is there. NONE, NOT_IP or CUT_SHORT.
[[nodiscard]] Refusal parse_link(Octets bytes, Link& out) noexcept;

/// An Ethernet frame without its checksum. `out` is whole only after NONE.
[[nodiscard]] Refusal parse_packet(Octets bytes, Packet& out) noexcept;

} // namespace flow
