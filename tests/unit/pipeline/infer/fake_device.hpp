// SPDX-License-Identifier: BSD-3-Clause
// ML devices that do what a test says: echo their input, plus the number of the model's loading in the first
// byte; refuse, fail, keep and turn round operations.
#pragma once
#include "dpdk_compat/dpdk_sdk_compat.h"
#include <atomic>
#include <cstring>
#include <deque>
#include <mutex>
#include <vector>

namespace test {

struct FakeDevice {
    std::atomic<bool> refuses{false};          ///< enqueue takes nothing
    std::atomic<std::uint32_t> fails{0};       ///< so many operations come back with ERROR
    std::atomic<bool> keeps{false};            ///< dequeue gives nothing
    std::atomic<bool> turns_round{false};      ///< the last comes back first
    std::atomic<std::uint32_t> seen{0};        ///< operations taken
    std::atomic<std::uint32_t> wrong_model{0}; ///< operations naming a model that is not started
    std::atomic<std::uint32_t> loads{0}, unloads{0};
    std::atomic<int> refuse_load{0};
    std::vector<std::deque<rte_ml_op*>> pairs;
    std::mutex lock; ///< the test's lcores and its main thread meet here
    std::vector<std::uint8_t> started;

    static FakeDevice& of(rte_ml_dev* d) { return **static_cast<FakeDevice**>(d->data->dev_private); }
    void reset()
    {
        refuses = keeps = turns_round = false;
        fails = seen = wrong_model = loads = unloads = 0;
        refuse_load = 0;
        pairs.clear(), started.clear();
    }
};
inline constexpr std::uint32_t fake_bytes = 4096; ///< as echo_4k.qpc

/// Ids 0 and 1.
FakeDevice& fake(std::size_t n);
void make_fakes();

} // namespace test
