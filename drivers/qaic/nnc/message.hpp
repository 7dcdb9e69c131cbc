// SPDX-License-Identifier: BSD-3-Clause
// Writing of control messages: header, transactions, CRC. aic100-device.md 4.2 - 4.5
#pragma once
#include "aic100/wire/nnc.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "base/bytes.hpp"
#include <cstdint>
#include <span>
#include <type_traits>

namespace qaic::nnc {

/// CRC-32 (IEEE) of a whole message, its crc field taken as zero (4.3). At least a header long.
[[nodiscard]] std::uint32_t message_crc(ConstSpan message) noexcept;

/// One message under construction. finish() may be called again, for a retry under a new sequence number.
class Message {
  public:
    explicit Message(std::uint32_t handle, std::int32_t partition = aic100::nnc_no_partition);

    /// Passthrough of a command and of bytes that follow it. Its length is 16 + command: 8 zero bytes trail
    /// every request (4.13, length quirk).
    template<class Command>
    requires std::is_trivially_copyable_v<Command> Message& command(const Command& c, ConstSpan tail = {})
    {
        return passthrough(bytes_of(c), tail);
    }

    /// A transaction of fixed size; `t.head` is filled in here.
    template<class T>
    requires std::is_trivially_copyable_v<T> Message& transaction(aic100::NncType type, T t = {})
    {
        begin(type, sizeof t);
        append(bytes_, ConstSpan(bytes_of(t)).subspan(sizeof(aic100::NncTransaction)));
        return *this;
    }
    /// At most pairs_that_fit() of them. `chunk` is 0 when these are all pairs of the object (4.7).
    Message& dma_xfer(std::uint32_t tag, std::uint32_t chunk, std::span<const aic100::NncDmaPair> pairs);
    /// Pairs a DMA_XFER added now may have: 1024 bytes of the message stay free (4.7).
    [[nodiscard]] std::size_t pairs_that_fit() const noexcept;

    /// The bytes to send; valid until the next call on this object.
    [[nodiscard]] ConstSpan finish(std::uint32_t sequence, bool with_crc);
    [[nodiscard]] std::uint32_t handle() const noexcept { return header_.handle; }

  private:
    static void append(Bytes& to, ConstSpan from) { to.insert(to.end(), from.begin(), from.end()); }
    void begin(aic100::NncType type, std::size_t length);
    Message& passthrough(ConstSpan command, ConstSpan tail);

    aic100::NncHeader header_{};
    std::uint32_t count_ = 0;
    Bytes bytes_;
};

} // namespace qaic::nnc
