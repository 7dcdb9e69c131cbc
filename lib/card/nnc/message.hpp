// SPDX-License-Identifier: BSD-3-Clause
// NNC messages as QSM reads and writes them: bounds first, then the CRC, then a list of transactions whose
// lengths are known good. aic100-device.md 4.2, 4.3, 8.6 point 1
#pragma once
#include "aic100/wire/nnc.hpp"
#include "base/bytes.hpp"
#include <optional>
#include <span>
#include <vector>

namespace card {
using namespace qaic;

enum class CrcRule { ALWAYS, IF_PRESENT };

struct Transaction {
    std::uint32_t type = 0;
    ConstSpan bytes; ///< all of it, its header included
};
struct Message {
    aic100::NncHeader header;
    std::vector<Transaction> transactions;
};

enum class Verdict {
    GOOD,
    UNREADABLE, ///< too short, or not NNC at all: there is nothing to answer to
    DAMAGED     ///< length or CRC wrong; the header is filled in
};
/// Header, length and CRC only.
[[nodiscard]] Verdict check_message(ConstSpan bytes, CrcRule rule, aic100::NncHeader& header);
/// The transactions of a message that passed; nothing when their lengths or their number do not add up.
[[nodiscard]] std::optional<std::vector<Transaction>> split_message(ConstSpan bytes);
/// CRC-32 over the message with the crc field taken as zero.
[[nodiscard]] std::uint32_t message_crc(ConstSpan bytes) noexcept;

/// The answer to one message: its sequence number, handle and partition are echoed.
class Reply {
  public:
    explicit Reply(const aic100::NncHeader& to);
    /// A struct that begins with NncTransaction; type and length are filled in.
    template<class T>
    void add(aic100::NncType type, T transaction)
    {
        transaction.head = {static_cast<std::uint32_t>(type), static_cast<std::uint32_t>(sizeof(T))};
        append(bytes_, transaction);
        ++count_;
    }
    /// PASSTHROUGH_FROM_DEV around a command response; its length is 8 + size.
    void add_response(ConstSpan response);
    /// A transaction every decoder takes as "this request failed" (STATUS_FROM_DEV with a status).
    void add_failure(std::int32_t status);
    [[nodiscard]] Bytes finish(bool with_crc) &&;

  private:
    Bytes bytes_;
    std::uint32_t count_ = 0;
};

} // namespace card
