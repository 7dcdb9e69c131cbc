// SPDX-License-Identifier: BSD-3-Clause
// What happens before the first inference, on the emulated card without EAL.
//   power_on   driver_ms: time in the driver from power-on to ready, with the card's own (its polls, its
//   registers)
//              taken away; the clock of both is a manual one, so that no wait is in it (aim 50)
//   idle       dma_kib and heap_kib the driver holds for a card that is up and has nothing to do (aim 8 MiB)
//   load       constants of 1 GiB against memcpy of as much in the same run: ratio (aim 0.8) and, without the
//              time spent waiting for the card, driver_ratio. The card copies on a core of its own
#include "card_rig.hpp"
#include <benchmark/benchmark.h>
#include <cstring>
#include <malloc.h>

namespace {
using namespace rig;
using Time = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

DeviceConfig config(bool recover)
{
    auto c = device_config(1'000'000'000);
    c.recover = recover;
    return c;
}

std::size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

/// Runs the card when the driver waits, and keeps apart what is the card's.
class MeteredBus final : public InProcessBus {
    template<class Work>
    auto metered(Work&& work) noexcept
    {
        const auto heap = count_heap ? heap_bytes() : 0;
        const auto start = Time::now();
        const auto result = work();
        card_time += Time::now() - start;
        if (count_heap) card_heap += static_cast<std::int64_t>(heap_bytes() - heap);
        return result;
    }

  public:
    MeteredBus(InProcessLink& link, ManualClock& clock) : InProcessBus(link, "bench"), clock_(clock) {}
    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override
    {
        return metered([&] { return InProcessBus::mhi_read32(offset); });
    }
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override
    {
        metered([&] { return InProcessBus::mhi_write32(offset, value), 0; });
    }
    void relax(Nanos at_most) noexcept override
    {
        const bool acted = metered([&] {
            int n = 0;
            while (n < 256 && link().step()) ++n;
            return n != 0;
        });
        clock_.advance(acted ? std::min<Nanos>(1us, at_most) : std::min<Nanos>(100us, at_most));
    }
    Time::duration card_time{};
    std::int64_t card_heap = 0;
    bool count_heap = false; ///< costs time: not in the same run

  private:
    ManualClock& clock_;
};

void bm_power_on(benchmark::State& state)
{
    Milliseconds driver{}, card{};
    for (auto _ : state) {
        ManualClock clock;
        InProcessLink link({}, clock);
        const auto start = Time::now();
        auto bus = std::make_unique<MeteredBus>(link, clock);
        auto& metered = *bus;
        Device device(std::move(bus), config(true));
        need(device.attach());
        const auto all = Time::now() - start;
        driver += all - metered.card_time, card += metered.card_time;
        state.SetIterationTime(std::chrono::duration<double>(all).count());
        need(device.close(true, 0));
    }
    const auto n = static_cast<double>(state.iterations());
    state.counters["driver_ms"] = driver.count() / n;
    state.counters["card_ms"] = card.count() / n;
}
BENCHMARK(bm_power_on)->UseManualTime()->Unit(benchmark::kMillisecond);

void bm_idle(benchmark::State& state)
{
    for (auto _ : state) {
        ManualClock clock;
        InProcessLink link({}, clock);
        const auto before = heap_bytes();
        auto bus = std::make_unique<MeteredBus>(link, clock);
        auto& metered = *bus;
        metered.count_heap = true;
        Device device(std::move(bus), config(true));
        need(device.attach());
        need(device.configure(1, 1));
        if (!device.setup_queue_pair(0, 1024, nullptr)) std::abort();
        need(device.start());
        const auto heap = static_cast<std::int64_t>(heap_bytes() - before) - metered.card_heap;
        // Memory for DMA comes from the heap here: it is counted once.
        const auto dma = static_cast<std::int64_t>(metered.dma_bytes());
        state.counters["dma_kib"] = static_cast<double>(dma) / 1024;
        state.counters["heap_kib"] = static_cast<double>(heap - dma) / 1024;
        need(device.stop(0));
        need(device.close(true, 0));
    }
}
BENCHMARK(bm_idle)->Iterations(1);

/// Seconds to copy `from` once more, to memory that was written before.
double memcpy_seconds(const Bytes& from)
{
    Bytes to(from.size(), std::byte{1});
    const auto start = Time::now();
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
    return std::chrono::duration<double>(Time::now() - start).count();
}

/// Knows how long the driver waited.
class WaitingBus final : public InProcessBus {
  public:
    explicit WaitingBus(InProcessLink& link) : InProcessBus(link, "bench") {}
    void relax(Nanos at_most) noexcept override
    {
        const auto start = Time::now();
        InProcessBus::relax(at_most);
        waited += Time::now() - start;
    }
    Time::duration waited{};
};

void bm_load(benchmark::State& state)
{
    const Bytes constants(std::size_t{1} << 30, std::byte{0x5a});
    const auto container = echo(constants);
    double copy = 0, load = 0, waited = 0;
    for (auto _ : state) {
        SteadyClock clock;
        InProcessLink link({}, clock);
        need(link.start(test::std_thread_starter(), {.spins = 2000, .sleep = Nanos{0}}));
        {
            auto bus = std::make_unique<WaitingBus>(link);
            auto& waiting = *bus;
            Device device(std::move(bus), config(state.range(0) != 0));
            need(device.attach());
            need(device.configure(1, 1));
            copy += memcpy_seconds(container);
            const auto before = waiting.waited;
            const auto start = Time::now();
            const auto model = device.load_model(container);
            const std::chrono::duration<double> took = Time::now() - start;
            need(model ? Result<void>{} : tl::unexpected(model.error()));
            load += took.count();
            waited += std::chrono::duration<double>(waiting.waited - before).count();
            state.SetIterationTime(took.count());
            need(device.close(true, 0));
        }
        link.stop();
    }
    const auto bytes = static_cast<double>(container.size()) * static_cast<double>(state.iterations());
    state.counters["memcpy_gib_s"] = bytes / copy / (1 << 30);
    state.counters["load_gib_s"] = bytes / load / (1 << 30);
    state.counters["ratio"] = copy / load;
    state.counters["driver_ratio"] = copy / (load - waited);
}
BENCHMARK(bm_load)->ArgName("kept")->Arg(0)->Arg(1)->Iterations(3)->UseManualTime()->Unit(
    benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
