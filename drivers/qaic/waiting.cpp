// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/waiting.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <rte_atomic.h>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>

namespace qaic {

Result<std::unique_ptr<CompletionWaiter>> CompletionWaiter::make(Bus& bus)
{
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) return fail(Code::E_NOMEM, "{}: epoll_create1: {}", bus.name(), std::strerror(errno));
    std::unique_ptr<CompletionWaiter> waiter(new CompletionWaiter(epoll));
    for (unsigned dbc = 0; dbc < waiter->fds_.size(); ++dbc) {
        QAIC_TRY(waiter->fds_[dbc], bus.completion_fd(dbc));
    }
    return waiter;
}

CompletionWaiter::~CompletionWaiter() { ::close(epoll_); }

/// Edge-triggered: every epoll set that watches an eventfd is told of each write to it, so queue pairs that
/// share a channel do not take one another's news away, and nobody has to read the counter.
bool CompletionWaiter::watch(unsigned dbc) noexcept
{
    const auto bit = 1u << dbc;
    if ((watched_ & bit) != 0) return true;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    const int result = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fds_[dbc], &event);
    if (result != 0 && errno != EEXIST) return false; // EEXIST: one message for several DBCs
    watched_ |= bit;
    return true;
}

/// The card raises an MSI when the FIFO turns from empty to non-empty, and it is empty only when RSPHP has
/// been told. After that write RSPTP is read: either it shows what came before, or the card saw the FIFO
/// empty and will announce what comes (aic100-device.md 5.4).
bool CompletionWaiter::acknowledge(dbc::Channel& c) noexcept
{
    constexpr unsigned patience = 1u << 16; // pauses; another queue pair drains in the meantime
    if (c.shared()) {
        unsigned tries = 0;
        while (c.draining.exchange(true, std::memory_order_acquire)) {
            if (++tries == patience) return false;
            rte_pause();
        }
    }
    const auto head = c.head;
    if (c.unacknowledged != 0) {
        dbc::post_register(c.reg_rsphp, head);
        c.unacknowledged = 0;
    }
    rte_mb(); // the write before the read, also where registers are memory
    const bool empty = dbc::read_register(c.reg_rsptp) == head;
    if (c.shared()) c.draining.store(false, std::memory_order_release);
    return empty;
}

void CompletionWaiter::judge_wakeup(const QueuePair& pair) noexcept
{
    const auto dequeued = pair.dequeued.load(std::memory_order_relaxed);
    const bool nothing = woken_ && dequeued == dequeued_;
    woken_ = false, dequeued_ = dequeued;
    if (!nothing && in_window_ == 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - window_begin_ > window) window_begin_ = now, in_window_ = 0;
    if (nothing) ++in_window_, ++for_nothing_;
}

bool CompletionWaiter::arm(QueuePair& pair) noexcept
{
    judge_wakeup(pair);
    const BurstScope scope(pair.dequeue_mark); // lanes and channels stay while we look at them
    bool quiet = pair.rejects.available(1) == 0;
    for (auto* const lane : pair.lanes.load(std::memory_order_acquire)->lanes) {
        auto& channel = *lane->channel;
        if (!channel.active()) {
            // No MSI will tell of its fence. Operations are handed back by polling, as soon as it is
            // confirmed.
            quiet = quiet && lane->outstanding() == 0;
            continue;
        }
        quiet = watch(channel.dbc) && quiet;
        quiet = acknowledge(channel) && quiet;
    }
    return quiet;
}

bool CompletionWaiter::sleep(Nanos at_most) noexcept
{
    std::array<epoll_event, aic100::dbc_count> events{};
    if (storm()) { // what comes meanwhile is kept by the epoll set
        const auto first = std::min(at_most, pause);
        std::this_thread::sleep_for(first);
        at_most -= first;
        ++moderated_;
    }
    const auto span = std::max<Nanos>(at_most, Nanos{0}).count();
    const timespec limit{span / 1'000'000'000, span % 1'000'000'000};
    const auto most = static_cast<int>(events.size());
    int n = ::epoll_pwait2(epoll_, events.data(), most, &limit, nullptr);
    if (n < 0 && errno == ENOSYS) // Linux before 5.11: whole milliseconds
        n = ::epoll_wait(epoll_, events.data(), most,
                         static_cast<int>(std::min<Nanos::rep>(span / 1'000'000 + 1, 60'000)));
    woken_ = n > 0;
    return woken_;
}

} // namespace qaic
