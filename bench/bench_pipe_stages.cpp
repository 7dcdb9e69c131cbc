// SPDX-License-Identifier: BSD-3-Clause
// What a stage's own work costs an item, in bursts of 32 over items that stay in cache; no EAL, no engine.
// Counter: cycles_per_item (TSC). Each round puts the items back as they were: that share is in the figures.
#include "pipeline/stages/batch.hpp"
#include "pipeline/stages/normalise.hpp"
#include "pipeline/stages/quantize.hpp"
#include "pipeline/stages/top_k.hpp"
#include "pipeline/stages/unbatch.hpp"
#include "support/pipe_stage.hpp"
#include <benchmark/benchmark.h>
#include <rte_cycles.h>

namespace {
using namespace support;
constexpr std::uint16_t burst = 32;

/// A burst of items with `floats` values each, and a stage's table over them.
void run_stage(benchmark::State& state, const qaic_pipe_stage& table, const PipeOptions& options,
               std::size_t floats)
{
    PipePool pool(burst, static_cast<std::uint32_t>((floats * 8 + 1024 + 63) & ~std::size_t{63}));
    const PipeStage stage(table, options, pool.get());
    const std::vector<float> values(floats, 0.5F);
    rte_mbuf* items[burst];
    std::uint8_t verdict[burst] = {};
    for (auto& m : items) m = pool.item(0, values);
    const qaic_pipe_item before = *qaic_pipe_item_of(items[0]);
    const auto from = rte_rdtsc();
    for (auto _ : state) {
        table.run(stage.self(), items, burst, verdict);
        for (auto* m : items) *qaic_pipe_item_of(m) = before;
        benchmark::ClobberMemory();
    }
    const auto runs = static_cast<double>(state.iterations()) * burst;
    state.counters["cycles_per_item"] = static_cast<double>(rte_rdtsc() - from) / runs;
    if (verdict[0] != QAIC_PIPE_PASS) state.SkipWithError("the stage dropped its items");
}

void normalise(benchmark::State& state)
{
    const auto floats = static_cast<std::size_t>(state.range(0)) / 4;
    run_stage(state, pipeline::stage_normalise, {{"shape", std::to_string(floats)}, {"scale", 1.0}}, floats);
}
void quantize(benchmark::State& state)
{
    const auto floats = static_cast<std::size_t>(state.range(0)) / 4;
    run_stage(state, pipeline::stage_quantize,
              {{"shape", std::to_string(floats)}, {"to", "i8"}, {"scale", 0.1}}, floats);
}
void top_k(benchmark::State& state)
{
    run_stage(state, pipeline::stage_top_k, {{"k", 5}}, static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(normalise)->ArgName("bytes")->Arg(64)->Arg(150 * 1024);
BENCHMARK(quantize)->ArgName("bytes")->Arg(64)->Arg(150 * 1024);
BENCHMARK(top_k)->ArgName("classes")->Arg(10)->Arg(1000);

/// 32 items of 64 bytes into one and out again.
void batch_and_unbatch(benchmark::State& state)
{
    PipePool pool(burst + 1, 8192);
    PipeStage gather(pipeline::stage_batch, {{"bytes", 64}}, pool.get(), burst);
    PipeStage part(pipeline::stage_unbatch, {{"bytes", 64}}, pool.get(), burst);
    const std::vector<float> values(16, 1);
    rte_mbuf *items[burst], *batch = nullptr;
    std::uint8_t verdict[burst] = {};
    for (auto& m : items) m = pool.item(0, values);
    const qaic_pipe_item before = *qaic_pipe_item_of(items[0]);
    std::uint64_t back = 0;
    const auto from = rte_rdtsc();
    for (auto _ : state) {
        pipeline::stage_batch.run(gather.self(), items, burst, verdict);
        pipeline::stage_batch.poll(gather.self(), &batch, 1, verdict);
        pipeline::stage_unbatch.run(part.self(), &batch, 1, verdict);
        back += pipeline::stage_unbatch.poll(part.self(), items, burst, verdict);
        for (auto* m : items) *qaic_pipe_item_of(m) = before;
    }
    const auto runs = static_cast<double>(state.iterations()) * burst;
    state.counters["cycles_per_item"] = static_cast<double>(rte_rdtsc() - from) / runs;
    if (back != static_cast<std::uint64_t>(state.iterations()) * burst)
        state.SkipWithError("items were lost");
}
BENCHMARK(batch_and_unbatch);

} // namespace

BENCHMARK_MAIN();
