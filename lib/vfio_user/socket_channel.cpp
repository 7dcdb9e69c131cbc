// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/socket_channel.hpp"
#include "vfio_user/wire.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace vfio_user {
namespace {

// Twice what we allow, so that most of what is too much is seen as a number and not as a truncation.
constexpr std::size_t control_fds = std::size_t{2} * max_fds;

timespec to_timespec(Nanos time)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {static_cast<time_t>(seconds.count()), static_cast<long>((time - seconds).count())};
}

/// Waits for `events`; false at the end of `limit`.
bool wait_for(int fd, short events, Nanos limit)
{
    pollfd entry{fd, events, 0};
    const auto time = to_timespec(limit);
    return ::ppoll(&entry, 1, &time, nullptr) > 0;
}

void collect(msghdr& header, std::vector<Fd>& fds)
{
    for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            fds.emplace_back(fd);
        }
    }
}

} // namespace

SocketChannel::SocketChannel(Fd socket) : socket_(std::move(socket))
{
    (void)::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

Channel::Input SocketChannel::receive(qaic::MutSpan to, std::size_t& bytes, std::vector<Fd>& fds, Nanos wait)
{
    if (wait > Nanos{0} && !wait_for(socket_.get(), POLLIN, wait)) return Input::NOTHING;
    iovec piece{to.data(), to.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(control_fds * sizeof(int))];
    msghdr header = {};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    const auto got = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Input::NOTHING : Input::END;
    // Also on truncation and at the end: the kernel has installed what fitted.
    std::vector<Fd> received;
    collect(header, received);
    if ((header.msg_flags & MSG_CTRUNC) != 0) return Input::TRUNCATED;
    if (got == 0) return Input::END;
    bytes = static_cast<std::size_t>(got);
    fds = std::move(received);
    return Input::DATA;
}

bool SocketChannel::send(qaic::ConstSpan bytes, int fd, Nanos limit)
{
    const qaic::SteadyClock clock;
    const auto until = clock.now() + limit;
    while (!bytes.empty()) {
        iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr header = {};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        if (fd >= 0) {
            header.msg_control = control;
            header.msg_controllen = sizeof(control);
            auto* part = CMSG_FIRSTHDR(&header);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(sizeof(int));
            std::memcpy(CMSG_DATA(part), &fd, sizeof(int));
        }
        const auto sent = ::sendmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
            fd = -1; // goes with the first piece
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return false;
        const auto left = until - clock.now();
        if (left <= Nanos{0} || !wait_for(socket_.get(), POLLOUT, left)) return false;
    }
    return true;
}

} // namespace vfio_user
