// SPDX-License-Identifier: BSD-3-Clause
// The control socket: one request a line, one answer a line. Off unless asked for; only our own user gets in.
#pragma once
#include "requests.hpp"
#include "vfio_user/listener.hpp"
#include "vfio_user/socket_channel.hpp"
#include <list>
#include <poll.h>

namespace card_app {

class ControlSocket {
  public:
    ControlSocket(vfio_user::Listener listener, const Cards& cards)
        : listener_(std::move(listener)), cards_(cards)
    {}
    /// What to wait for.
    [[nodiscard]] std::vector<pollfd> wait_for() const;
    /// Takes new connections, and answers what has come. Never waits for a peer longer than a second.
    void serve();

  private:
    struct Peer {
        vfio_user::SocketChannel channel;
        std::string line;
    };
    /// False when the peer is done or too much.
    bool serve(Peer& peer);
    bool answer_lines(Peer& peer);

    vfio_user::Listener listener_;
    const Cards& cards_;
    std::list<Peer> peers_;
};

} // namespace card_app
