// SPDX-License-Identifier: BSD-3-Clause
// What a session needs of its connection. A socket has it (socket_channel.hpp), so has a test.
#pragma once
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "vfio_user/fd.hpp"
#include <span>
#include <vector>

namespace vfio_user {
using qaic::Nanos;

class Channel {
  public:
    enum class Input {
        DATA,     ///< at least one byte
        NOTHING,  ///< none within the time given
        END,      ///< the peer has closed, or the connection broke
        TRUNCATED ///< more descriptors than there was room for; those that came have been closed
    };
    virtual ~Channel() = default;
    /// Waits at most `wait` (0: not at all) for bytes and puts them at the start of `to`.
    [[nodiscard]] virtual Input receive(qaic::MutSpan to, std::size_t& bytes, std::vector<Fd>& fds,
                                        Nanos wait) = 0;
    /// All of `bytes`, with at most one descriptor. False when that was not possible within `limit`.
    [[nodiscard]] virtual bool send(qaic::ConstSpan bytes, int fd, Nanos limit) = 0;
};

} // namespace vfio_user
