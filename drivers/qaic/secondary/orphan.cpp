// SPDX-License-Identifier: BSD-3-Clause
// A secondary process whose primary has died (reliability.md H14): its operations come back with E_REMOVED as
// soon as no card can write to them any more, and new ones are refused with it. The data path finds out by
// the states of its channels, as of any other fault.
#include "qaic/mldev_guard.hpp"
#include "qaic/secondary/attached.hpp"
#include <atomic>
#include <rte_alarm.h>
#include <rte_eal.h>

namespace qaic::secondary {
namespace {

constexpr std::uint64_t look_every_us = 100'000;

struct Watch {
    std::atomic<bool> on{false}, dead{false};
    std::chrono::steady_clock::time_point died;
};
constinit Watch watch;

/// EAL's interrupt thread.
void look(void*)
{
    const auto now = std::chrono::steady_clock::now();
    if (!watch.dead && rte_eal_primary_proc_alive(nullptr) == 0) {
        watch.died = now;
        watch.dead = true;
        log_line(LogLevel::ERR, "the primary process has died: operations come back with E_REMOVED");
    }
    const bool done = watch.dead && orphan_devices(now - watch.died);
    if (!done && watch.on && rte_eal_alarm_set(look_every_us, look, nullptr) != 0)
        log_line(LogLevel::ERR, "the primary process is not watched any more: no alarm");
}

} // namespace

bool primary_died() noexcept { return watch.dead; }

Result<void> watch_primary()
{
    if (watch.on.exchange(true)) return {};
    if (rte_eal_alarm_set(look_every_us, look, nullptr) == 0) return {};
    watch.on = false;
    return fail(Code::E_NOMEM, "rte_eal_alarm_set failed: the primary process cannot be watched");
}

void unwatch_primary() noexcept
{
    if (watch.on.exchange(false)) rte_eal_alarm_cancel(look, nullptr);
}

} // namespace qaic::secondary
