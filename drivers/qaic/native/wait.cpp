// SPDX-License-Identifier: BSD-3-Clause
// rte_pmd_qaic_wait.h: a dequeue thread that sleeps. docs/adr/0008
#include "qaic/native/native.hpp"
#include "qaic/power_wait.hpp"
#include "qaic/rte_pmd_qaic_wait.h"
#include <rte_cpuflags.h>
#include <rte_cycles.h>

namespace qaic::native {
namespace {

/// What the dequeue thread needs of a queue pair; null members when it is not set up or was never asked for.
struct Place {
    CompletionWaiter* waiter = nullptr;
    QueuePair* pair = nullptr;
};

/// No lock: the rules of rte_mldev keep the device and its queue pairs while one thread dequeues.
Place place_of(std::int16_t dev_id, std::uint16_t qp_id) noexcept
{
    if (rte_ml_dev_is_valid_dev(dev_id) == 0 || qp_id >= DeviceLimits::queue_pairs) return {};
    const auto* const dev = rte_ml_dev_pmd_get_dev(dev_id);
    if (dev->dev_ops != &ml_ops || dev->data->queue_pairs == nullptr || qp_id >= dev->data->nb_queue_pairs)
        return {};
    return {ml_of(dev).waiters[qp_id].get(), static_cast<QueuePair*>(dev->data->queue_pairs[qp_id])};
}

constexpr std::uint32_t light_us_default = 50, light_us_most = 1000;

std::uint64_t cycles_of(std::uint32_t us) noexcept { return rte_get_tsc_hz() / 1'000'000 * us; }

PowerFunctions look_at_cpu() noexcept
{
    rte_cpu_intrinsics has{};
    rte_cpu_get_intrinsics_support(&has);
    PowerFunctions f;
    if (has.power_monitor != 0) f.monitor = &rte_power_monitor;
    if (has.power_monitor_multi != 0) f.monitor_multi = &rte_power_monitor_multi;
    if (has.power_pause != 0) f.pause = &rte_power_pause;
    return f;
}
const PowerFunctions& cpu() noexcept
{
    static const PowerFunctions functions = look_at_cpu();
    return functions;
}

} // namespace

QAIC_PUBLIC int rte_pmd_qaic_wait_light_set(std::int16_t dev_id, std::uint16_t qp_id, std::uint32_t light_us)
{
    int kind = 0;
    const int result = guarded([&]() -> Result<void> {
        QAIC_TRY(const auto v, visit(dev_id));
        const auto at = place_of(dev_id, qp_id);
        if (at.waiter == nullptr)
            return fail(Code::E_INVAL, "{}: queue pair {}: ask for its descriptor first", v.device().name(),
                        qp_id);
        if (light_us > light_us_most)
            return fail(Code::E_INVAL, "{}: queue pair {}: light sleep got={} us limit={}", v.device().name(),
                        qp_id, light_us, light_us_most);
        at.waiter->light_cycles = cycles_of(light_us);
        kind = cpu().wakes() ? 2 : cpu().pause != nullptr ? 1 : 0;
        return {};
    });
    return result != 0 ? result : kind;
}

QAIC_PUBLIC int rte_pmd_qaic_wait_fd_get(std::int16_t dev_id, std::uint16_t qp_id)
{
    int fd = -1;
    const int result = guarded([&]() -> Result<void> {
        QAIC_TRY(const auto v, visit(dev_id));
        if (place_of(dev_id, qp_id).pair == nullptr)
            return fail(Code::E_INVAL, "{}: queue pair {} is not set up", v.device().name(), qp_id);
        auto& waiter = v.ml().waiters[qp_id];
        if (!waiter) {
            QAIC_TRY(waiter, CompletionWaiter::make(v.device().bus()));
            if (cpu().wakes()) waiter->light_cycles = cycles_of(light_us_default);
        }
        fd = waiter->fd();
        return {};
    });
    return result != 0 ? result : fd;
}

QAIC_PUBLIC int rte_pmd_qaic_wait_arm(std::int16_t dev_id, std::uint16_t qp_id)
{
    const auto at = place_of(dev_id, qp_id);
    return at.waiter != nullptr && at.pair != nullptr && at.waiter->arm(*at.pair) ? 1 : 0;
}

QAIC_PUBLIC int rte_pmd_qaic_wait(std::int16_t dev_id, std::uint16_t qp_id, std::uint32_t timeout_us)
{
    const auto at = place_of(dev_id, qp_id);
    if (at.waiter == nullptr || at.pair == nullptr) return 0;
    const auto light = std::min(at.waiter->light_cycles, cycles_of(timeout_us));
    if (light != 0 && wait_for_response(*at.pair, cpu(), light)) return 1;
    return at.waiter->sleep(std::chrono::microseconds(timeout_us)) ? 1 : 0;
}

} // namespace qaic::native
