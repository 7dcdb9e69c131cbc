// SPDX-License-Identifier: BSD-3-Clause
// What sleeping costs: the round trip of one echo of 64 bytes through the emulated card (a thread of its own,
// as the vdev has one), by polling and by arm, poll once more, sleep. Their difference is the wake-up. And
// the CPU share of a dequeue thread that has nothing to do and looks every 10 ms.
//
// Counters: p50_us, p99_us of a round trip; wakeups per operation; cpu_share of the waiting thread.
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"
#include "qaic/waiting.hpp"
#include "qpc/builder.hpp"
#include "support/std_thread.hpp"
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <ctime>
#include <rte_cycles.h>

namespace {
using namespace qaic;

constexpr std::uint32_t bytes = 64;

Bytes echo()
{
    qpc::ProgramSpec spec;
    spec.name = "echo";
    spec.builtin = aic100::NspBuiltin::ECHO;
    spec.inputs = {{"in", qpc::DataType::INT8, {bytes}}};
    spec.outputs = {{"out", qpc::DataType::INT8, {bytes}}};
    return *qpc::build_container(spec);
}

std::uint64_t tsc_hz()
{
    const auto t0 = std::chrono::steady_clock::now();
    const auto c0 = rte_rdtsc();
    while (std::chrono::steady_clock::now() - t0 < 20ms) {
    }
    return (rte_rdtsc() - c0) * 50;
}

void need(const Result<void>& r)
{
    if (r) return;
    fmt::print(stderr, "bench_wakeup: {}\n", r.error().message());
    std::abort();
}

double cpu_seconds()
{
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// A device with one queue pair and an echo model, on an emulated card that spins: the card's own sleep is
/// not what is measured.
struct Rig {
    Rig() : link({}, clock)
    {
        const char* const fw = std::getenv("QAIC_FIRMWARE_PATH");
        need(link.start(test::std_thread_starter(), {.spins = 2000, .sleep = Nanos{0}}));
        DeviceConfig c;
        c.controller.firmware_path = {fw != nullptr ? fw : QAIC_FIRMWARE_BUILD_DIR};
        c.controller.wall_clock_us = [] { return std::uint64_t{0}; };
        c.tsc_hz = tsc_hz();
        device = std::make_unique<Device>(std::make_unique<InProcessBus>(link, "bench"), std::move(c));
        need(device->attach());
        need(device->configure(1, 1));
        auto pair = device->setup_queue_pair(0, 16, nullptr);
        qp = *pair;
        need(device->start());
        model = *device->load_model(echo());
        need(device->start_model(model));
        waiter = std::move(*CompletionWaiter::make(device->bus()));
        memory = std::move(*device->bus().dma_alloc(std::size_t{2} * bytes, 4096, "bench"));
        for (std::size_t i = 0; i < 2; ++i) {
            segments[i].addr = memory.data() + i * bytes;
            segments[i].iova_addr = memory.iova().value + i * bytes;
            segments[i].length = bytes;
            lists[i] = &segments[i];
        }
        op.model_id = model, op.nb_batches = 1, op.input = &lists[0], op.output = &lists[1];
    }
    ~Rig()
    {
        waiter.reset(), memory.release();
        (void)device->close(true, 0);
        device.reset();
        link.stop();
    }
    SteadyClock clock;
    InProcessLink link;
    std::unique_ptr<Device> device;
    QueuePair* qp = nullptr;
    std::uint16_t model = 0;
    std::unique_ptr<CompletionWaiter> waiter;
    DmaMemory memory;
    rte_ml_buff_seg segments[2]{};
    rte_ml_buff_seg* lists[2]{};
    rte_ml_op op{};
};

template<class Wait>
void round_trips(benchmark::State& state, Wait&& wait)
{
    Rig rig;
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
    round_trips(state, [](Rig&) { return false; });
}
void bm_sleep(benchmark::State& state)
{
    round_trips(state, [](Rig& rig) { return rig.waiter->arm(*rig.qp); });
}
BENCHMARK(bm_poll)->Iterations(2000)->UseRealTime();
BENCHMARK(bm_sleep)->Iterations(2000)->UseRealTime();

/// What arm costs when it is followed by no sleep.
void bm_arm(benchmark::State& state)
{
    Rig rig;
    const auto t0 = rte_rdtsc();
    for (auto _ : state) benchmark::DoNotOptimize(rig.waiter->arm(*rig.qp));
    state.counters["cycles"] =
        static_cast<double>(rte_rdtsc() - t0) / static_cast<double>(state.iterations());
}
BENCHMARK(bm_arm)->Iterations(100000);

/// Nothing to do: look every 10 ms, for half a second.
void bm_idle(benchmark::State& state)
{
    Rig rig;
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
