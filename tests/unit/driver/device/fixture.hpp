// SPDX-License-Identifier: BSD-3-Clause
// A Device on an emulated card that the test steps, programs made on the spot, and operations whose every
// return is counted.
#pragma once
#include "card/faults.hpp"
#include "card/qsm.hpp"
#include "qaic/bus/in_process_stepped.hpp"
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"
#include "support/programs.hpp"
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <map>

namespace test {
using namespace qaic;

inline constexpr std::uint32_t echo_bytes = 256;

inline Bytes builtin(aic100::NspBuiltin kind, std::uint32_t bytes = echo_bytes, std::uint64_t arg0 = 0)
{
    return builtin_program(kind, bytes, "test", arg0);
}
inline Bytes echo(std::uint32_t bytes = echo_bytes) { return builtin(aic100::NspBuiltin::ECHO, bytes); }

/// Operations with buffers, and how often each came back.
struct Ops {
    Ops(Bus& bus, std::size_t count, std::uint16_t model, std::uint32_t bytes = echo_bytes)
        : ops(count), segs(count * 2), lists(count * 2), returned(count)
    {
        auto m = bus.dma_alloc(count * bytes * 2, 4096, "ops");
        EXPECT_TRUE(m);
        memory = std::move(*m);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t k = 0; k < 2; ++k) {
                auto& s = segs[i * 2 + k];
                const auto at = (i * 2 + k) * bytes;
                s = {};
                s.addr = memory.data() + at;
                s.iova_addr = memory.iova().value + at;
                s.length = bytes;
                lists[i * 2 + k] = &s;
            }
            auto& op = ops[i];
            op = {};
            op.model_id = model;
            op.nb_batches = 1;
            op.input = &lists[i * 2];
            op.output = &lists[i * 2 + 1];
            op.user_u64 = i;
            std::memset(segs[i * 2].addr, static_cast<int>(i * 3 + 1), bytes);
            pointers.push_back(&op);
        }
    }
    [[nodiscard]] bool echoed(std::size_t i) const
    {
        return std::memcmp(segs[i * 2].addr, segs[i * 2 + 1].addr, segs[i * 2].length) == 0;
    }
    [[nodiscard]] OpFate fate(std::size_t i) const { return OpFate::unpack(ops[i].impl_opaque); }
    [[nodiscard]] std::size_t returned_once() const
    {
        std::size_t n = 0;
        for (const auto r : returned) {
            EXPECT_LE(r, 1u);
            n += r;
        }
        return n;
    }
    DmaMemory memory;
    std::vector<rte_ml_op> ops;
    std::vector<rte_ml_buff_seg> segs;
    std::vector<rte_ml_buff_seg*> lists;
    std::vector<rte_ml_op*> pointers;
    std::vector<unsigned> returned;
};

class DeviceTest : public ::testing::Test {
  protected:
    static card::CardConfig quick_card() { return {.ready_delay = 5ms, .reset_ready_delay = 1ms}; }
    explicit DeviceTest(const card::CardConfig& card = quick_card()) : link(card, clock) {}

    DeviceConfig config() const
    {
        DeviceConfig c;
        c.controller.limits = {.op = 1s,
                               .nnc = 1s,
                               .mhi = 200ms,
                               .ready = 400ms,
                               .soc = 2s,
                               .sahara = 1s,
                               .firmware = 10s,
                               .idle = 10ms};
        const char* fw = std::getenv("QAIC_TEST_FIRMWARE");
        c.controller.firmware_path = {fw != nullptr ? fw : "QAIC_TEST_FIRMWARE is not set"};
        c.controller.wall_clock_us = [] { return std::uint64_t{1'700'000'000'000'123}; };
        c.op_timeout = op_timeout;
        c.tsc_hz = 1'000'000'000; // real deadlines are a few times shorter: no test depends on how much
        return c;
    }
    void power_on() { power_on(config()); }
    void power_on(DeviceConfig c)
    {
        auto b = std::make_unique<SteppedBus>(link, clock, "aic0");
        bus = b.get();
        device = std::make_unique<Device>(std::move(b), std::move(c));
    }
    /// Booted, configured, queue pairs set up, one echo model per entry of `models` loaded.
    void bring_up(unsigned pairs, unsigned models, rte_ml_dev_stop_flush_t flush = nullptr,
                  std::uint32_t depth = 16, std::optional<DeviceConfig> c = {})
    {
        power_on(c ? *c : config());
        ok(device->attach());
        ok(device->configure(static_cast<std::uint16_t>(pairs), 4));
        for (std::uint16_t q = 0; q < pairs; ++q) {
            auto qp = device->setup_queue_pair(q, depth, flush);
            ASSERT_TRUE(qp) << qp.error().message();
            qps.push_back(*qp);
        }
        for (unsigned m = 0; m < models; ++m) {
            auto id = device->load_model(echo());
            ASSERT_TRUE(id) << id.error().message();
            EXPECT_EQ(*id, m);
        }
    }
    void start_all(unsigned models)
    {
        ok(device->start());
        for (std::uint16_t m = 0; m < models; ++m) ok(device->start_model(m));
    }
    static void ok(const Result<void>& r) { EXPECT_TRUE(r) << r.error().message(); }

    std::uint16_t enqueue(QueuePair& qp, Ops& ops, std::size_t first = 0, std::size_t count = ~std::size_t{0})
    {
        const auto n = std::min(count, ops.pointers.size() - first);
        return fast::enqueue_burst(qp, ops.pointers.data() + first, static_cast<std::uint16_t>(n));
    }
    std::uint16_t dequeue(QueuePair& qp, Ops& ops)
    {
        std::array<rte_ml_op*, 64> got{};
        const auto n = fast::dequeue_burst(qp, got.data(), static_cast<std::uint16_t>(got.size()));
        for (std::uint16_t i = 0; i < n; ++i) ++ops.returned[got[i]->user_u64];
        return n;
    }
    /// Steps the card and polls until `count` operations came back, at most 20 s of real time. The manual
    /// clock moves slowly in a wait for a deadline, which is in real time.
    std::size_t collect(QueuePair& qp, Ops& ops, std::size_t count, bool upkeep = false)
    {
        std::size_t n = 0;
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (n < count && std::chrono::steady_clock::now() < end) {
            const auto before = n;
            n += dequeue(qp, ops);
            if (upkeep && device->housekeep()) device->recover();
            if (n == before) bus->relax(upkeep ? 1us : 100us);
        }
        return n;
    }
    card::Faults& faults() { return link.card().faults(); }
    card::Qsm& qsm() { return *faults().qsm(); }

    /// Long: an operation that must succeed has time, however busy the machine is. Tests of deadlines shorten
    /// it.
    Nanos op_timeout = 100s;
    ManualClock clock;
    InProcessLink link;
    SteppedBus* bus = nullptr;
    std::unique_ptr<Device> device;
    std::vector<QueuePair*> qps;
};

} // namespace test
