// SPDX-License-Identifier: BSD-3-Clause
// What the emulator alone can do: one thread that polls 1 and 16 cards with a timing model, as qaic-card
// --threads 1 does but for the sockets. Inferences of 150,528 bytes in and 1,000 out, two request elements
// each, not copied. Only the cards' polls are timed; the driver that feeds and drains them is not. Time is a
// manual clock, advanced so that the cards always have as much to do as they can: a real clock costs one
// reading (20 to 30 ns) a poll more.
//   items_per_second  inferences of all cards together
//   ns_inference      1e9 / items_per_second
//   idle_poll_ns      a poll of a card that is booted, runs the program and has nothing to do
#include "card_rig.hpp"
#include "qaic/bus/in_process_stepped.hpp"
#include "qpc/builtin_spec.hpp"
#include <benchmark/benchmark.h>
#include <ctime>

namespace {
using namespace rig;

constexpr std::uint16_t depth = 512, burst = 32;
constexpr std::uint32_t in_bytes = 150'528, out_bytes = 1000;

struct Kind {
    const char* name;
    card::TimingModel model;
    Nanos advance; ///< of the clock between two rounds
};
const Kind kinds[] = {
    {"infinite", {.copy = false}, 0ns},
    // resnet50x16.toml: 256 slots, links. Two inferences a card and round.
    {"resnet50",
     {.mean = 12'011'730ns,
      .slots = 256,
      .in_bytes_per_s = card::gen4_x8_bytes_per_s,
      .out_bytes_per_s = card::gen4_x8_bytes_per_s,
      .copy = false},
     94us},
    // Nothing but queueing: one slot, drawn times.
    {"exponential", {.service = card::ServiceTime::EXPONENTIAL, .mean = 10us, .copy = false}, 100us},
};

struct FedCard {
    explicit FedCard(const Kind& kind) : link(config(kind), clock)
    {
        auto stepped = std::make_unique<SteppedBus>(link, clock);
        device = std::make_unique<Device>(std::move(stepped), device_config(tsc_hz()));
        need(device->attach());
        need(device->configure(1, 1));
        qp = *device->setup_queue_pair(0, depth, nullptr);
        need(device->start());
        static const auto program = *qpc::build_container(*qpc::parse_builtin("timed:in=150528,out=1000"));
        model = *device->load_model(program);
        need(device->start_model(model));
        memory = std::move(*device->bus().dma_alloc(in_bytes + out_bytes, 4096, "bench"));
        for (std::size_t i = 0; i < 2; ++i) {
            segments[i].addr = memory.data() + i * in_bytes;
            segments[i].iova_addr = memory.iova().value + i * in_bytes;
            segments[i].length = i == 0 ? in_bytes : out_bytes;
            lists[i] = &segments[i];
        }
        ops.resize(depth);
        for (auto& op : ops) {
            op.model_id = model, op.nb_batches = 1, op.input = &lists[0], op.output = &lists[1];
            free.push_back(&op);
        }
    }
    ~FedCard()
    {
        memory.release();
        (void)device->close(true, 0);
    }
    static card::CardConfig config(const Kind& kind)
    {
        card::CardConfig c;
        c.ddr_bytes = 1u << 30;
        c.timing = kind.model;
        return c;
    }
    void feed()
    {
        const auto n = static_cast<std::uint16_t>(std::min<std::size_t>(free.size(), burst));
        const auto sent = fast::enqueue_burst(*qp, free.data() + (free.size() - n), n);
        free.resize(free.size() - sent);
    }
    std::size_t drain()
    {
        rte_ml_op* done[burst];
        std::size_t all = 0;
        while (const auto n = fast::dequeue_burst(*qp, done, burst)) {
            all += n;
            free.insert(free.end(), done, done + n);
        }
        return all;
    }

    ManualClock clock;
    InProcessLink link;
    std::unique_ptr<Device> device;
    QueuePair* qp = nullptr;
    std::uint16_t model = 0;
    DmaMemory memory;
    rte_ml_buff_seg segments[2]{};
    rte_ml_buff_seg* lists[2]{};
    std::vector<rte_ml_op> ops;
    std::vector<rte_ml_op*> free;
};

using Fleet = std::vector<std::unique_ptr<FedCard>>;

/// Of this thread alone: what is asked for is the share of a core, whoever else wants the core meanwhile.
double cpu_seconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double poll_all(Fleet& fleet)
{
    const auto start = cpu_seconds();
    for (auto& one : fleet) (void)one->link.card().poll();
    return cpu_seconds() - start;
}

void bm_fleet(benchmark::State& state)
{
    const auto& kind = kinds[state.range(1)];
    Fleet fleet;
    for (std::int64_t i = 0; i < state.range(0); ++i) fleet.push_back(std::make_unique<FedCard>(kind));
    state.SetLabel(kind.name);
    const auto round = [&] {
        for (auto& one : fleet) {
            one->feed();
            one->clock.advance(kind.advance);
        }
        return poll_all(fleet);
    };
    // As full as it will be.
    for (unsigned i = 0; i < 1000; ++i) {
        (void)round();
        for (auto& one : fleet) (void)one->drain();
    }
    std::size_t done = 0;
    double seconds = 0;
    for (auto _ : state) {
        const auto took = round();
        state.SetIterationTime(took);
        seconds += took;
        for (auto& one : fleet) done += one->drain();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(done));
    state.counters["ns_inference"] = seconds * 1e9 / static_cast<double>(std::max<std::size_t>(done, 1));
    for (unsigned i = 0; i < 100'000; ++i) { // all done: nothing is due any more
        for (auto& one : fleet) one->clock.advance(kind.advance);
        if (poll_all(fleet); std::none_of(fleet.begin(), fleet.end(), [](auto& c) {
                return c->drain() != 0 || c->link.card().next_due().has_value();
            }))
            break;
    }
    constexpr unsigned idle_rounds = 20'000;
    const auto start = cpu_seconds();
    for (unsigned i = 0; i < idle_rounds; ++i)
        for (auto& one : fleet) (void)one->link.card().poll();
    const auto idle = cpu_seconds() - start;
    state.counters["idle_poll_ns"] = idle * 1e9 / idle_rounds / static_cast<double>(fleet.size());
}
BENCHMARK(bm_fleet)->ArgNames({"cards", "kind"})->ArgsProduct({{1, 16}, {0, 1, 2}})->UseManualTime();

} // namespace

BENCHMARK_MAIN();
