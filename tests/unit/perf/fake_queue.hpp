// SPDX-License-Identifier: BSD-3-Clause
// A queue pair without a device: first in, first out, with its own time and its own ways to misbehave.
#pragma once
#include "closed_loop.hpp"

#include <deque>
#include <memory>
#include <vector>

namespace qaic::perf::test {

class FakeQueue {
  public:
    std::uint16_t capacity = 64;      ///< ops it holds
    std::uint16_t per_dequeue = 64;   ///< ops it gives back at most in one call
    std::uint64_t service_ticks = 50; ///< from enqueue to ready
    std::uint64_t fail_every = 0;     ///< every n-th op comes back with ERROR
    std::uint64_t swallow = 0;        ///< the n-th op (from 1) never comes back
    std::uint64_t twice = 0;          ///< the n-th op comes back twice
    rte_ml_op* stray = nullptr;       ///< given back by every dequeue call that has nothing else

    std::uint64_t ticks() { return now_ += 10; }
    std::uint16_t enqueue(rte_ml_op** ops, std::uint16_t n)
    {
        ++enqueue_calls;
        std::uint16_t taken = 0;
        while (taken < n && held_.size() < capacity) {
            auto* op = ops[taken++];
            op->status = ++seen_ % (fail_every == 0 ? ~0ULL : fail_every) == 0 ? RTE_ML_OP_STATUS_ERROR
                                                                               : RTE_ML_OP_STATUS_SUCCESS;
            if (seen_ == swallow) continue;
            held_.push_back({op, now_ + service_ticks});
            if (seen_ == twice) held_.push_back({op, now_ + service_ticks});
        }
        most_held = std::max(most_held, held_.size());
        return taken;
    }
    std::uint16_t dequeue(rte_ml_op** ops, std::uint16_t n)
    {
        std::uint16_t given = 0;
        while (given < std::min(n, per_dequeue) && !held_.empty() && held_.front().ready <= now_) {
            ops[given++] = held_.front().op;
            held_.pop_front();
        }
        if (given == 0 && stray != nullptr) ops[given++] = stray;
        return given;
    }

    std::size_t most_held = 0;
    std::uint64_t enqueue_calls = 0;

  private:
    struct Held {
        rte_ml_op* op;
        std::uint64_t ready;
    };
    std::deque<Held> held_;
    std::uint64_t now_ = 0, seen_ = 0;
};

/// Ops and their slots, in ordinary memory.
struct FakeOps {
    explicit FakeOps(std::size_t depth) : ops(std::make_unique<rte_ml_op[]>(depth))
    {
        for (std::size_t i = 0; i < depth; ++i) {
            ops[i].user_u64 = i;
            slots.push_back({&ops[i], 0, 0, false, false});
        }
    }
    std::unique_ptr<rte_ml_op[]> ops;
    std::vector<Slot> slots;
};

/// Counts how often each tensor went out and came back.
struct CountingObserver {
    explicit CountingObserver(std::size_t tensors) : sent(tensors), back(tensors) {}
    void submitting(Slot& slot) { ++sent[slot.tensor]; }
    void completed(Slot& slot) { ++back[slot.tensor]; }
    std::vector<std::uint64_t> sent, back;
};

} // namespace qaic::perf::test
