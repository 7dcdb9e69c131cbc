// SPDX-License-Identifier: BSD-3-Clause
// What a pipeline's engine costs, without stages that do anything. Two CPUs: lcore 1 on the first, lcore 2 on
// the second. Each iteration measures all that is compared, one after the other, so that a slow hour is in
// both sides of a ratio; counters are medians over the iterations.
//
// hops/burst: cycles an item (TSC) from one core to the other, by a bare rte_ring, the engine's link, two
// graphs
//   with that link between, rte_graph's dispatch model (without and with a source that waits), and a whole
//   engine; `wrong_lcore`: share of items the dispatch model did not bring over. Ratios are to the bare ring.
// stages/burst: cycles an item each further stage costs that runs to completion on the same core.
// unloaded: time from source to sink at 20,000 items a second, on one core and on two.
#include "pipe_hops.hpp"
#include "support/eal.hpp"

namespace {
using namespace rig;
using Values = std::vector<double>;

template<class Hop>
double cycles_of(Hop& hop, std::uint16_t burst)
{
    constexpr std::uint64_t items = 1U << 20;
    Side in{items, burst}, out{items, burst};
    const auto cycles = on_both(
        [&] {
            while (in.left != 0 || !hop.all_gone())
                if (hop.put(in) == 0) rte_pause();
        },
        [&] {
            while (out.left != 0)
                if (hop.take(out) == 0) rte_pause();
        });
    return static_cast<double>(cycles) / static_cast<double>(items);
}

void hops(benchmark::State& state)
{
    const auto burst = static_cast<std::uint16_t>(state.range(0));
    const auto pool = need(make_item_pool("bench_items", item_count, 64, SOCKET_ID_ANY));
    Recycler items;
    items.fill(pool.get());
    enum Way { BARE, LINK, GRAPHS, DISPATCH, DISPATCH_HELD, ENGINE, WAYS };
    constexpr const char* names[] = {"bare", "link", "graphs", "dispatch", "dispatch_held", "engine"};
    static_assert(std::size(names) == WAYS);
    Values cycles[WAYS], ratios[WAYS], wrong;
    const auto dispatch = [&](bool holds) {
        Dispatch d(items, holds);
        const auto c = cycles_of(d, burst);
        if (!holds)
            wrong.push_back(static_cast<double>(d.here.items) /
                            static_cast<double>(d.here.items + d.there.items));
        return c;
    };
    for (auto _ : state) {
        double now[WAYS];
        now[BARE] = cycles_of(*std::make_unique<BareRing>(items), burst);
        now[LINK] = cycles_of(*std::make_unique<EngineLink>(items), burst);
        now[GRAPHS] = cycles_of(*std::make_unique<LinkedGraphs>(items), burst);
        now[DISPATCH] = dispatch(false);
        now[DISPATCH_HELD] = dispatch(true);
        now[ENGINE] = cycles_in_engine(*make_engine(0, burst, 2, 0), std::chrono::milliseconds(10));
        for (std::size_t w = 0; w < WAYS; ++w)
            cycles[w].push_back(now[w]), ratios[w].push_back(now[w] / now[BARE]);
    }
    for (std::size_t w = 0; w < WAYS; ++w) {
        state.counters[names[w]] = median(cycles[w]);
        if (w != BARE) state.counters[std::string(names[w]) + "_ratio"] = median(ratios[w]);
    }
    state.counters["wrong_lcore"] = median(wrong);
}
BENCHMARK(hops)->ArgName("burst")->Arg(8)->Arg(32)->Arg(128)->Iterations(15)->UseRealTime();

void stages(benchmark::State& state)
{
    const auto burst = static_cast<unsigned>(state.range(0));
    constexpr int counts[] = {1, 5, 9};
    Values cycles[3], slope;
    for (auto _ : state) {
        for (std::size_t i = 0; i < 3; ++i)
            cycles[i].push_back(
                cycles_in_engine(*make_engine(counts[i], burst, 1, 0), std::chrono::milliseconds(10)));
        slope.push_back((cycles[2].back() - cycles[0].back()) / (counts[2] - counts[0]));
    }
    for (std::size_t i = 0; i < 3; ++i) state.counters[fmt::format("with_{}", counts[i])] = median(cycles[i]);
    state.counters["a_stage"] = median(slope);
}
BENCHMARK(stages)->ArgName("burst")->Arg(8)->Arg(32)->Arg(128)->Iterations(15)->UseRealTime();

void unloaded(benchmark::State& state)
{
    Values p50[2], p99[2], added50, added99;
    for (auto _ : state) {
        for (unsigned hops = 0; hops < 2; ++hops) {
            const auto engine = make_engine(0, 32, 1 + hops, 20'000);
            (void)cycles_in_engine(*engine, std::chrono::milliseconds(500));
            const auto seen = engine->snapshot().end_to_end;
            p50[hops].push_back(seen.p50), p99[hops].push_back(seen.p99);
        }
        added50.push_back(p50[1].back() - p50[0].back()), added99.push_back(p99[1].back() - p99[0].back());
    }
    state.counters["one_core_p50_us"] = median(p50[0]), state.counters["one_core_p99_us"] = median(p99[0]);
    state.counters["two_cores_p50_us"] = median(p50[1]), state.counters["two_cores_p99_us"] = median(p99[1]);
    state.counters["added_p50_us"] = median(added50), state.counters["added_p99_us"] = median(added99);
}
BENCHMARK(unloaded)->Iterations(5)->UseRealTime();

} // namespace

int main(int argc, char** argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    if (!test::start_eal("bench_pipeline", {"-m", "128", "--no-shconf", "--no-telemetry",
                                            "--lcores=0@(0-1),1@0,2@1", "--log-level=lib.eal:error"}))
        return 1;
    register_stages();
    LinkedGraphs::register_nodes();
    Dispatch::register_nodes();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return test::end_eal(0);
}
