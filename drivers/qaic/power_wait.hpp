// SPDX-License-Identifier: BSD-3-Clause
// The step before a dequeue thread sleeps on its eventfd: a short time in a light sleep of the CPU, on the
// very words the card writes its next responses to, where the CPU can (rte_power_monitor). docs/adr/0008
#pragma once
#include "qaic/queue_pair.hpp"
#include <rte_power_intrinsics.h>

namespace qaic {

/// What the CPU has, as EAL says; nullptr = it has not. The core links no EAL: the plugin fills it in
/// (native/wait.cpp), tests put something else there.
struct PowerFunctions {
    int (*monitor)(const rte_power_monitor_cond* one, std::uint64_t until) = nullptr;
    int (*monitor_multi)(const rte_power_monitor_cond some[], std::uint32_t n, std::uint64_t until) = nullptr;
    int (*pause)(std::uint64_t until) = nullptr;

    /// Has it a light sleep from which a write of the card wakes?
    [[nodiscard]] bool wakes() const noexcept { return monitor != nullptr; }
};

/// Waits until a response is there for `pair`, or `cycles` of the TSC are over. True: poll. False at once
/// while a channel of it is shared (its next response may be another queue pair's) or out of use, and when
/// there is no channel. Where the CPU cannot monitor them all it pauses in between looking. Dequeue thread
/// of `pair` only, between two bursts.
[[nodiscard]] bool wait_for_response(QueuePair& pair, const PowerFunctions& cpu,
                                     std::uint64_t cycles) noexcept;

} // namespace qaic
