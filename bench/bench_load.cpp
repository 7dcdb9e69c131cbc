// SPDX-License-Identifier: BSD-3-Clause
// What the load generator itself costs, on a null queue that answers at once: `cycles_per_op` of TSC. The
// queue's own share is bm_bare, in the same run: the tool is the difference. Aims at burst 32: 10 cycles an
// operation closed loop, 40 open loop; 5 ns to record one latency; arrivals to 5 M/s with p99 1 us late.
#include "checksum.hpp"
#include "load/closed_loop.hpp"
#include "load/null_queue.hpp"
#include "load/open_loop.hpp"
#include <array>
#include <benchmark/benchmark.h>
#include <chrono>
#include <memory>
#include <rte_cycles.h>
#include <rte_hash_crc.h>
#include <rte_pause.h>

namespace {
using namespace qaic::load;

struct Tsc {
    static std::uint64_t ticks() { return rte_rdtsc(); }
};
using Rig = NullRig<Tsc>;

double tsc_hz()
{
    using Time = std::chrono::steady_clock;
    static const double hz = [] {
        const auto from = Time::now();
        const auto ticks = rte_rdtsc();
        while (Time::now() - from < std::chrono::milliseconds(50)) rte_pause();
        const std::chrono::duration<double> took = Time::now() - from;
        return static_cast<double>(rte_rdtsc() - ticks) / took.count();
    }();
    return hz;
}

constexpr std::uint64_t ops_a_round = 1 << 18;

void count(benchmark::State& state, std::uint64_t ticks, std::uint64_t ops)
{
    state.SetItemsProcessed(static_cast<std::int64_t>(ops));
    state.counters["cycles_per_op"] = static_cast<double>(ticks) / static_cast<double>(ops);
}

void bm_bare(benchmark::State& state)
{
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    Rig rig(burst);
    std::vector<NullOp*> ops;
    for (auto& op : rig.ops) ops.push_back(&op);
    std::uint64_t ticks = 0, done = 0;
    for (auto _ : state) {
        const auto from = rte_rdtsc();
        for (std::uint64_t i = 0; i < ops_a_round / burst; ++i) {
            rig.queue.enqueue(ops.data(), burst);
            done += rig.queue.dequeue(ops.data(), burst);
        }
        ticks += rte_rdtsc() - from;
    }
    count(state, ticks, done);
}

void bm_closed(benchmark::State& state)
{
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    Rig rig(burst);
    const auto go_on = [](std::uint64_t) { return true; };
    std::uint64_t ticks = 0;
    for (auto _ : state) {
        const auto from = rte_rdtsc();
        ClosedLoop(rig.queue, std::span(&rig.lane, 1),
                   LoopPlan{.count = ops_a_round, .stall_ticks = ~0ull >> 1}, rig.loop, go_on)
            .run();
        ticks += rte_rdtsc() - from;
    }
    count(state, ticks, rig.stats->ledger.succeeded);
}

/// The outputs of 32 ops, as many as --queue-depth has by default.
struct Outputs {
    explicit Outputs(std::size_t output_size) : size(output_size), bytes(32 * output_size) {}
    std::size_t size;
    qaic::Bytes bytes;
    qaic::MutSpan of(std::uint64_t slot) { return qaic::MutSpan(bytes).subspan(slot % 32 * size, size); }
};

/// What RunObserver does around each op with --checksum 1.
struct ChecksumObserver {
    Outputs& outputs;
    qaic::perf::ReferenceSums references{1};
    qaic::perf::ChecksumCounts counts;
    std::uint64_t back = 0;
    void submitting(SlotOf<NullOp>& slot) { qaic::perf::mark_unwritten(outputs.of(slot.op->user_u64)); }
    void completed(SlotOf<NullOp>& slot)
    {
        const auto sum = qaic::perf::checksum(outputs.of(slot.op->user_u64));
        counts.compare(references, slot.tensor, ++back, sum, outputs.size);
    }
};

/// bm_closed/32 with every output checksummed: the option is the difference.
void bm_closed_checksum(benchmark::State& state)
{
    Rig rig(32);
    Outputs outputs(static_cast<std::size_t>(state.range(0)));
    ChecksumObserver observer{outputs};
    observer.references.learn(0, 1);
    Lane<Rig::Queue, ChecksumObserver> lane(rig.queue, std::span(rig.slots).first(32), observer, *rig.stats,
                                            32);
    const auto go_on = [](std::uint64_t) { return true; };
    const auto ops = std::min<std::uint64_t>(ops_a_round, (64ull << 20) / outputs.size);
    std::uint64_t ticks = 0;
    for (auto _ : state) {
        const auto from = rte_rdtsc();
        ClosedLoop(rig.queue, std::span(&lane, 1), LoopPlan{.count = ops, .stall_ticks = ~0ull >> 1},
                   rig.loop, go_on)
            .run();
        ticks += rte_rdtsc() - from;
    }
    count(state, ticks, rig.stats->ledger.succeeded);
    if (observer.counts.checked != rig.stats->ledger.succeeded) state.SkipWithError("outputs left out");
}

/// DPDK's way to sum a buffer, to compare with: one CRC32C after the other, each waiting for the one before.
void bm_rte_hash_crc(benchmark::State& state)
{
    Outputs outputs(static_cast<std::size_t>(state.range(0)));
    std::uint64_t ticks = 0, slot = 0;
    for (auto _ : state) {
        const auto from = rte_rdtsc();
        const auto output = outputs.of(slot++);
        benchmark::DoNotOptimize(rte_hash_crc(output.data(), static_cast<std::uint32_t>(output.size()), 0));
        ticks += rte_rdtsc() - from;
    }
    count(state, ticks, static_cast<std::uint64_t>(state.iterations()));
}

void bm_checksum(benchmark::State& state)
{
    Outputs outputs(static_cast<std::size_t>(state.range(0)));
    std::uint64_t ticks = 0, slot = 0;
    for (auto _ : state) {
        const auto from = rte_rdtsc();
        benchmark::DoNotOptimize(qaic::perf::checksum(outputs.of(slot++)));
        ticks += rte_rdtsc() - from;
    }
    count(state, ticks, static_cast<std::uint64_t>(state.iterations()));
}

/// Faster than anything can go: what an operation costs when it need not be waited for.
void bm_open(benchmark::State& state)
{
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    Rig rig(burst);
    const auto go_on = [](std::uint64_t) { return true; };
    const auto hz = tsc_hz();
    const ArrivalPlan plan{.per_second = hz / 2, .seed = 1}; // due every other cycle
    Mix mix({{0}}, {1}, 1);
    std::uint64_t ticks = 0;
    for (auto _ : state) {
        Arrivals arrivals(plan, hz);
        const auto from = rte_rdtsc();
        OpenLoop(rig.queue, std::span(&rig.lane, 1), mix, arrivals,
                 OpenPlan{.ticks = ~0ull >> 2, .count = ops_a_round, .stall_ticks = ~0ull >> 2}, rig.loop,
                 go_on)
            .run();
        ticks += rte_rdtsc() - from;
    }
    count(state, ticks, rig.stats->ledger.succeeded);
}

/// At a rate a user would ask for: how late an arrival goes, and whether all go.
void bm_poisson(benchmark::State& state)
{
    Rig rig(32);
    const auto go_on = [](std::uint64_t) { return true; };
    const auto hz = tsc_hz();
    Mix mix({{0}}, {1}, 1);
    std::uint64_t due = 0, seed = 0;
    double seconds = 0;
    for (auto _ : state) {
        const ArrivalPlan plan{.per_second = static_cast<double>(state.range(0)), .seed = ++seed};
        Arrivals arrivals(plan, hz);
        const auto from = rte_rdtsc();
        due += OpenLoop(rig.queue, std::span(&rig.lane, 1), mix, arrivals,
                        OpenPlan{.ticks = static_cast<std::uint64_t>(hz / 5), .stall_ticks = ~0ull >> 2},
                        rig.loop, go_on)
                   .run();
        seconds += static_cast<double>(rte_rdtsc() - from) / hz;
    }
    const auto us = [&](double q) { return static_cast<double>(rig.stats->lateness.quantile(q)) / hz * 1e6; };
    state.counters["per_second"] = static_cast<double>(rig.stats->ledger.succeeded) / seconds;
    state.counters["lost"] = static_cast<double>(due - rig.stats->ledger.succeeded);
    state.counters["late_p50_us"] = us(0.5);
    state.counters["late_p99_us"] = us(0.99);
    state.counters["late_p999_us"] = us(0.999);
}

void bm_record(benchmark::State& state)
{
    const auto h = std::make_unique<qaic::stats::Histogram>();
    std::array<std::uint64_t, 256> values{};
    boost::random::mt19937_64 random(1);
    for (auto& v : values) v = 2000 + random() % 100000;
    for (auto _ : state)
        for (const auto v : values) h->record(v);
    benchmark::DoNotOptimize(h->count());
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * values.size()));
}

void bm_draw(benchmark::State& state)
{
    const ArrivalPlan plan{.per_second = 1e6, .seed = 1};
    Arrivals arrivals(plan, 2e9);
    for (auto _ : state) benchmark::DoNotOptimize(arrivals.next());
}

BENCHMARK(bm_record);
BENCHMARK(bm_draw);
BENCHMARK(bm_bare)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(bm_closed)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(bm_closed_checksum)->Arg(64)->Arg(1000)->Arg(150'528);
BENCHMARK(bm_checksum)->Arg(64)->Arg(1000)->Arg(150'528);
BENCHMARK(bm_rte_hash_crc)->Arg(64)->Arg(1000)->Arg(150'528);
BENCHMARK(bm_open)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(bm_poisson)->Arg(1'000'000)->Arg(5'000'000)->Iterations(5)->Unit(benchmark::kMillisecond);

} // namespace

int main(int argc, char** argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
}
