// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/secondary/process.hpp"
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace qaic::secondary {
namespace {

class WatchedProcess final : public Tenant {
  public:
    WatchedProcess(std::int32_t pid, int fd) : pid_(pid), fd_(fd) {}
    ~WatchedProcess() override { ::close(fd_); }
    WatchedProcess(const WatchedProcess&) = delete;
    WatchedProcess& operator=(const WatchedProcess&) = delete;
    bool alive() noexcept override
    {
        if (dead_) return false;
        pollfd p{.fd = fd_, .events = POLLIN, .revents = 0};
        dead_ = ::poll(&p, 1, 0) > 0; // readable: it has ended, waited for or not
        return !dead_;
    }
    std::uint64_t number() const noexcept override { return static_cast<std::uint64_t>(pid_); }
    std::string name() const override { return fmt::format("process {}", pid_); }

  private:
    const std::int32_t pid_;
    const int fd_;
    bool dead_ = false;
};

} // namespace

Result<std::uint64_t> start_time(std::int32_t pid)
{
    const auto path = fmt::format("/proc/{}/stat", pid);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char text[1024];
    const auto n = fd >= 0 ? ::read(fd, text, sizeof text) : -1;
    if (fd >= 0) ::close(fd);
    // Field 22; the second may hold blanks and parentheses, so counting begins behind its last ')'.
    std::string_view rest(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    const auto name_end = rest.rfind(')');
    if (name_end != std::string_view::npos) rest.remove_prefix(name_end + 1);
    for (int field = 2; field < 22 && !rest.empty(); ++field) {
        const auto blank = rest.find(' ');
        rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
    }
    std::uint64_t ticks = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), ticks).ec != std::errc())
        return fail(Code::E_INVAL, "no process of this number got={}", pid);
    return ticks;
}

Result<std::unique_ptr<Tenant>> watch_process(std::int32_t pid, std::uint64_t started)
{
    const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) return fail(Code::E_UNSUPP, "pidfd_open of process {}: {}", pid, std::strerror(errno));
    auto process = std::make_unique<WatchedProcess>(pid, fd);
    QAIC_TRY(const auto now, start_time(pid)); // of whom the pidfd is of, or it has ended since
    if (now != started || !process->alive())
        return fail(Code::E_INVAL, "process {} is another one by now", pid);
    return process;
}

} // namespace qaic::secondary
