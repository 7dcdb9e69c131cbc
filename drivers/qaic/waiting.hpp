// SPDX-License-Identifier: BSD-3-Clause
// How a dequeue thread sleeps until its queue pair has something to hand back: arm, poll once more, sleep
// (docs/adr/0008). Costs the data path nothing while nobody sleeps. Deadlines, faults and a lost MSI have no
// interrupt: a sleep is never longer than the caller's limit, and the poll after it finds them.
//
//     while (rte_ml_dequeue_burst(...) == 0)
//         if (waiter.arm(pair) && rte_ml_dequeue_burst(...) == 0) waiter.sleep(10ms);
#pragma once
#include "qaic/queue_pair.hpp"
#include <array>
#include <chrono>

namespace qaic {

class CompletionWaiter {
  public:
    /// Control thread. The bus must outlive it. E_UNSUPP where the bus has no interrupts.
    [[nodiscard]] static Result<std::unique_ptr<CompletionWaiter>> make(Bus& bus);
    ~CompletionWaiter();
    CompletionWaiter(const CompletionWaiter&) = delete;
    CompletionWaiter& operator=(const CompletionWaiter&) = delete;

    /// Readable (edge-triggered) when a channel of the queue pair that was armed last was announced since the
    /// last look. May be put into an epoll set of the application instead of using sleep().
    [[nodiscard]] int fd() const noexcept { return epoll_; }
    /// Tells the card that all responses seen were taken, so that the next one raises an MSI: two register
    /// accesses a channel. False: there is something already, or a channel is out of order; poll. True: poll
    /// once more, then sleep. Dequeue thread of `pair` only, between its bursts; always the same pair.
    [[nodiscard]] bool arm(QueuePair& pair) noexcept;
    /// Until an announcement, or `at_most`. True when there was one. Any time between two bursts.
    bool sleep(Nanos at_most) noexcept;
    /// Wake-ups after which there was nothing to dequeue, and sleeps that were made longer because of them.
    /// Of the dequeue thread.
    [[nodiscard]] std::uint64_t wakeups_for_nothing() const noexcept { return for_nothing_; }
    [[nodiscard]] std::uint64_t moderated() const noexcept { return moderated_; }

    /// How long wait_for_response() goes before each sleep of rte_pmd_qaic_wait(); the dequeue thread's.
    std::uint64_t light_cycles = 0; ///< of the TSC

  private:
    explicit CompletionWaiter(int epoll) : epoll_(epoll) {}
    [[nodiscard]] bool watch(unsigned dbc) noexcept;
    [[nodiscard]] static bool acknowledge(dbc::Channel& channel) noexcept;
    void judge_wakeup(const QueuePair& pair) noexcept;
    [[nodiscard]] bool storm() const noexcept { return in_window_ >= free_wakeups; }

    /// A storm (reliability.md D50) is so many wake-ups for nothing within a window. For the rest of it, each
    /// sleep begins with a pause in which no news is listened to: never 1000 wake-ups a second.
    static constexpr unsigned free_wakeups = 32;
    static constexpr Nanos window{100'000'000}, pause{2'000'000};

    const int epoll_;
    std::array<int, aic100::dbc_count> fds_{}; ///< of the bus, by DBC
    std::uint32_t watched_ = 0;                ///< DBCs in the epoll set
    bool woken_ = false;                       ///< by news, and not judged yet
    std::uint64_t dequeued_ = 0;               ///< by the queue pair, when it was armed last
    std::chrono::steady_clock::time_point window_begin_{};
    unsigned in_window_ = 0; ///< wake-ups for nothing
    std::uint64_t for_nothing_ = 0, moderated_ = 0;
};

} // namespace qaic
