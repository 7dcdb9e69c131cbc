// SPDX-License-Identifier: BSD-3-Clause
// The process a host-native program runs in. It has two descriptors of the card: the memory file, and the far
// end of a socket whose near end dies with the card, whereupon the system kills the process. Nothing here
// waits, but for the destructor of ProcessYard.
#pragma once
#include "base/clock.hpp"
#include <deque>
#include <optional>
#include <string>

namespace card {
using namespace qaic;

/// Where the executable qaic-nsp-host is: $QAIC_NSP_HOST, else beside this code, else where it was built or
/// installed.
[[nodiscard]] std::string native_host_path();

class NativeProcess {
  public:
    NativeProcess() = default;
    /// Nothing when it cannot be started.
    [[nodiscard]] static std::optional<NativeProcess> start(const std::string& executable, int arena_fd);
    NativeProcess(NativeProcess&& other) noexcept;
    NativeProcess& operator=(NativeProcess&& other) noexcept;
    /// Kills it, and takes its end if it is there by then; see ProcessYard for certainty.
    ~NativeProcess();

    /// How it ended, once it has: "killed by signal 9", "exit code 1".
    [[nodiscard]] std::optional<std::string> ended() noexcept;
    void kill() noexcept;
    /// Waits for the end of a process that was killed.
    void join() noexcept;
    [[nodiscard]] bool running() const noexcept { return pidfd_ >= 0; }
    [[nodiscard]] int pid() const noexcept { return pid_; }

  private:
    [[nodiscard]] std::optional<std::string> wait(int flags) noexcept;
    void forget() noexcept;
    int pid_ = -1, pidfd_ = -1, lifeline_ = -1;
};

/// Processes that have been told to leave: given a moment, then killed, then reaped.
class ProcessYard {
  public:
    explicit ProcessYard(const Clock& clock) : clock_(clock) {}
    ~ProcessYard(); ///< kills and joins what is left
    ProcessYard(const ProcessYard&) = delete;
    ProcessYard& operator=(const ProcessYard&) = delete;

    /// `grace`: how long it may take to leave by itself.
    void add(NativeProcess process, Nanos grace);
    void poll();
    [[nodiscard]] bool empty() const noexcept { return leaving_.empty(); }
    [[nodiscard]] std::optional<Nanos> due() const noexcept;

    struct Counters {
        std::uint64_t left = 0, killed = 0;
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

  private:
    struct Leaving {
        NativeProcess process;
        Nanos until{0};
        bool killed = false;
    };
    void kill(Leaving& l) noexcept;
    const Clock& clock_;
    std::deque<Leaving> leaving_;
    Nanos next_look_{0};
    Counters counters_;
};

} // namespace card
