// SPDX-License-Identifier: BSD-3-Clause
// A queue pair with one started model (number 1; 32 bytes in, 16 out) on a null device, and operations for
// it.
#pragma once
#include "qaic/native_fast.hpp"
#include "support/fake_bus.hpp"
#include "support/null_dbc.hpp"
#include <gtest/gtest.h>

namespace qaic::test_dbc {

struct Rig {
    explicit Rig(std::uint16_t depth, std::uint64_t op_limit = ~0ull >> 1)
        : queue(std::move(
              *dbc::Queue::allocate(bus, {.elements_per_op = 2, .depth = depth, .op_limit = op_limit}))),
          card(*queue, bus.registers(0)), qp(0, depth, 4, nullptr, bus.reach().table())
    {
        EXPECT_TRUE(queue->bind(0, rte_rdtsc()));
        dbc::Transfer in{.bytes = 32}, out{.to_device = false, .bytes = 16};
        plan = *dbc::plan_slices(std::vector{in, out}, {.ddr = 0x1000}, 32, 16);
        port = {&queue->lane(0), plan.elements.data(), 2, 32, 16};
        lanes.lanes = {&port.lane, 1};
        qp.ports[1].store(&port);
        qp.lanes.store(&lanes);
        for (auto& op : ops) make_good(op);
    }
    struct Op {
        rte_ml_op op{};
        rte_ml_buff_seg in{}, out{};
        rte_ml_buff_seg* in_ptr = &in;
        rte_ml_buff_seg* out_ptr = &out;
    };
    static void make_good(Op& o)
    {
        o.in.iova_addr = 0x10000, o.in.length = 32, o.in.next = nullptr;
        o.out.iova_addr = 0x20000, o.out.length = 16, o.out.next = nullptr;
        o.op.model_id = 1, o.op.nb_batches = 1, o.op.input = &o.in_ptr, o.op.output = &o.out_ptr;
    }
    std::uint16_t enqueue(std::uint16_t n, std::uint16_t from = 0)
    {
        std::vector<rte_ml_op*> p;
        for (std::uint16_t i = 0; i < n; ++i) p.push_back(&ops.at(from + i).op);
        return fast::enqueue_burst(qp, p.data(), n);
    }
    std::vector<rte_ml_op*> dequeue(std::uint16_t n = 64)
    {
        std::vector<rte_ml_op*> p(n);
        p.resize(fast::dequeue_burst(qp, p.data(), n));
        return p;
    }
    test::FakeBus bus;
    std::unique_ptr<dbc::Queue> queue;
    test::NullDbc card;
    QueuePair qp;
    dbc::SlicePlan plan;
    ModelPort port;
    LaneList lanes;
    std::array<Op, 64> ops;
};

} // namespace qaic::test_dbc
