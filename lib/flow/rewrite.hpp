// SPDX-License-Identifier: BSD-3-Clause
// Marks in a packet's headers. HOT.
#pragma once
#include "flow/packet.hpp"

namespace flow {

/// Sets the six bits of DSCP (0 to 63) in IPv4 (with its header checksum, RFC 1624) or IPv6. False: no such
/// header, the bytes are unchanged.
[[nodiscard]] bool set_dscp(std::span<std::uint8_t> bytes, std::uint8_t dscp) noexcept;

/// Sets the priority (0 to 7) of the outer VLAN tag. False: untagged, or no IP packet below; the bytes are
/// unchanged.
[[nodiscard]] bool set_vlan_priority(std::span<std::uint8_t> bytes, std::uint8_t priority) noexcept;

} // namespace flow
