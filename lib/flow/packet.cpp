// SPDX-License-Identifier: BSD-3-Clause
#include "flow/packet.hpp"
#include <cstring>

namespace flow {

namespace {

constexpr std::uint16_t ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd, TAG_8021Q = 0x8100,
                        TAG_8021AD = 0x88a8;
constexpr std::uint8_t HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60;
constexpr unsigned most_extensions = 8;

std::uint16_t be16(const std::uint8_t* p) noexcept { return static_cast<std::uint16_t>((p[0] << 8) | p[1]); }

/// What an IP header leaves to be read.
struct Rest {
    std::size_t at = 0, end = 0; ///< of the transport header; of the datagram, which may be behind the bytes
    std::uint8_t protocol = 0;
    bool fragment = false;
};

struct Side {
    std::uint64_t low = 0, high = 0;
    std::uint16_t port = 0;
    friend auto operator<=>(const Side&, const Side&) = default; // NOLINT(modernize-use-nullptr)
};

Side side_of(const std::uint8_t* address, std::size_t bytes) noexcept
{
    Side s;
    std::memcpy(&s.low, address, bytes == 4 ? 4 : 8);
    if (bytes == 16) std::memcpy(&s.high, address + 8, 8);
    return s;
}

/// Whether a header of `size` at `at` is there: in the datagram, and in the bytes.
Refusal fits(Octets bytes, const Rest& rest, std::size_t size) noexcept
{
    if (rest.end < rest.at || rest.end - rest.at < size) return Refusal::BAD_LENGTH;
    return bytes.size() - rest.at < size ? Refusal::CUT_SHORT : Refusal::NONE;
}

Refusal read_ipv4(Octets bytes, std::size_t at, Rest& rest, Side& from, Side& to) noexcept
{
    if (bytes.size() - at < 20) return Refusal::CUT_SHORT;
    const auto* const h = bytes.data() + at;
    const std::size_t header = std::size_t{h[0] & 15u} * 4, total = be16(h + 2);
    if (h[0] >> 4 != 4 || header < 20) return Refusal::BAD_HEADER;
    if (total < header) return Refusal::BAD_LENGTH;
    if (bytes.size() - at < header) return Refusal::CUT_SHORT;
    rest = {at + header, at + total, h[9], (be16(h + 6) & 0x3fffu) != 0}; // more fragments, or not the first
    from = side_of(h + 12, 4), to = side_of(h + 16, 4);
    return Refusal::NONE;
}

/// One extension header at rest.at: goes behind it. NONE with `done` when there is none.
Refusal skip_extension(Octets bytes, Rest& rest, bool& done) noexcept
{
    const bool known = rest.protocol == HOP_BY_HOP || rest.protocol == ROUTING || rest.protocol == FRAGMENT ||
                       rest.protocol == AUTHENTICATION || rest.protocol == DESTINATION;
    done = !known || rest.fragment; // what is behind a fragment's header is there only in the first
    if (done) return Refusal::NONE;
    if (const auto no = fits(bytes, rest, 8); no != Refusal::NONE) return no;
    const auto* const h = bytes.data() + rest.at;
    std::size_t size = 8u + h[1] * 8u;
    if (rest.protocol == AUTHENTICATION) size = 8u + h[1] * 4u;
    if (rest.protocol == FRAGMENT) size = 8, rest.fragment = (be16(h + 2) & 0xfff9u) != 0;
    if (const auto no = fits(bytes, rest, size); no != Refusal::NONE) return no;
    rest.protocol = h[0], rest.at += size;
    return Refusal::NONE;
}

Refusal read_ipv6(Octets bytes, std::size_t at, Rest& rest, Side& from, Side& to) noexcept
{
    if (bytes.size() - at < 40) return Refusal::CUT_SHORT;
    const auto* const h = bytes.data() + at;
    if (h[0] >> 4 != 6) return Refusal::BAD_HEADER;
    rest = {at + 40, at + 40 + be16(h + 4), h[6], false};
    from = side_of(h + 8, 16), to = side_of(h + 24, 16);
    bool done = false;
    for (unsigned n = 0; n <= most_extensions; ++n) {
        if (const auto no = skip_extension(bytes, rest, done); no != Refusal::NONE) return no;
        if (done) return Refusal::NONE;
    }
    return Refusal::TOO_DEEP;
}

/// Ports, flags and whether anything is behind; h has 20 bytes of TCP, 8 of the others.
Refusal read_transport(Octets bytes, const Rest& rest, Packet& out, Side& from, Side& to) noexcept
{
    const bool tcp = rest.protocol == TCP, udp = rest.protocol == UDP;
    const bool icmp = rest.protocol == ICMP || rest.protocol == ICMP6;
    out.push = false, out.empty = rest.end == rest.at;
    if (rest.fragment || !(tcp || udp || icmp)) return Refusal::NONE;
    std::size_t size = tcp ? 20 : 8;
    if (const auto no = fits(bytes, rest, size); no != Refusal::NONE) return no;
    const auto* const h = bytes.data() + rest.at;
    if (tcp) {
        size = std::size_t{h[12]} / 16 * 4;
        if (size < 20) return Refusal::BAD_HEADER;
        if (rest.end - rest.at < size) return Refusal::BAD_LENGTH;
        out.push = (h[13] & 8) != 0;
    }
    const bool echo = rest.protocol == ICMP ? h[0] == 8 || h[0] == 0 : h[0] == 128 || h[0] == 129;
    if (!icmp) from.port = be16(h), to.port = be16(h + 2);
    if (icmp && echo) from.port = to.port = be16(h + 4);
    out.empty = rest.end - rest.at == size;
    return Refusal::NONE;
}

} // namespace

std::string_view word_of(Refusal why) noexcept
{
    constexpr std::string_view words[n_refusals] = {"none",       "not_ip",     "cut_short",
                                                    "bad_length", "bad_header", "too_deep"};
    const auto n = static_cast<std::size_t>(why);
    return n < n_refusals ? words[n] : "?";
}

Refusal parse_link(Octets bytes, Link& out) noexcept
{
    std::size_t at = 12; // behind the two addresses
    out = {};
    for (unsigned tags = 0; tags <= 2; ++tags, at += 4) {
        if (bytes.size() < at + 2) return Refusal::CUT_SHORT;
        const auto type = be16(bytes.data() + at);
        if (type == TAG_8021Q || type == TAG_8021AD) {
            if (tags == 0) out.tag = static_cast<std::uint16_t>(at + 2);
            continue;
        }
        if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6) return Refusal::NOT_IP;
        out.ip = static_cast<std::uint16_t>(at + 2);
        out.version = type == ETHERTYPE_IPV4 ? 4 : 6;
        return Refusal::NONE;
    }
    return Refusal::NOT_IP;
}

Refusal parse_packet(Octets bytes, Packet& out) noexcept
{
    if (const auto no = parse_link(bytes, out.link); no != Refusal::NONE) return no;
    Rest rest;
    Side from, to;
    const auto read = out.link.version == 4 ? read_ipv4 : read_ipv6;
    if (const auto no = read(bytes, out.link.ip, rest, from, to); no != Refusal::NONE) return no;
    if (const auto no = read_transport(bytes, rest, out, from, to); no != Refusal::NONE) return no;
    out.length = static_cast<std::uint32_t>(rest.end - out.link.ip);
    out.from_low = from <= to;
    const auto &low = out.from_low ? from : to, &high = out.from_low ? to : from;
    out.key.words = {low.low, low.high, high.low, high.high,
                     low.port | std::uint64_t{high.port} << 16 | std::uint64_t{rest.protocol} << 32 |
                         std::uint64_t{out.link.version} << 40};
    return Refusal::NONE;
}

} // namespace flow
