// SPDX-License-Identifier: BSD-3-Clause
// The one decoder of messages from the card: expected, late and orphaned replies alike (reliability.md 3.1
// rules 4 and 5, guards N-HDR, N-CRC, N-TRX). Nothing of a reply is looked at before it has passed here.
#pragma once
#include "aic100/wire/nnc.hpp"
#include "base/bytes.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace qaic::nnc {

/// What is known about CRC use on this channel (4.3).
enum class CrcUse : std::uint8_t {
    LEARN, ///< first STATUS: checked only if this very reply says that CRC is in use
    ON,
    OFF
};

enum class Guard : std::uint8_t { N_HDR, N_CRC, N_TRX };

/// Why a message was refused. `sequence` is set when header and length were sound, so that its waiter can be
/// told.
struct Violation {
    Guard guard = Guard::N_HDR;
    std::string text; ///< begins with the guard's name
    std::optional<std::uint32_t> sequence;
};

/// A decoded message: its own copy of the bytes, and where in them the transactions lie.
class Reply {
  public:
    struct Transaction {
        aic100::NncType type;
        std::size_t at, length; ///< whole transaction, inside the message
    };
    [[nodiscard]] std::uint32_t sequence() const noexcept { return header_.sequence; }
    [[nodiscard]] std::uint32_t handle() const noexcept { return header_.handle; }
    [[nodiscard]] const std::vector<Transaction>& transactions() const noexcept { return transactions_; }
    /// The only transaction of that type as T; nothing if there is none or more than one.
    template<class T>
    [[nodiscard]] std::optional<T> only(aic100::NncType type) const noexcept
    {
        const auto* t = find_only(type);
        return t ? read_at<T>(ConstSpan(bytes_).subspan(t->at, t->length)) : std::nullopt;
    }
    /// Payload of the first transaction, which must be a passthrough: the NNC response. Empty otherwise.
    [[nodiscard]] ConstSpan response() const noexcept;

  private:
    friend tl::expected<Reply, Violation> decode_reply(ConstSpan packet, CrcUse crc);
    [[nodiscard]] const Transaction* find_only(aic100::NncType type) const noexcept;

    Bytes bytes_;
    aic100::NncHeader header_{};
    std::vector<Transaction> transactions_;
};

/// Decodes a packet of `packet.size()` received bytes. Work and memory are bounded by 4096 bytes.
[[nodiscard]] tl::expected<Reply, Violation> decode_reply(ConstSpan packet, CrcUse crc);

} // namespace qaic::nnc
