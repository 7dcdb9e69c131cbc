// SPDX-License-Identifier: BSD-3-Clause
// What a packet costs from its bytes to its features, over the sample capture (config/models/flows): parsing
// alone, then with table and features as the stage does it (64 at once). `spread` copies of the capture have
// addresses of their own, so that the table does not fit into the caches.
#include "flow/table.hpp"
#include "unit/flow/pcap.hpp"

#include <array>
#include <benchmark/benchmark.h>
#include <x86intrin.h>

namespace {

constexpr std::size_t burst = 64;

std::vector<pcap::Record> packets(std::size_t spread)
{
    std::vector<pcap::Record> all;
    for (const auto& r : pcap::read(FLOWS_PCAP)) {
        flow::Packet p;
        if (flow::parse_packet(r.bytes, p) != flow::Refusal::NONE) continue;
        for (std::size_t i = 0; i < spread; ++i) {
            all.push_back(r);
            auto* const address = all.back().bytes.data() + p.link.ip + (p.link.version == 4 ? 12 : 8);
            for (const std::size_t to :
                 {std::size_t{0}, p.link.version == 4 ? std::size_t{4} : std::size_t{16}})
                address[to] ^= static_cast<std::uint8_t>(i),
                    address[to + 1] ^= static_cast<std::uint8_t>(i >> 8);
        }
    }
    all.resize(all.size() / burst * burst);
    return all;
}

void say(benchmark::State& state, std::uint64_t cycles, std::size_t n)
{
    const auto total = static_cast<double>(state.iterations()) * static_cast<double>(n);
    state.counters["cycles_per_packet"] = static_cast<double>(cycles) / total;
    state.SetItemsProcessed(static_cast<std::int64_t>(total));
}

void parse(benchmark::State& state)
{
    const auto all = packets(static_cast<std::size_t>(state.range(0)));
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        const auto from = __rdtsc();
        for (const auto& r : all) {
            flow::Packet p;
            benchmark::DoNotOptimize(flow::parse_packet(r.bytes, p));
            benchmark::DoNotOptimize(p);
        }
        cycles += __rdtsc() - from;
    }
    say(state, cycles, all.size());
}
BENCHMARK(parse)->ArgName("spread")->Arg(1);

void parse_and_features(benchmark::State& state)
{
    const auto all = packets(static_cast<std::size_t>(state.range(0)));
    flow::Table table(65536, 120'000'000);
    std::array<flow::Packet, burst> seen;
    std::array<std::uint64_t, burst> hash{};
    std::array<float, flow::n_features> out{};
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        const auto from = __rdtsc();
        for (std::size_t at = 0; at < all.size(); at += burst) {
            for (std::size_t i = 0; i < burst; ++i) {
                benchmark::DoNotOptimize(flow::parse_packet(all[at + i].bytes, seen[i]));
                table.prefetch(hash[i] = flow::Table::hash_of(seen[i].key));
            }
            for (std::size_t i = 0; i < burst; ++i) {
                const auto now = all[at + i].us;
                flow::update(table.find(seen[i].key, hash[i], now), seen[i], now, out);
                benchmark::DoNotOptimize(out);
            }
        }
        cycles += __rdtsc() - from;
    }
    say(state, cycles, all.size());
    state.counters["flows"] = static_cast<double>(table.counts().flows);
    state.counters["evicted"] = static_cast<double>(table.counts().evicted);
}
BENCHMARK(parse_and_features)->ArgName("spread")->Arg(1)->Arg(64);

} // namespace

BENCHMARK_MAIN();
