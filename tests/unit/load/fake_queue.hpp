// SPDX-License-Identifier: BSD-3-Clause
// A queue pair without a device: with its own time, a known way to serve, and its own ways to misbehave.
#pragma once
#include "load/lane.hpp"
#include <deque>
#include <memory>
#include <vector>

namespace qaic::load::test {

struct FakeOp {
    std::uint64_t user_u64 = 0;
    bool ok = false;
};
using FakeSlot = SlotOf<FakeOp>;

/// What several queues may share.
struct FakeTime {
    std::uint64_t now = 0;
    std::uint64_t step = 10; ///< a reading moves it so far
};

class FakeQueue {
  public:
    using Op = FakeOp;
    std::uint16_t capacity = 64;      ///< ops it holds
    std::uint16_t per_dequeue = 64;   ///< ops it gives back at most in one call
    std::uint64_t service_ticks = 50; ///< from enqueue, or from the server's being free, to ready
    std::uint64_t enqueue_ticks = 0;  ///< a call that takes something lasts so long more: a dear doorbell
    std::uint64_t dequeue_ticks = 0;  ///< likewise one that finds something: a register is read
    bool one_server = false;          ///< ops are served one after the other; false: all at once
    std::uint64_t stalls_at = ~0ull;  ///< a tick from which nothing is served ...
    std::uint64_t stalls_for = 0;     ///< ... for so long
    std::uint64_t fail_every = 0;     ///< every n-th op comes back with an error
    std::uint64_t swallow = 0;        ///< the n-th op (from 1) never comes back
    std::uint64_t twice = 0;          ///< the n-th op comes back twice
    FakeOp* stray = nullptr;          ///< given back by every dequeue call that has nothing else

    FakeQueue() = default;
    explicit FakeQueue(FakeTime& time) : time_(&time) {}

    static bool succeeded(const FakeOp& op) { return op.ok; }
    std::uint64_t ticks() { return time_->now += time_->step; }
    std::uint16_t enqueue(FakeOp** ops, std::uint16_t n)
    {
        ++enqueue_calls;
        std::uint16_t taken = 0;
        while (taken < n && held_.size() < capacity) {
            auto* op = ops[taken++];
            op->ok = ++seen % (fail_every == 0 ? ~0ULL : fail_every) != 0;
            if (seen == swallow) continue;
            const auto ready = serve();
            held_.push_back({op, ready});
            if (seen == twice) held_.push_back({op, ready});
        }
        most_held = std::max(most_held, held_.size());
        if (taken != 0) time_->now += enqueue_ticks;
        return taken;
    }
    std::uint16_t dequeue(FakeOp** ops, std::uint16_t n)
    {
        std::uint16_t given = 0;
        while (given < std::min(n, per_dequeue) && !held_.empty() && held_.front().ready <= time_->now) {
            ops[given++] = held_.front().op;
            held_.pop_front();
        }
        if (given != 0) time_->now += dequeue_ticks;
        if (given == 0 && stray != nullptr) ops[given++] = stray;
        return given;
    }

    std::size_t most_held = 0;
    std::uint64_t enqueue_calls = 0, seen = 0;
    std::uint64_t served_ticks = 0; ///< of one server: how long it was at work

  private:
    struct Held {
        FakeOp* op;
        std::uint64_t ready;
    };

    std::uint64_t serve()
    {
        auto from = one_server ? std::max(free_at_, time_->now) : time_->now;
        if (from + service_ticks > stalls_at && from < stalls_at + stalls_for)
            from = stalls_at + stalls_for; // what the stall meets is served after it
        free_at_ = from + service_ticks;
        served_ticks += service_ticks;
        return free_at_;
    }

    std::deque<Held> held_;
    std::uint64_t free_at_ = 0;
    FakeTime own_;
    FakeTime* time_ = &own_;
};

/// Ops and their slots, in ordinary memory.
struct FakeOps {
    explicit FakeOps(std::size_t depth) : ops(std::make_unique<FakeOp[]>(depth))
    {
        for (std::size_t i = 0; i < depth; ++i) {
            ops[i].user_u64 = i;
            slots.push_back({&ops[i]});
        }
    }
    std::unique_ptr<FakeOp[]> ops;
    std::vector<FakeSlot> slots;
};

/// Counts how often each tensor went out and came back.
struct CountingObserver {
    explicit CountingObserver(std::size_t tensors = 1) : sent(tensors), back(tensors) {}
    void submitting(FakeSlot& slot) { ++sent[slot.tensor]; }
    void completed(FakeSlot& slot) { ++back[slot.tensor]; }
    std::vector<std::uint64_t> sent, back;
};

using FakeLane = Lane<FakeQueue, CountingObserver>;

/// Lanes over one time.
struct FakeLanes {
    FakeLanes(std::size_t count, std::size_t depth, std::uint16_t burst)
    {
        queues.assign(count, FakeQueue(time));
        stats.resize(count);
        for (std::size_t i = 0; i < count; ++i) ops.emplace_back(depth);
        for (std::size_t i = 0; i < count; ++i)
            lanes.emplace_back(queues[i], ops[i].slots, observer, stats[i], burst);
    }
    FakeTime time;
    std::vector<FakeQueue> queues;
    std::vector<FakeOps> ops;
    std::vector<LaneStats> stats;
    CountingObserver observer;
    std::vector<FakeLane> lanes;
};

} // namespace qaic::load::test
