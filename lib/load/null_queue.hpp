// SPDX-License-Identifier: BSD-3-Clause
// A queue pair that answers at once, in order: what a load generator costs without any device.
#pragma once
#include "load/lane.hpp"
#include <array>
#include <memory>

namespace qaic::load {

struct NullOp {
    std::uint64_t user_u64 = 0;
    std::uint32_t status = 0;
};

/// `Clock::ticks()` gives the time.
template<class Clock>
struct NullQueue {
    using Op = NullOp;
    static constexpr std::uint32_t size = 1024;
    std::array<NullOp*, size> held{};
    std::uint32_t in = 0, out = 0;

    static bool succeeded(const NullOp& op) { return op.status == 0; }
    std::uint64_t ticks() const { return Clock::ticks(); }
    std::uint16_t enqueue(NullOp** ops, std::uint16_t n)
    {
        const auto room = static_cast<std::uint16_t>(std::min<std::uint32_t>(n, size - (in - out)));
        for (std::uint16_t i = 0; i < room; ++i) held[in++ % size] = ops[i];
        return room;
    }
    std::uint16_t dequeue(NullOp** ops, std::uint16_t n)
    {
        const auto have = static_cast<std::uint16_t>(std::min<std::uint32_t>(n, in - out));
        for (std::uint16_t i = 0; i < have; ++i) ops[i] = held[out++ % size];
        return have;
    }
};

/// Nothing happens around an operation.
struct NullObserver {
    void submitting(SlotOf<NullOp>&) {}
    void completed(SlotOf<NullOp>&) {}
};

/// One lane over a null queue, with 256 operations.
template<class Clock>
struct NullRig {
    using Queue = NullQueue<Clock>;
    explicit NullRig(std::uint16_t burst) : lane(queue, slots, observer, *stats, burst) {}

    Queue queue;
    std::vector<NullOp> ops = std::vector<NullOp>(256);
    std::vector<SlotOf<NullOp>> slots = slots_of(ops);
    NullObserver observer;
    std::unique_ptr<LaneStats> stats = std::make_unique<LaneStats>();
    LoopStats loop;
    Lane<Queue, NullObserver> lane;

  private:
    static std::vector<SlotOf<NullOp>> slots_of(std::vector<NullOp>& ops)
    {
        std::vector<SlotOf<NullOp>> out;
        for (std::size_t i = 0; i < ops.size(); ++i) ops[i].user_u64 = i, out.push_back({&ops[i]});
        return out;
    }
};

} // namespace qaic::load
