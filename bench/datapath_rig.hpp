// SPDX-License-Identifier: BSD-3-Clause
// What the data-path benchmarks run on: queue pairs whose DBC is answered by a null device on the same core.
// Two request elements an inference, as most networks have: one input, one output.
#pragma once
#include "qaic/native_fast.hpp"
#include "support/fake_bus.hpp"
#include "support/null_dbc.hpp"
#include <benchmark/benchmark.h>
#include <rte_cycles.h>
#include <rte_malloc.h>

namespace rig {
using namespace qaic;

/// mldev operations and the same as native work. In flight at most `count`.
struct Ops {
    explicit Ops(std::uint16_t count) : op(count), pointers(count), work(count)
    {
        for (std::uint16_t i = 0; i < count; ++i) {
            auto& o = op[i];
            o.seg[0].iova_addr = 0x100000 + i * 0x2000u, o.seg[1].iova_addr = 0x101000 + i * 0x2000u;
            for (int k = 0; k < 2; ++k) o.seg[k].length = 4096, o.ptr[k] = &o.seg[k];
            o.op.nb_batches = 1, o.op.input = &o.ptr[0], o.op.output = &o.ptr[1];
            pointers[i] = &o.op;
            work[i] = {&o.op, o.seg[0].iova_addr, o.seg[1].iova_addr};
        }
    }
    struct alignas(64) Op {
        rte_ml_op op{};
        rte_ml_buff_seg seg[2]{};
        rte_ml_buff_seg* ptr[2]{};
    };
    std::vector<Op> op;
    std::vector<rte_ml_op*> pointers;
    std::vector<dbc::Work> work;
};

/// One DBC with its null device, and the queue pairs that feed it.
struct Dbc {
    explicit Dbc(std::uint16_t depth, std::uint16_t lanes = 1, unsigned number = 0)
        : queue(std::move(*dbc::Queue::allocate(
              bus, {.elements_per_op = 2, .lanes = lanes, .depth = depth, .op_limit = ~0ull >> 1}))),
          card(*queue, bus.registers(number))
    {
        const dbc::Transfer in{.bytes = 4096}, out{.to_device = false, .bytes = 4096};
        plan = *dbc::plan_slices(std::vector{in, out}, {.ddr = 1 << 20}, 4096, 4096);
        if (!queue->bind(number, rte_rdtsc(), plan.elements)) std::abort();
        for (std::uint16_t i = 0; i < lanes; ++i) {
            auto& u = users.emplace_back(std::make_unique<User>(i, depth, bus.reach().table()));
            u->port = {&queue->lane(i), plan.elements.data(), 2, 4096, 4096};
            u->lanes.lanes = {&u->port.lane, 1};
            u->qp.ports[0].store(&u->port);
            u->qp.lanes.store(&u->lanes);
        }
    }
    struct User {
        User(std::uint16_t id, std::uint16_t depth, const ReachTable& card) : qp(id, depth, 1, nullptr, card)
        {}
        QueuePair qp;
        ModelPort port;
        LaneList lanes;
    };
    [[nodiscard]] QueuePair& qp(std::size_t i = 0) { return users[i]->qp; }

    test::FakeBus bus;
    std::unique_ptr<dbc::Queue> queue;
    test::NullDbc card;
    dbc::SlicePlan plan;
    std::vector<std::unique_ptr<User>> users;
};

/// Runs in -> device -> out bursts and reports TSC cycles an operation without the device's own. That is
/// found by running the same rounds again with the device's work done twice: nothing is timed inside a round.
template<class In, class Device, class Rehearse, class Out>
void measure(benchmark::State& state, std::uint32_t burst, In&& in, Device&& device, Rehearse&& rehearse,
             Out&& out)
{
    const auto start = rte_rdtsc();
    for (auto _ : state) {
        const auto sent = in();
        device();
        if (sent != burst || out() != burst) {
            state.SkipWithError("an operation was lost or refused");
            return;
        }
    }
    const auto total = static_cast<double>(rte_rdtsc() - start);
    const auto again = rte_rdtsc();
    for (benchmark::IterationCount i = 0; i < state.iterations(); ++i) {
        const auto sent = in();
        rehearse();
        device();
        if (sent != burst || out() != burst) return state.SkipWithError("an operation was lost or refused");
    }
    const auto device_total = std::max(0.0, static_cast<double>(rte_rdtsc() - again) - total);
    const auto ops = static_cast<double>(state.iterations()) * burst;
    state.counters["cycles_per_op"] = (total - device_total) / ops;
    state.counters["device_cycles"] = device_total / ops;
    state.SetItemsProcessed(static_cast<std::int64_t>(ops));
}

} // namespace rig
