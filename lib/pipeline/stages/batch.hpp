// SPDX-License-Identifier: BSD-3-Clause
// Stage `batch`: gathers the tensors of several items into one item with one tensor (batch_item.hpp). So many
// as the stage's `batch` in the file says; after batch_wait of the first one, or at the end of the stream,
// what is there, filled up with zeros, since a model's batch is a fixed number. Option: bytes (of one item's
// tensor). With replicas each gathers its own.
#pragma once
#include "pipeline/batch_item.hpp"
#include "pipeline/stage_of.hpp"
#include <vector>

namespace pipeline {

extern const qaic_pipe_stage stage_batch;

/// The stage's own class, for tests to hand it the time. One thread.
class Batch {
  public:
    static Result<std::unique_ptr<Batch>> make(const qaic_pipe_setup& setup);
    Batch() = default;
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch();

    [[nodiscard]] std::uint32_t room() const;
    void run(Burst b);
    std::uint16_t poll(Burst b);
    [[nodiscard]] std::uint32_t ready() const { return static_cast<std::uint32_t>(waiting_.size()) - count_; }
    [[nodiscard]] std::uint32_t held() const { return count_; }
    void drain() { draining_ = true; }

    void run_at(Burst b, std::uint64_t tsc);
    std::uint16_t poll_at(Burst b, std::uint64_t tsc);

  private:
    rte_mbuf* gather(std::uint32_t members);
    [[nodiscard]] rte_mbuf*& at(std::uint32_t i) { return waiting_[(first_ + i) % waiting_.size()]; }

    rte_mempool* pool_ = nullptr;
    std::uint32_t bytes_ = 0, size_ = 0;
    std::uint64_t wait_ = 0;
    std::vector<rte_mbuf*> waiting_;  ///< a ring of two batches: one can come while the last is still here
    std::vector<std::uint64_t> came_; ///< TSC, beside waiting_
    std::uint32_t first_ = 0, count_ = 0;
    bool draining_ = false;
};

} // namespace pipeline
