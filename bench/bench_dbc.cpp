// SPDX-License-Identifier: BSD-3-Clause
// Cost of one operation in the driver: writing its request elements, and enqueue + dequeue with a device
// behind the DBC that answers at once and costs next to nothing. The device is polled inline, between the
// two, on the same core.
//
// Counters: cycles_per_op is TSC cycles inside enqueue_burst and dequeue_burst alone; timer_cycles is what
// reading the TSC twice a burst adds to it (already subtracted); device_cycles is the null device's own cost
// an operation.
#include "qaic/mldev_fast.hpp"
#include "support/fake_bus.hpp"
#include "support/null_dbc.hpp"
#include <benchmark/benchmark.h>
#include <rte_cycles.h>

namespace {
using namespace qaic;

constexpr std::uint16_t depth = 256;

/// One queue pair on one DBC; a model of one input and one output, as most networks have.
struct Rig {
    Rig()
        : queue(std::move(
              *dbc::Queue::allocate(bus, {.elements_per_op = 2, .depth = depth, .op_limit = ~0ull >> 1}))),
          card(*queue, bus.registers(0)), qp(0, depth, 1, nullptr)
    {
        if (!queue->bind(0, rte_rdtsc())) std::abort();
        const dbc::Transfer in{.bytes = 4096}, out{.to_device = false, .bytes = 4096};
        plan = *dbc::plan_slices(std::vector{in, out}, {.ddr = 1 << 20}, 4096, 4096);
        port = {&queue->lane(0), plan.elements.data(), 2, 4096, 4096};
        lanes.lanes = {&queue->lane(0)};
        qp.ports[0].store(&port);
        qp.lanes.store(&lanes);
        for (std::uint16_t i = 0; i < depth; ++i) {
            auto& o = ops[i];
            o.seg[0].iova_addr = 0x100000 + i * 0x2000u, o.seg[1].iova_addr = 0x101000 + i * 0x2000u;
            for (int k = 0; k < 2; ++k) o.seg[k].length = 4096, o.ptr[k] = &o.seg[k];
            o.op.nb_batches = 1, o.op.input = &o.ptr[0], o.op.output = &o.ptr[1];
            pointers[i] = &o.op;
        }
    }
    struct Op {
        rte_ml_op op{};
        rte_ml_buff_seg seg[2]{};
        rte_ml_buff_seg* ptr[2]{};
    };
    test::FakeBus bus;
    std::unique_ptr<dbc::Queue> queue;
    test::NullDbc card;
    QueuePair qp;
    dbc::SlicePlan plan;
    ModelPort port;
    LaneList lanes;
    std::array<Op, depth> ops;
    std::array<rte_ml_op*, depth> pointers{};
};

double timer_cycles()
{
    std::uint64_t best = ~0ull;
    for (int i = 0; i < 10000; ++i) {
        const auto a = rte_rdtsc();
        best = std::min(best, rte_rdtsc() - a);
    }
    return static_cast<double>(best);
}

void bm_fill(benchmark::State& state)
{
    Rig rig;
    std::uint32_t at = 0;
    const auto start = rte_rdtsc();
    for (auto _ : state) {
        fast::fill_elements(
            rig.port, rig.ops[at % depth].op, static_cast<std::uint16_t>(at), [&](std::uint32_t e) -> auto& {
                return rig.queue->channel().requests[(at * 2 + e) & rig.queue->channel().mask];
            });
        ++at;
        benchmark::ClobberMemory();
    }
    state.counters["cycles_per_op"] =
        static_cast<double>(rte_rdtsc() - start) / static_cast<double>(state.iterations());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bm_fill);

void bm_enqueue_dequeue(benchmark::State& state)
{
    Rig rig;
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    std::array<rte_ml_op*, depth> done{};
    std::uint64_t enqueue = 0, dequeue = 0, device = 0, ops = 0;
    std::uint16_t from = 0;
    for (auto _ : state) {
        const auto t0 = rte_rdtsc();
        const auto sent = fast::enqueue_burst(rig.qp, &rig.pointers[from], burst);
        const auto t1 = rte_rdtsc();
        rig.card.poll();
        const auto t2 = rte_rdtsc();
        const auto got = fast::dequeue_burst(rig.qp, done.data(), burst);
        const auto t3 = rte_rdtsc();
        if (sent != burst || got != burst) {
            state.SkipWithError("an operation was lost or refused");
            break;
        }
        enqueue += t1 - t0, device += t2 - t1, dequeue += t3 - t2, ops += burst;
        from = static_cast<std::uint16_t>((from + burst) % depth);
    }
    static const double timer = timer_cycles();
    const auto per_op = [&](std::uint64_t cycles, double reads) {
        return (static_cast<double>(cycles) - reads * timer * static_cast<double>(state.iterations())) /
               static_cast<double>(ops);
    };
    state.counters["enqueue_cycles"] = per_op(enqueue, 1);
    state.counters["dequeue_cycles"] = per_op(dequeue, 1);
    state.counters["cycles_per_op"] = per_op(enqueue + dequeue, 2);
    state.counters["device_cycles"] = per_op(device, 1);
    state.counters["timer_cycles"] = 2 * timer / burst;
    state.counters["doorbells_per_op"] =
        static_cast<double>(rig.queue->channel().doorbells) / static_cast<double>(ops);
    state.SetItemsProcessed(static_cast<std::int64_t>(ops));
}
BENCHMARK(bm_enqueue_dequeue)->Arg(1)->Arg(8)->Arg(32)->Arg(128);

void bm_empty_poll(benchmark::State& state)
{
    Rig rig;
    rte_ml_op* done[32];
    if (state.range(0) != 0) (void)fast::enqueue_burst(rig.qp, rig.pointers.data(), 1); // one out, none back
    for (auto _ : state) benchmark::DoNotOptimize(fast::dequeue_burst(rig.qp, done, 32));
}
BENCHMARK(bm_empty_poll)->ArgName("outstanding")->Arg(0)->Arg(1);
} // namespace
BENCHMARK_MAIN();
