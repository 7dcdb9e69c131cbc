// SPDX-License-Identifier: BSD-3-Clause
// The ops of one queue pair: allocated once, bound to their output buffers, reused for the whole run.
#pragma once
#include "dma_memory.hpp"
#include "load/lane.hpp"
#include "model_facts.hpp"

#include <memory>
#include <string>

struct rte_mempool;

namespace qaic::perf {

using Slot = load::SlotOf<rte_ml_op>;

class OpSet {
  public:
    /// `depth` ops for a model; op i writes to output set i. E_NOMEM when the pool cannot be had.
    static Result<OpSet> make(std::uint32_t depth, const ModelFacts& model, BufferSets& outputs, int numa);
    [[nodiscard]] std::span<Slot> slots() { return slots_; }

  private:
    struct FreePool {
        void operator()(rte_mempool* p) const noexcept;
    };
    std::unique_ptr<rte_mempool, FreePool> pool_;
    std::vector<Slot> slots_;
};

/// The text of a failed op, from rte_ml_op_error_get().
std::string op_error_text(std::int16_t device, rte_ml_op* op);

} // namespace qaic::perf
