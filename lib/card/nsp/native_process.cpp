// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/native_process.hpp"
#include "card/nsp/native_arena.hpp"
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

// A build that does not say where the executable is (the fuzz target) finds it by $QAIC_NSP_HOST only.
#ifndef QAIC_NSP_HOST_BUILD
#define QAIC_NSP_HOST_BUILD ""
#define QAIC_NSP_HOST_INSTALLED ""
#endif

namespace card {
namespace {
constexpr const char* host_name = "qaic-nsp-host";
constexpr int above_targets = 16; ///< our copies of the descriptors lie above the numbers they get in there

/// A descriptor with an owner.
struct Fd {
    explicit Fd(int number) : fd(number) {}
    ~Fd()
    {
        if (fd >= 0) ::close(fd);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    int fd;
};

std::string beside_this_code()
{
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(&native_host_path), &info) == 0 || info.dli_fname == nullptr)
        return {};
    const std::string file = info.dli_fname;
    const auto slash = file.rfind('/');
    return slash == std::string::npos ? std::string() : file.substr(0, slash + 1) + host_name;
}

/// What posix_spawn is to do between the two processes. Signals and process group are its own: a Ctrl-C in
/// the terminal is for the card, which takes the program down with it.
class Spawn {
  public:
    Spawn(int arena_fd, int lifeline_fd)
    {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, 2, 1);
        ::posix_spawn_file_actions_adddup2(&actions_, arena_fd, native_arena_fd);
        ::posix_spawn_file_actions_adddup2(&actions_, lifeline_fd, native_lifeline_fd);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, native_lifeline_fd + 1);
    }
    ~Spawn()
    {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Spawn(const Spawn&) = delete;
    Spawn& operator=(const Spawn&) = delete;
    [[nodiscard]] int run(const std::string& executable)
    {
        std::string name = host_name;
        char* argv[] = {name.data(), nullptr};
        pid_t pid = -1;
        return ::posix_spawn(&pid, executable.c_str(), &actions_, &attributes_, argv, environ) == 0 ? pid
                                                                                                    : -1;
    }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};
} // namespace

std::string native_host_path()
{
    if (const char* said = ::secure_getenv("QAIC_NSP_HOST"); said != nullptr) return said;
    for (const auto& path : {beside_this_code(), std::string(QAIC_NSP_HOST_BUILD)})
        if (::access(path.c_str(), X_OK) == 0) return path;
    return QAIC_NSP_HOST_INSTALLED;
}

std::optional<NativeProcess> NativeProcess::start(const std::string& executable, int arena_fd)
{
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return std::nullopt;
    NativeProcess p;
    p.lifeline_ = pair[0];
    const Fd far(pair[1]);
    const Fd arena(::fcntl(arena_fd, F_DUPFD_CLOEXEC, above_targets));
    const Fd lifeline(::fcntl(far.fd, F_DUPFD_CLOEXEC, above_targets));
    if (arena.fd < 0 || lifeline.fd < 0) return std::nullopt;
    p.pid_ = Spawn(arena.fd, lifeline.fd).run(executable);
    if (p.pid_ < 0) return std::nullopt;
    p.pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, p.pid_, 0));
    if (p.pidfd_ < 0) { // it is our child and not reaped: the number is still its own
        ::kill(p.pid_, SIGKILL);
        ::waitpid(p.pid_, nullptr, 0);
        return std::nullopt;
    }
    return p;
}

NativeProcess::NativeProcess(NativeProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::exchange(other.pidfd_, -1)),
      lifeline_(std::exchange(other.lifeline_, -1))
{}

NativeProcess& NativeProcess::operator=(NativeProcess&& other) noexcept
{
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(lifeline_, other.lifeline_);
    return *this;
}

NativeProcess::~NativeProcess()
{
    kill();
    (void)ended();
    forget();
}

void NativeProcess::forget() noexcept
{
    if (pidfd_ >= 0) ::close(pidfd_);
    if (lifeline_ >= 0) ::close(lifeline_);
    pid_ = pidfd_ = lifeline_ = -1;
}

void NativeProcess::kill() noexcept
{
    if (pidfd_ >= 0) ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0);
}

std::optional<std::string> NativeProcess::wait(int flags) noexcept
{
    if (pidfd_ < 0) return std::nullopt;
    siginfo_t info{};
    int result = 0;
    do result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_), &info, WEXITED | flags);
    while (result != 0 && errno == EINTR);
    if (result == 0 && info.si_pid == 0) return std::nullopt; // still there
    forget();
    if (result != 0) return "gone: reaped by somebody else"; // SIGCHLD ignored, or a waitpid(-1)
    if (info.si_code == CLD_EXITED) return fmt::format("exit code {}", info.si_status);
    return fmt::format("killed by signal {}", info.si_status);
}

std::optional<std::string> NativeProcess::ended() noexcept { return wait(WNOHANG); }
void NativeProcess::join() noexcept { (void)wait(0); }

ProcessYard::~ProcessYard()
{
    for (auto& l : leaving_) l.process.kill();
    for (auto& l : leaving_) l.process.join();
}

void ProcessYard::kill(Leaving& l) noexcept
{
    if (l.killed) return;
    l.process.kill();
    l.killed = true;
    ++counters_.killed;
}

void ProcessYard::add(NativeProcess process, Nanos grace)
{
    constexpr std::size_t most_in_grace = 16;
    if (!process.running()) return;
    leaving_.push_back({std::move(process), clock_.now() + grace});
    if (leaving_.size() > most_in_grace) kill(leaving_[leaving_.size() - most_in_grace - 1]);
    next_look_ = Nanos{0};
    poll();
}

void ProcessYard::poll()
{
    constexpr Nanos pause = 1ms;
    if (leaving_.empty()) return; // nearly always: not even the clock is read
    const auto now = clock_.now();
    if (now < next_look_) return;
    next_look_ = now + pause;
    for (auto& l : leaving_)
        if (now >= l.until) kill(l);
    std::erase_if(leaving_, [this](Leaving& l) {
        if (!l.process.ended()) return false;
        if (!l.killed) ++counters_.left;
        return true;
    });
}

std::optional<Nanos> ProcessYard::due() const noexcept
{
    if (leaving_.empty()) return std::nullopt;
    return next_look_;
}

} // namespace card
