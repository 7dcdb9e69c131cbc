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

    /// How long wait_for_response() goes before each sleep of rte_pmd_qaic_wait(); the dequeue thread's.
    std::uint64_t light_cycles = 0; ///< of the TSC

  private:
    explicit CompletionWaiter(int epoll) : epoll_(epoll) {}
    [[nodiscard]] bool watch(unsigned dbc) noexcept;
    [[nodiscard]] static bool acknowledge(dbc::Channel& channel) noexcept;

    const int epoll_;
    std::array<int, aic100::dbc_count> fds_{}; ///< of the bus, by DBC
    std::uint32_t watched_ = 0;                ///< DBCs in the epoll set
};

} // namespace qaic
