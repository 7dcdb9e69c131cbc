// SPDX-License-Identifier: BSD-3-Clause
// A connected AF_UNIX stream socket as a Channel.
#pragma once
#include "vfio_user/channel.hpp"

namespace vfio_user {

class SocketChannel final : public Channel {
  public:
    /// The socket becomes non-blocking.
    explicit SocketChannel(Fd socket);
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    [[nodiscard]] Input receive(qaic::MutSpan to, std::size_t& bytes, std::vector<Fd>& fds,
                                Nanos wait) override;
    [[nodiscard]] bool send(qaic::ConstSpan bytes, int fd, Nanos limit) override;

  private:
    Fd socket_;
};

} // namespace vfio_user
