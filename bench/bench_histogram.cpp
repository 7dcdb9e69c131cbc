// SPDX-License-Identifier: BSD-3-Clause
// What one recorded latency costs. Values are drawn before the timed loop; the empty loop over the same
// values is the tool's own share.
#include "stats/histogram.hpp"

#include <benchmark/benchmark.h>
#include <memory>
#include <random>
#include <vector>

namespace {

using qaic::stats::Histogram;

std::vector<std::uint64_t> latencies(std::size_t count)
{
    std::mt19937_64 rng(1);
    std::lognormal_distribution<double> around(10, 0.5); // 22,000 ticks, most within a factor of three
    std::vector<std::uint64_t> v(count);
    for (auto& x : v) x = static_cast<std::uint64_t>(around(rng));
    return v;
}

void empty_loop(benchmark::State& state)
{
    const auto values = latencies(4096);
    std::size_t i = 0;
    for (auto _ : state) benchmark::DoNotOptimize(values[i++ & 4095]);
}
BENCHMARK(empty_loop);

void histogram_record(benchmark::State& state)
{
    const auto values = latencies(4096);
    const auto h = std::make_unique<Histogram>();
    std::size_t i = 0;
    for (auto _ : state) h->record(values[i++ & 4095]);
    benchmark::DoNotOptimize(h->count());
}
BENCHMARK(histogram_record);

void histogram_record_same_value(benchmark::State& state)
{
    const auto h = std::make_unique<Histogram>();
    std::uint64_t value = 22000;
    for (auto _ : state) {
        benchmark::DoNotOptimize(value);
        h->record(value);
    }
    benchmark::DoNotOptimize(h->count());
}
BENCHMARK(histogram_record_same_value);

void histogram_merge(benchmark::State& state)
{
    const auto a = std::make_unique<Histogram>(), b = std::make_unique<Histogram>();
    for (const auto v : latencies(4096)) b->record(v);
    for (auto _ : state) a->merge(*b);
    benchmark::DoNotOptimize(a->count());
}
BENCHMARK(histogram_merge);

void histogram_quantile(benchmark::State& state)
{
    const auto h = std::make_unique<Histogram>();
    for (const auto v : latencies(4096)) h->record(v);
    for (auto _ : state) benchmark::DoNotOptimize(h->quantile(0.999));
}
BENCHMARK(histogram_quantile);

} // namespace
BENCHMARK_MAIN();
