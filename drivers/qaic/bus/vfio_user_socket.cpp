// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user_socket.hpp"
#include "vfio_user/wire.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace qaic::vfu {
namespace {

constexpr Nanos connect_pause = 5ms; // between two tries while the server's queue of connections is full

// Absent from older headers.
constexpr int so_peerpidfd = 77;

// Why connect() failed, and what helps.
tl::unexpected<Error> refused(const std::string& path, int error)
{
    struct Row {
        int error;
        Code code;
        const char* text;
    };
    static constexpr Row rows[] = {
        {ENOENT, Code::E_REMOVED, "there is no such socket: start qaic-card --socket with this path first"},
        {ENOTDIR, Code::E_REMOVED, "there is no such socket: start qaic-card --socket with this path first"},
        {ECONNREFUSED, Code::E_REMOVED, "nobody listens there: start qaic-card --socket with this path"},
        {EACCES, Code::E_PERM, "permission denied: run as the user who started qaic-card"},
        {EPERM, Code::E_PERM, "permission denied: run as the user who started qaic-card"},
        {EPROTOTYPE, Code::E_INVAL, "not a stream socket: name the one of qaic-card --socket"},
    };
    for (const auto& row : rows)
        if (row.error == error) return fail(row.code, "socket {}: {}", path, row.text);
    return fail(Code::E_REMOVED, "socket {}: {}", path, std::strerror(error));
}

Result<void> check_peer(int fd, const std::string& path)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail(Code::E_PERM, "socket {}: peer unknown: {}", path, std::strerror(errno));
    if (peer.uid != ::geteuid() && peer.uid != 0)
        return fail(Code::E_PERM,
                    "socket {}: served by uid {}, we are uid {}: this memory is shared with the server only "
                    "when it runs as the same user or as root",
                    path, peer.uid, ::geteuid());
    return {};
}

// Every descriptor in a received control message gets an owner at once.
void take_fds(msghdr& message, std::vector<Fd>& fds)
{
    for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

} // namespace

void Fd::reset(int fd) noexcept
{
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

Nanos monotonic() noexcept { return SteadyClock{}.now(); }

Result<Socket> Socket::connect(const std::string& path, Nanos limit)
{
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof at.sun_path)
        return fail(Code::E_INVAL, "socket path of {} bytes, limit 1..{}: use a shorter directory",
                    path.size(), sizeof at.sun_path - 1);
    std::memcpy(at.sun_path, path.data(), path.size());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fail(Code::E_NOMEM, "no socket: {}", std::strerror(errno));
    const auto until = monotonic() + limit;
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return refused(path, errno);
        if (monotonic() >= until)
            return fail(Code::E_TIMEOUT,
                        "socket {}: server accepts no connection: is another client attached?", path);
        std::this_thread::sleep_for(connect_pause);
    }
    QAIC_CHECK(check_peer(fd.get(), path));
    return Socket(std::move(fd));
}

Result<void> Socket::wait(short events, Nanos until) const
{
    for (;;) {
        const auto left = until - monotonic();
        if (left <= Nanos{0}) return fail(Code::E_TIMEOUT, "no progress within the limit");
        pollfd p{fd_.get(), events, 0};
        const auto ms = std::min<std::int64_t>(left / 1ms + 1, INT_MAX);
        const int n = ::poll(&p, 1, static_cast<int>(ms));
        if (n > 0) return {};
        if (n < 0 && errno != EINTR) return fail(Code::E_REMOVED, "poll: {}", std::strerror(errno));
    }
}

Result<void> Socket::send(ConstSpan bytes, int fd, Nanos until)
{
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    while (!bytes.empty()) {
        iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (fd >= 0) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            auto* c = CMSG_FIRSTHDR(&message);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof fd);
            std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
        }
        const auto n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno != EAGAIN) return fail(Code::E_REMOVED, "send: {}", std::strerror(errno));
        if (n < 0) {
            QAIC_CHECK(wait(POLLOUT, until));
            continue;
        }
        if (n > 0) fd = -1; // it went with the first byte
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Result<void> Socket::receive(MutSpan to, std::vector<Fd>& fds, Nanos until)
{
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * vfio_user::max_fds)> control{};
    fds.reserve(std::size_t{2} * vfio_user::max_fds); // so that owning one cannot fail
    while (!to.empty()) {
        iovec part{to.data(), to.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const auto n = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno != EAGAIN) return fail(Code::E_REMOVED, "receive: {}", std::strerror(errno));
        if (n < 0) {
            QAIC_CHECK(wait(POLLIN, until));
            continue;
        }
        take_fds(message, fds);
        if ((message.msg_flags & MSG_CTRUNC) != 0 || fds.size() > vfio_user::max_fds) {
            fds.clear();
            return fail(Code::E_PROTO, "more file descriptors than {} in a message", vfio_user::max_fds);
        }
        if (n == 0) return fail(Code::E_REMOVED, "server closed the connection");
        to = to.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Fd Socket::peer_process() const
{
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (::getsockopt(fd_.get(), SOL_SOCKET, so_peerpidfd, &pidfd, &size) == 0) return Fd(pidfd);
    ucred peer{};
    size = sizeof peer;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return {};
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, peer.pid, 0)));
}

bool Socket::peer_closed() const noexcept
{
    pollfd p{fd_.get(), POLLRDHUP, 0};
    return ::poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

} // namespace qaic::vfu
