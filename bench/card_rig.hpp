// SPDX-License-Identifier: BSD-3-Clause
// What benchmarks of a whole device run on: no EAL, one queue pair, an echo of 64 bytes on the emulated card.
#pragma once
#include "qaic/bus/in_process.hpp"
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"
#include "qaic/waiting.hpp"
#include "qpc/builder.hpp"
#include "support/std_thread.hpp"
#include <cstdlib>
#include <rte_cycles.h>

namespace rig {
using namespace qaic;

constexpr std::uint32_t bytes = 64;

inline Bytes echo(ConstSpan constants = {})
{
    qpc::ProgramSpec spec;
    spec.name = "echo";
    spec.builtin = aic100::NspBuiltin::ECHO;
    spec.inputs = {{"in", qpc::DataType::INT8, {bytes}}};
    spec.outputs = {{"out", qpc::DataType::INT8, {bytes}}};
    spec.static_constants = constants;
    return *qpc::build_container(spec);
}

inline std::uint64_t tsc_hz()
{
    const auto t0 = std::chrono::steady_clock::now();
    const auto c0 = rte_rdtsc();
    while (std::chrono::steady_clock::now() - t0 < 20ms) {
    }
    return (rte_rdtsc() - c0) * 50;
}

inline void need(const Result<void>& r)
{
    if (r) return;
    fmt::print(stderr, "benchmark: {}\n", r.error().message());
    std::abort();
}

inline DeviceConfig device_config(std::uint64_t tsc_hz)
{
    const char* const fw = std::getenv("QAIC_FIRMWARE_PATH");
    DeviceConfig c;
    c.controller.firmware_path = {fw != nullptr ? fw : QAIC_FIRMWARE_BUILD_DIR};
    c.controller.wall_clock_us = [] { return std::uint64_t{0}; };
    c.tsc_hz = tsc_hz;
    return c;
}

/// A device with one queue pair and an echo model, on an emulated card that spins: the card's own sleep is
/// not what is measured.
struct CardRig {
    CardRig() : link({}, clock)
    {
        need(link.start(test::std_thread_starter(), {.spins = 2000, .sleep = Nanos{0}}));
        device =
            std::make_unique<Device>(std::make_unique<InProcessBus>(link, "bench"), device_config(tsc_hz()));
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
    ~CardRig()
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

} // namespace rig
