// SPDX-License-Identifier: BSD-3-Clause
// Cuts a byte stream into vfio-user messages. Knows no socket: bytes and descriptors go in, messages come
// out.
#pragma once
#include "base/bytes.hpp"
#include "vfio_user/fd.hpp"
#include "vfio_user/wire.hpp"
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace vfio_user {
using qaic::Bytes, qaic::ConstSpan, qaic::MutSpan;

struct Message {
    Header header;
    Bytes body; ///< what follows the header
    std::vector<Fd> fds;
};

class FrameReader {
  public:
    /// One chunk as one recvmsg() delivered it. The kernel never reads past a piece of the stream that
    /// carries descriptors, so they belong to the message that holds the chunk's last byte. False when the
    /// stream is broken for good (violation() says why): a size outside [16, max_message], too many
    /// descriptors, or a peer that sends without waiting for answers beyond all measure.
    [[nodiscard]] bool feed(ConstSpan bytes, std::vector<Fd> fds);
    /// The next complete message, in order.
    [[nodiscard]] std::optional<Message> next();
    /// The first complete reply, whatever commands came before it.
    [[nodiscard]] std::optional<Message> next_reply();
    [[nodiscard]] bool waiting() const noexcept { return !queue_.empty(); }
    /// A message has begun and is not complete.
    [[nodiscard]] bool partial() const noexcept { return !part_.empty(); }
    /// Messages completed so far.
    [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
    [[nodiscard]] const std::string& violation() const noexcept { return violation_; }

  private:
    [[nodiscard]] bool take(ConstSpan& bytes, std::size_t upto);
    [[nodiscard]] bool check_header();
    void finish();
    bool violate(std::string why);

    static constexpr std::size_t max_queued_bytes = 8u << 20, max_queued = 16384;
    Bytes part_; ///< header and body so far
    std::vector<Fd> part_fds_;
    Header header_{};
    std::deque<Message> queue_;
    std::size_t queued_bytes_ = 0;
    std::uint64_t completed_ = 0;
    std::string violation_;
};

} // namespace vfio_user
