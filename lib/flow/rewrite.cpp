// SPDX-License-Identifier: BSD-3-Clause
#include "flow/rewrite.hpp"

namespace flow {

namespace {

std::uint32_t word_at(const std::uint8_t* p) noexcept { return (std::uint32_t{p[0]} << 8) | p[1]; }

void put_word(std::uint8_t* p, std::uint32_t v) noexcept
{
    p[0] = static_cast<std::uint8_t>(v >> 8), p[1] = static_cast<std::uint8_t>(v);
}

/// RFC 1624, eqn. 3: HC' = ~(~HC + ~m + m')
std::uint32_t checksum_after(std::uint32_t checksum, std::uint32_t before, std::uint32_t after) noexcept
{
    auto sum = (~checksum & 0xffffu) + (~before & 0xffffu) + after;
    sum = (sum & 0xffffu) + (sum >> 16);
    sum = (sum & 0xffffu) + (sum >> 16);
    return ~sum & 0xffffu;
}

} // namespace

bool set_dscp(std::span<std::uint8_t> bytes, std::uint8_t dscp) noexcept
{
    Link link;
    if (dscp > 63 || parse_link(bytes, link) != Refusal::NONE) return false;
    const std::size_t header = link.version == 4 ? 20 : 40;
    auto* const h = bytes.data() + link.ip;
    if (bytes.size() - link.ip < header || h[0] >> 4 != link.version) return false;
    const auto before = word_at(h); // version, traffic class (6) or header length and TOS (4)
    if (link.version == 6) {
        put_word(h, (before & 0xf03fu) | std::uint32_t{dscp} << 6);
        return true;
    }
    const auto after = (before & 0xff03u) | std::uint32_t{dscp} << 2;
    put_word(h, after);
    put_word(h + 10, checksum_after(word_at(h + 10), before, after));
    return true;
}

bool set_vlan_priority(std::span<std::uint8_t> bytes, std::uint8_t priority) noexcept
{
    Link link;
    if (priority > 7 || parse_link(bytes, link) != Refusal::NONE || link.tag == 0) return false;
    auto& first = bytes[link.tag];
    first = static_cast<std::uint8_t>((first & 0x1fu) | priority << 5);
    return true;
}

} // namespace flow
