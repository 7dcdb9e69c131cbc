// SPDX-License-Identifier: BSD-3-Clause
#include "live_line.hpp"

#include "base/clock.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace qaic::perf {

using namespace std::chrono_literals;

LiveLine::LiveLine(const std::atomic<std::uint64_t>& completed) : completed_(completed)
{
    const auto body = [](void* self) -> std::uint32_t { return static_cast<LiveLine*>(self)->run(), 0; };
    running_ = rte_thread_create_control(&thread_, "qaic-perf-live", body, this) == 0; // else: no line
}

LiveLine::~LiveLine()
{
    if (!running_) return;
    {
        const std::scoped_lock lock(lock_);
        over_ = true;
    }
    ended_.notify_all();
    rte_thread_join(thread_, nullptr);
}

void LiveLine::run()
{
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    auto before = completed_.load(std::memory_order_relaxed);
    auto since = SteadyClock().now();
    const auto start = since;
    bool written = false;
    std::unique_lock lock(lock_);
    while (!ended_.wait_for(lock, 1s, [this] { return over_; })) {
        const auto count = completed_.load(std::memory_order_relaxed);
        const auto now = SteadyClock().now();
        const std::chrono::duration<double> step = now - since, all = now - start;
        fmt::print(stderr, "{}{:4.0f} s  {:>12.0f} inferences/s{}", terminal ? "\r" : "", all.count(),
                   static_cast<double>(count - before) / step.count(), terminal ? "  " : "\n");
        std::fflush(stderr);
        before = count, since = now;
        written = true;
    }
    if (terminal && written) std::fputs("\r\x1b[K", stderr);
}

} // namespace qaic::perf
