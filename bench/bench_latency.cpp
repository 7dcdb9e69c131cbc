// SPDX-License-Identifier: BSD-3-Clause
// What sampling latencies costs a burst pair: a device whose bursts do nothing, called through the pointers
// that rte_ml_enqueue_burst() uses, with sampling off and on. Off must be the plain function, so it is the
// yardstick.
//
// Counters: cycles_per_op, of enqueue and dequeue together; wrapped, whether the pointers lead through
// wrappers.
#include "qaic/ml_device.hpp"
#include <benchmark/benchmark.h>
#include <rte_cycles.h>

namespace {
using namespace qaic;

std::uint16_t take_all(rte_ml_dev*, std::uint16_t, rte_ml_op** ops, std::uint16_t n)
{
    benchmark::DoNotOptimize(ops);
    return n;
}

struct Rig {
    Rig()
    {
        data.dev_private = &mine;
        dev.data = &data;
        ml.bursts.use(&dev, take_all, take_all, false);
        for (std::size_t i = 0; i < ops.size(); ++i) {
            ops[i].status = RTE_ML_OP_STATUS_SUCCESS;
            pointers[i] = &ops[i];
        }
    }
    MlDevice ml;
    MlPrivate mine{&ml};
    rte_ml_dev_data data{};
    rte_ml_dev dev{};
    std::array<rte_ml_op, 32> ops{};
    std::array<rte_ml_op*, 32> pointers{};
};

void bm_burst_pair(benchmark::State& state)
{
    Rig rig;
    const auto n = static_cast<std::uint16_t>(state.range(0));
    rig.ml.bursts.sample(&rig.dev, state.range(1) != 0);
    const auto began = rte_rdtsc();
    for (auto _ : state) {
        rig.dev.enqueue_burst(&rig.dev, 0, rig.pointers.data(), n);
        rig.dev.dequeue_burst(&rig.dev, 0, rig.pointers.data(), n);
        benchmark::ClobberMemory();
    }
    state.counters["cycles_per_op"] =
        static_cast<double>(rte_rdtsc() - began) / static_cast<double>(state.iterations()) / n;
    state.counters["wrapped"] = rig.dev.enqueue_burst != &take_all;
}
BENCHMARK(bm_burst_pair)->ArgNames({"burst", "sample"})->ArgsProduct({{1, 8, 32}, {0, 1}});

} // namespace

BENCHMARK_MAIN();
