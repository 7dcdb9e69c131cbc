// SPDX-License-Identifier: BSD-3-Clause
// MHI rings of the control link: pushing a transfer element and taking it off again by the pointer an event
// names, and the event ring's look at one event. Control path: they only have to be fast enough to boot
// quickly.
#include "qaic/mhi/rings.hpp"
#include "support/fake_bus.hpp"
#include <benchmark/benchmark.h>

namespace {
using namespace qaic;

void bm_transfer_push_pop(benchmark::State& state)
{
    test::FakeBus bus;
    mhi::TransferRing ring;
    if (!ring.allocate(bus, 128)) std::abort();
    const auto burst = static_cast<unsigned>(state.range(0));
    for (auto _ : state) {
        const auto first = ring.write_index();
        for (unsigned i = 0; i < burst; ++i) ring.push(0x1000, 64, false, DmaMemory());
        for (unsigned i = 0; i < burst; ++i) {
            const auto index = ring.find(ring.memory().address((first + i) % 128));
            if (!index) {
                state.SkipWithError("the ring lost an element");
                return;
            }
            benchmark::DoNotOptimize(ring.take(*index).length);
        }
    }
    state.SetItemsProcessed(state.iterations() * burst);
}
BENCHMARK(bm_transfer_push_pop)->Arg(1)->Arg(8)->Arg(64);

void bm_event_poll(benchmark::State& state)
{
    test::FakeBus bus;
    mhi::EventRing ring;
    if (!ring.allocate(bus)) std::abort();
    const auto event = aic100::make_event(aic100::EventType::TRANSFER, 0x2000, 2, 64, 11);
    unsigned at = 0;
    for (auto _ : state) {
        std::memcpy(ring.memory().at(at), &event, sizeof event);
        at = ring.memory().next(at);
        aic100::RingElement got{};
        if (ring.next(ring.memory().address(at), got) != mhi::EventRing::Poll::EVENT) {
            state.SkipWithError("the event was not seen");
            return;
        }
        benchmark::DoNotOptimize(got);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bm_event_poll);
} // namespace
BENCHMARK_MAIN();
