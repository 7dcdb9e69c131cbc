// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/housekeeping.hpp"
#include <cstring>
#include <new>
#include <rte_alarm.h>

namespace qaic {
namespace {
std::uint64_t us(Nanos n) { return static_cast<std::uint64_t>(n / 1us); }
} // namespace

Result<void> Housekeeping::start()
{
    if (const int err = rte_eal_alarm_set(us(period_), &on_alarm, this); err != 0)
        return fail(Code::E_NOMEM, "{}: rte_eal_alarm_set: {}", device_.name(), std::strerror(-err));
    return {};
}

void Housekeeping::stop() noexcept
{
    stopping_ = true;
    device_.end_recovery();                // or we would wait for a boot
    rte_eal_alarm_cancel(&on_alarm, this); // waits for one that runs
    join();
}

void Housekeeping::join() noexcept
{
    if (!thread_) return;
    rte_thread_join(*thread_, nullptr);
    thread_.reset();
}

void Housekeeping::on_alarm(void* self)
{
    auto& h = *static_cast<Housekeeping*>(self);
    h.ticks_.fetch_add(1, std::memory_order_relaxed);
    try {
        if (h.device_.housekeep() && !h.recovering_) h.begin_recovery();
    } catch (const std::bad_alloc&) { // EAL's thread must not see it; the next tick tries again
        log_line(LogLevel::ERR, "housekeeping: out of heap memory");
    }
    if (!h.stopping_ && rte_eal_alarm_set(us(h.period_), &on_alarm, self) != 0)
        log(LogLevel::ERR, "{}: housekeeping ends: no alarm", h.device_.name());
}

void Housekeeping::begin_recovery()
{
    join(); // of the last one, which has ended
    recovering_ = true;
    rte_thread_t thread{};
    if (const int err = rte_thread_create_internal_control(&thread, "qaic-fix", &recover, this); err != 0) {
        recovering_ = false;
        log(LogLevel::ERR, "{}: no thread for recovery: {}", device_.name(), std::strerror(-err));
        return;
    }
    thread_ = thread;
}

std::uint32_t Housekeeping::recover(void* self)
{
    auto& h = *static_cast<Housekeeping*>(self);
    try {
        h.device_.recover();
    } catch (const std::bad_alloc&) {
        log_line(LogLevel::ERR, "recovery: out of heap memory");
    }
    h.recovering_ = false;
    return 0;
}

} // namespace qaic
