// SPDX-License-Identifier: BSD-3-Clause
// The client's end of a vfio-user socket: bytes and file descriptors, every wait with a limit. Knows no
// message. reliability.md 8.2
#pragma once
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include <string>
#include <utility>
#include <vector>

namespace qaic::vfu {

/// A file descriptor with one owner.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
    Fd& operator=(Fd&& o) noexcept
    {
        if (this != &o) reset(std::exchange(o.fd_, -1));
        return *this;
    }
    ~Fd() { reset(); }
    void reset(int fd = -1) noexcept;
    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

class Socket {
  public:
    Socket() = default;
    /// A socket that is connected already (tests).
    explicit Socket(Fd fd) noexcept : fd_(std::move(fd)) {}
    /// Connects to the AF_UNIX socket at `path` and checks whose process listens there (8.2): ours or root's.
    /// E_INVAL, E_REMOVED, E_PERM or E_TIMEOUT in a line that says what to do.
    [[nodiscard]] static Result<Socket> connect(const std::string& path, Nanos limit);

    /// All of `bytes`, with `fd` (-1: none) beside the first. E_REMOVED when the peer is gone, E_TIMEOUT.
    [[nodiscard]] Result<void> send(ConstSpan bytes, int fd, Nanos until);
    /// Exactly to.size() bytes. Descriptors that come along go to `fds`, at most max_fds in all: E_PROTO
    /// beyond that, and none of them is left open.
    [[nodiscard]] Result<void> receive(MutSpan to, std::vector<Fd>& fds, Nanos until);
    /// A process descriptor of whoever listens, or none where the system has no such thing.
    [[nodiscard]] Fd peer_process() const;
    void close() noexcept { fd_.reset(); }
    [[nodiscard]] bool open() const noexcept { return static_cast<bool>(fd_); }
    /// True once the peer has closed its end. Reads nothing.
    [[nodiscard]] bool peer_closed() const noexcept;

  private:
    [[nodiscard]] Result<void> wait(short events, Nanos until) const;
    Fd fd_;
};

/// Time as `until` counts it.
[[nodiscard]] Nanos monotonic() noexcept;

} // namespace qaic::vfu
