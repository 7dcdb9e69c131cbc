// SPDX-License-Identifier: BSD-3-Clause
// Version negotiation: the client's offer, our answer.
#pragma once
#include "base/bytes.hpp"
#include "vfio_user/wire.hpp"
#include <optional>

namespace vfio_user {

/// What the client can take, after checks; what it did not mention has the protocol's default.
struct PeerLimits {
    std::uint32_t max_transfer = vfio_user::max_transfer; ///< never above ours
    std::uint32_t max_fds = 1;
    std::uint16_t minor = 0; ///< the lower one of its version and ours
    bool write_multiple = false;
    bool capabilities = false; ///< it sent version data at all
};

/// Reads the body of a VERSION command. Nothing when the major version is not 0, the data is no JSON of the
/// protocol's form, or a limit is out of all reason (no descriptors at all, or 10^9).
[[nodiscard]] std::optional<PeerLimits> parse_version(qaic::ConstSpan body);

/// Body of the reply.
[[nodiscard]] qaic::Bytes version_reply(const PeerLimits& peer);

} // namespace vfio_user
