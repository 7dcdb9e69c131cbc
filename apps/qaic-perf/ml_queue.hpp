// SPDX-License-Identifier: BSD-3-Clause
// Hot: one queue pair of one device as the loops of lib/load see it.
#pragma once
#include <cstdint>
#include <rte_cycles.h>
#include <rte_mldev.h>

namespace qaic::perf {

struct MlQueue {
    using Op = rte_ml_op;
    static bool succeeded(const rte_ml_op& op) { return op.status == RTE_ML_OP_STATUS_SUCCESS; }
    std::int16_t device = 0;
    std::uint16_t pair = 0;
    std::uint16_t enqueue(rte_ml_op** ops, std::uint16_t n) const
    {
        return rte_ml_enqueue_burst(device, pair, ops, n);
    }
    std::uint16_t dequeue(rte_ml_op** ops, std::uint16_t n) const
    {
        return rte_ml_dequeue_burst(device, pair, ops, n);
    }
    std::uint64_t ticks() const { return rte_rdtsc(); }
};

} // namespace qaic::perf
