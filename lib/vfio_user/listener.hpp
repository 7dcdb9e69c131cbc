// SPDX-License-Identifier: BSD-3-Clause
// A listening AF_UNIX socket that only its own user can reach. reliability.md 8.2, S10 - S12, S16
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "vfio_user/fd.hpp"
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vfio_user {

struct ListenerOptions {
    std::vector<uid_t> allowed; ///< besides `owner`
    uid_t owner = ::geteuid();  ///< who may connect
    int backlog = 1;
};

class Listener {
  public:
    /// Binds `path` with mode 0600. A path that is there is replaced only if it is a socket, ours, and nobody
    /// listens on it. E_INVAL: path too long or empty; E_PERM: the directory is open to everybody, or what is
    /// there is not ours; E_BUSY: somebody listens there.
    [[nodiscard]] static qaic::Result<Listener> open(std::string path, ListenerOptions options = {});
    Listener(Listener&&) = default;
    Listener& operator=(Listener&&) = delete;
    /// Removes the path, if it is still this socket.
    ~Listener();

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// A connection that waits, or Fd{}. One of another user is closed before a byte of it is read, and
    /// `refused` says whose it was.
    [[nodiscard]] Fd accept(std::string& refused) const;

  private:
    Listener(Fd socket, std::string path, ListenerOptions options);
    Fd socket_;
    std::string path_;
    ListenerOptions options_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

/// Connects to `path` without waiting for more than the kernel's own queue. E_REMOVED when nobody listens.
[[nodiscard]] qaic::Result<Fd> connect_to(const std::string& path);

} // namespace vfio_user
