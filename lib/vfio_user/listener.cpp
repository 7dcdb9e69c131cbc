// SPDX-License-Identifier: BSD-3-Clause
#include "vfio_user/listener.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace vfio_user {
using qaic::Code, qaic::fail, qaic::Result;
namespace {

Result<sockaddr_un> address_of(const std::string& path)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.empty()) return fail(Code::E_INVAL, "socket path is empty");
    if (path.size() >= sizeof(address.sun_path) || path.find('\0') != std::string::npos)
        return fail(Code::E_INVAL, "{}: socket path of {} characters, limit {}", path, path.size(),
                    sizeof(address.sun_path) - 1);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<Fd> new_socket()
{
    Fd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made) return fail(Code::E_NOMEM, "socket: {}", std::strerror(errno));
    return made;
}

bool succeeds(const sockaddr_un& address, int (*call)(int, const sockaddr*, socklen_t), int fd)
{
    return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

/// Nobody else may be able to put something in our place.
Result<void> check_directory(const std::string& path)
{
    auto parent = std::filesystem::path(path).parent_path();
    if (parent.empty()) parent = ".";
    struct stat about = {};
    if (::fstatat(AT_FDCWD, parent.c_str(), &about, 0) != 0 || !S_ISDIR(about.st_mode))
        return fail(Code::E_INVAL, "{}: no directory {}", path, parent.string());
    if ((about.st_mode & S_IWOTH) != 0 && (about.st_mode & S_ISVTX) == 0)
        return fail(Code::E_PERM, "{}: directory {} is writable for everybody; use one of your own", path,
                    parent.string());
    return {};
}

/// Removes what a server that was killed left behind.
Result<void> clear_stale(const std::string& path, const sockaddr_un& address)
{
    struct stat about = {};
    if (::fstatat(AT_FDCWD, path.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (!S_ISSOCK(about.st_mode)) return fail(Code::E_PERM, "{}: exists and is no socket", path);
    if (about.st_uid != ::geteuid()) return fail(Code::E_PERM, "{}: belongs to uid {}", path, about.st_uid);
    QAIC_TRY(const auto probe, new_socket());
    if (succeeds(address, ::connect, probe.get()) || errno == EAGAIN || errno == EINPROGRESS)
        return fail(Code::E_BUSY, "{}: somebody listens there already", path);
    if (errno != ECONNREFUSED) return fail(Code::E_PERM, "{}: {}", path, std::strerror(errno));
    if (::unlink(path.c_str()) != 0) return fail(Code::E_PERM, "{}: {}", path, std::strerror(errno));
    return {};
}

} // namespace

Listener::Listener(Fd socket, std::string path, ListenerOptions options)
    : socket_(std::move(socket)), path_(std::move(path)), options_(std::move(options))
{
    struct stat about = {};
    if (::lstat(path_.c_str(), &about) == 0) device_ = about.st_dev, inode_ = about.st_ino;
}

Listener::~Listener()
{
    if (!socket_) return; // moved from
    struct stat about = {};
    if (::lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ && about.st_ino == inode_)
        ::unlink(path_.c_str());
}

Result<Listener> Listener::open(std::string path, ListenerOptions options)
{
    QAIC_TRY(const auto address, address_of(path));
    QAIC_CHECK(check_directory(path));
    QAIC_CHECK(clear_stale(path, address));
    QAIC_TRY(auto socket, new_socket());
    // Linux takes the mode of a socket's path from the socket itself, so no other thread's umask is in play.
    if (::fchmod(socket.get(), 0600) != 0 || !succeeds(address, ::bind, socket.get()))
        return fail(errno == EADDRINUSE ? Code::E_BUSY : Code::E_PERM, "{}: {}", path, std::strerror(errno));
    Listener made(std::move(socket), path, std::move(options));
    if (::listen(made.fd(), made.options_.backlog) != 0)
        return fail(Code::E_NOMEM, "{}: {}", path, std::strerror(errno));
    return made;
}

Fd Listener::accept(std::string& refused) const
{
    Fd made(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!made) return made;
    ucred peer = {};
    socklen_t bytes = sizeof(peer);
    const bool known = ::getsockopt(made.get(), SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0;
    const auto& allowed = options_.allowed;
    if (known &&
        (peer.uid == options_.owner || std::find(allowed.begin(), allowed.end(), peer.uid) != allowed.end()))
        return made;
    refused = known ? fmt::format("process {} of uid {} is not allowed to connect", peer.pid, peer.uid)
                    : std::string("a peer without credentials");
    return Fd{};
}

Result<Fd> connect_to(const std::string& path)
{
    QAIC_TRY(const auto address, address_of(path));
    QAIC_TRY(auto socket, new_socket());
    if (!succeeds(address, ::connect, socket.get()))
        return fail(Code::E_REMOVED, "{}: {}", path, std::strerror(errno));
    return socket;
}

} // namespace vfio_user
