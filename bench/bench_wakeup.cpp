// SPDX-License-Identifier: BSD-3-Clause
// What sleeping costs: the round trip of one echo of 64 bytes through the emulated card (a thread of its own,
// as the vdev has one), by polling and by arm, poll once more, sleep. Their difference is the wake-up. And
// the CPU share of a dequeue thread that has nothing to do and looks every 10 ms.
//
// Counters: p50_us, p99_us of a round trip; wakeups per operation; cpu_share of the waiting thread.
#include "card_rig.hpp"
#include <benchmark/benchmark.h>
#include <ctime>

namespace {
using namespace rig;

double cpu_seconds()
{
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

template<class Wait>
void round_trips(benchmark::State& state, Wait&& wait)
{
    CardRig rig;
    std::vector<double> us;
    std::uint64_t sleeps = 0;
    const auto cpu = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    for (auto _ : state) {
        auto* p = &rig.op;
        const auto t0 = std::chrono::steady_clock::now();
        if (fast::enqueue_burst(*rig.qp, &p, 1) != 1) std::abort();
        rte_ml_op* back = nullptr;
        while (fast::dequeue_burst(*rig.qp, &back, 1) == 0)
            if (wait(rig)) {
                if (fast::dequeue_burst(*rig.qp, &back, 1) == 1) break;
                (void)rig.waiter->sleep(10ms);
                ++sleeps;
            }
        us.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - t0).count());
        if (rig.op.status != RTE_ML_OP_STATUS_SUCCESS) state.SkipWithError("an operation failed");
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
    state.counters["cpu_share"] = (cpu_seconds() - cpu) / wall.count();
    state.counters["wakeups"] = static_cast<double>(sleeps) / static_cast<double>(us.size());
    std::sort(us.begin(), us.end());
    state.counters["p50_us"] = us[us.size() / 2];
    state.counters["p99_us"] = us[us.size() * 99 / 100];
}

void bm_poll(benchmark::State& state)
{
    round_trips(state, [](CardRig&) { return false; });
}
void bm_sleep(benchmark::State& state)
{
    round_trips(state, [](CardRig& rig) { return rig.waiter->arm(*rig.qp); });
}
BENCHMARK(bm_poll)->Iterations(2000)->UseRealTime();
BENCHMARK(bm_sleep)->Iterations(2000)->UseRealTime();

/// What arm costs when it is followed by no sleep.
void bm_arm(benchmark::State& state)
{
    CardRig rig;
    const auto t0 = rte_rdtsc();
    for (auto _ : state) benchmark::DoNotOptimize(rig.waiter->arm(*rig.qp));
    state.counters["cycles"] =
        static_cast<double>(rte_rdtsc() - t0) / static_cast<double>(state.iterations());
}
BENCHMARK(bm_arm)->Iterations(100000);

/// Nothing to do: look every 10 ms, for half a second.
void bm_idle(benchmark::State& state)
{
    CardRig rig;
    const auto cpu = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    for (auto _ : state) {
        rte_ml_op* back = nullptr;
        if (fast::dequeue_burst(*rig.qp, &back, 1) == 0 && rig.waiter->arm(*rig.qp))
            (void)rig.waiter->sleep(10ms);
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
    state.counters["cpu_share"] = (cpu_seconds() - cpu) / wall.count();
}
BENCHMARK(bm_idle)->Iterations(50)->UseRealTime();

} // namespace

BENCHMARK_MAIN();
