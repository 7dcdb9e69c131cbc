// SPDX-License-Identifier: BSD-3-Clause
// The one place a client can have: accepts connections, keeps one session, tells everybody else that it is
// taken. reliability.md 8.2, S10, S11
#pragma once
#include "vfio_user/listener.hpp"
#include "vfio_user/session.hpp"
#include "vfio_user/socket_channel.hpp"
#include <functional>
#include <list>
#include <memory>
#include <poll.h>

namespace card_server {

class ClientSeat {
  public:
    using Log = std::function<void(const std::string&)>;
    ClientSeat(vfio_user::Listener listener, vfio_user::Device& device, const qaic::Clock& clock,
               vfio_user::SessionLimits limits, Log log);

    /// New connections, and messages of the one there is. True when anything was done.
    bool step();
    /// The session ended since the last call; it is gone with all it held.
    [[nodiscard]] bool take_ended() noexcept { return std::exchange(ended_, false); }
    /// nullptr when nobody is attached.
    [[nodiscard]] vfio_user::Session* session() noexcept { return seated_ ? &seated_->session : nullptr; }
    /// What a caller may sleep on, and for how long at most.
    [[nodiscard]] std::vector<pollfd> wait_for() const;
    [[nodiscard]] qaic::Nanos patience() const;

    [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] std::uint64_t broken() const noexcept { return broken_; }
    [[nodiscard]] const std::string& path() const noexcept { return listener_.path(); }

  private:
    struct Seated {
        vfio_user::SocketChannel channel;
        vfio_user::Session session;
        Seated(vfio_user::Fd socket, vfio_user::Device& device, const qaic::Clock& clock,
               vfio_user::SessionLimits limits)
            : channel(std::move(socket)), session(device, channel, clock, limits)
        {}
    };
    /// A connection that came too late: it gets an answer to its first message, and a second to ask.
    struct Refused {
        vfio_user::SocketChannel channel;
        qaic::Nanos until;
    };
    bool take_connection();
    bool answer_refused();
    void refuse(vfio_user::Fd socket);

    vfio_user::Listener listener_;
    vfio_user::Device& device_;
    const qaic::Clock& clock_;
    vfio_user::SessionLimits limits_;
    Log log_;
    std::unique_ptr<Seated> seated_;
    std::list<Refused> refusals_;
    std::uint64_t accepted_ = 0, refused_ = 0, broken_ = 0;
    unsigned round_ = 0;
    bool ended_ = false;
};

} // namespace card_server
