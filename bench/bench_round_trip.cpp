// SPDX-License-Identifier: BSD-3-Clause
// An unloaded round trip to the emulated card on the other core, beside the least two cores can do: a cache
// line there and back. Medians of the same run; counters in ns:
//   trip   enqueue to dequeue of one echo of 64 bytes, nothing else in flight
//   card   of it, the card's own: from its first look at a rung doorbell to the response, with all in its own
//   cache line   a word to the other core and its answer ratio  (trip - card) / line (aim 4)
#include "card_rig.hpp"
#include <benchmark/benchmark.h>
#include <thread>

namespace {
using namespace rig;

double median(std::vector<double>& v)
{
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

struct Tsc {
    double ns_per_tick = 1e9 / static_cast<double>(tsc_hz());
    std::uint64_t start = rte_rdtsc_precise();
    [[nodiscard]] double ns() const { return static_cast<double>(rte_rdtsc_precise() - start) * ns_per_tick; }
    void again() { start = rte_rdtsc_precise(); }
};

void echo_once(CardRig& rig)
{
    auto* p = &rig.op;
    if (fast::enqueue_burst(*rig.qp, &p, 1) != 1) std::abort();
}
bool back(CardRig& rig)
{
    rte_ml_op* done = nullptr;
    return fast::dequeue_burst(*rig.qp, &done, 1) == 1;
}

double trip_ns(CardRig& rig, std::size_t rounds)
{
    std::vector<double> all;
    Tsc t;
    for (std::size_t i = 0; i < rounds; ++i) {
        t.again();
        echo_once(rig);
        while (!back(rig)) rte_pause();
        all.push_back(t.ns());
    }
    return median(all);
}

/// The card's thread is stopped: it is polled here, so that no line changes cores.
double card_ns(CardRig& rig, std::size_t rounds)
{
    rig.link.stop();
    std::vector<double> all;
    Tsc t;
    for (std::size_t i = 0; i < rounds; ++i) {
        echo_once(rig);
        double own = 0;
        do {
            t.again();
            (void)rig.link.step();
            own += t.ns();
        } while (!back(rig));
        all.push_back(own);
    }
    return median(all);
}

double line_ns(std::size_t rounds)
{
    struct alignas(128) Word {
        std::atomic<std::uint64_t> value{0};
    } there, here;
    std::thread other([&] {
        for (std::uint64_t i = 1; i <= rounds; ++i) {
            while (there.value.load(std::memory_order_acquire) != i) rte_pause();
            here.value.store(i, std::memory_order_release);
        }
    });
    std::vector<double> all;
    Tsc t;
    for (std::uint64_t i = 1; i <= rounds; ++i) {
        t.again();
        there.value.store(i, std::memory_order_release);
        while (here.value.load(std::memory_order_acquire) != i) rte_pause();
        all.push_back(t.ns());
    }
    other.join();
    return median(all);
}

void bm_round_trip(benchmark::State& state)
{
    constexpr std::size_t rounds = 20'000;
    for (auto _ : state) {
        CardRig rig;
        const auto line = line_ns(rounds), trip = trip_ns(rig, rounds), card = card_ns(rig, rounds);
        state.counters["line"] = line, state.counters["trip"] = trip, state.counters["card"] = card;
        state.counters["ratio"] = (trip - card) / line;
    }
}
BENCHMARK(bm_round_trip)
    ->Iterations(1)
    ->Repetitions(9)
    ->ReportAggregatesOnly()
    ->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
