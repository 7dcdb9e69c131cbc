// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/power_wait.hpp"
#include <array>
#include <rte_cycles.h>

namespace qaic {
namespace {

/// -1 = do not go to sleep: the word is no poison any more.
int is_written(const std::uint64_t value, const std::uint64_t[RTE_POWER_MONITOR_OPAQUE_SZ])
{
    return rte_le_to_cpu_32(static_cast<std::uint32_t>(value)) != dbc::poison_word ? -1 : 0;
}

struct Words {
    std::array<rte_power_monitor_cond, aic100::dbc_count> conditions{};
    std::uint32_t count = 0;

    [[nodiscard]] bool any_written() const noexcept
    {
        for (std::uint32_t i = 0; i < count; ++i) {
            auto* const word =
                const_cast<std::uint32_t*>(static_cast<const volatile std::uint32_t*>(conditions[i].addr));
            if (rte_le_to_cpu_32(std::atomic_ref(*word).load(std::memory_order_acquire)) != dbc::poison_word)
                return true;
        }
        return false;
    }
};

/// The words that the next response of each channel will be written to; none when that is not all there is
/// to wait for.
Words words_of(QueuePair& pair) noexcept
{
    Words out;
    for (auto* const lane : pair.lanes.load(std::memory_order_acquire)->lanes) {
        auto& channel = *lane->channel;
        if (!channel.active() && lane->outstanding() == 0) continue;
        if (!channel.active() || channel.shared() || out.count == out.conditions.size()) return {};
        auto& c = out.conditions[out.count++];
        c.addr = &channel.responses[channel.head];
        c.size = sizeof(std::uint32_t);
        c.fn = &is_written;
    }
    return out;
}

} // namespace

bool wait_for_response(QueuePair& pair, const PowerFunctions& cpu, std::uint64_t cycles) noexcept
{
    const BurstScope scope(pair.dequeue_mark); // lanes and channels stay while we look at them
    const auto words = words_of(pair);
    if (words.count == 0) return false;
    const auto until = rte_rdtsc() + cycles;
    while (!words.any_written()) {
        if (rte_rdtsc() >= until) return false;
        int done = -1;
        if (words.count == 1 && cpu.monitor != nullptr)
            done = cpu.monitor(words.conditions.data(), until);
        else if (cpu.monitor_multi != nullptr)
            done = cpu.monitor_multi(words.conditions.data(), words.count, until);
        // Not a whole span in one go: a pause does not end with a write.
        if (done != 0 && cpu.pause != nullptr)
            done = cpu.pause(std::min(until, rte_rdtsc() + cycles / 16 + 1));
        if (done != 0) rte_pause();
    }
    return true;
}

} // namespace qaic
