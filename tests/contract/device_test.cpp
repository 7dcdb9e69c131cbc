// SPDX-License-Identifier: BSD-3-Clause
// A whole device over every bus: it comes and goes in one process and leaves nothing; a crashed card comes
// back under it; a connection that ends is a card that is gone. Reliability G10, G11, D18, S17.
#include "card/faults.hpp"
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"
#include "slot.hpp"
#include "support/programs.hpp"
#include "unit/driver/bus/leak_check.hpp"
#include <cstdlib>
#include <gtest/gtest.h>
#include <thread>

namespace test {
namespace {

constexpr std::uint32_t bytes = 256, depth = 64;

class DeviceOverBus : public ::testing::TestWithParam<SlotKind> {
  protected:
    static void ok(const Result<void>& r) { EXPECT_TRUE(r) << r.error().message(); }
    void SetUp() override { ASSERT_NE(std::getenv("QAIC_TEST_FIRMWARE"), nullptr); }
    void TearDown() override { leave(); }

    void arrive()
    {
        auto plugged = slot->plug();
        ASSERT_TRUE(plugged) << plugged.error().message();
        bus = plugged->get();
        DeviceConfig c;
        c.controller.firmware_path = {std::getenv("QAIC_TEST_FIRMWARE")};
        c.controller.wall_clock_us = [] { return std::uint64_t{1'700'000'000'000'000}; };
        c.op_timeout = 100s; // whatever must succeed has time
        c.tsc_hz = 1'000'000'000;
        device = std::make_unique<Device>(std::move(*plugged), c);
        ok(device->attach());
        ok(device->configure(1, 2));
        auto pair = device->setup_queue_pair(0, depth, nullptr);
        ASSERT_TRUE(pair) << pair.error().message();
        qp = *pair;
        ok(device->start());
        const auto model = device->load_model(program);
        ASSERT_TRUE(model) << model.error().message();
        ok(device->start_model(*model));
        make_operations();
    }
    void leave()
    {
        memory.release();
        device.reset();
    }
    void make_operations()
    {
        auto m = bus->dma_alloc(depth * bytes * 2, 4096, "ops");
        ASSERT_TRUE(m) << m.error().message();
        memory = std::move(*m);
        for (std::uint32_t i = 0; i < depth; ++i) {
            for (std::uint32_t k = 0; k < 2; ++k) {
                auto& s = segments[i * 2 + k];
                const auto at = std::size_t{i * 2 + k} * bytes;
                s = {};
                s.addr = memory.data() + at, s.iova_addr = memory.iova().value + at, s.length = bytes;
                lists[i * 2 + k] = &s;
            }
            ops[i] = {};
            ops[i].nb_batches = 1;
            ops[i].input = &lists[i * 2], ops[i].output = &lists[i * 2 + 1];
            pointers[i] = &ops[i];
        }
    }
    void upkeep()
    {
        if (device->housekeep()) device->recover();
        bus->relax(100us);
    }
    /// `count` operations, each checked; how many succeeded.
    std::uint64_t infer(std::uint64_t count)
    {
        std::uint64_t good = 0, done = 0;
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (done < count && std::chrono::steady_clock::now() < end) {
            const auto n = static_cast<std::uint16_t>(std::min<std::uint64_t>(depth, count - done));
            for (std::uint16_t i = 0; i < n; ++i) {
                std::memset(segments[i * 2].addr, static_cast<int>(done + i), bytes);
                std::memset(segments[i * 2 + 1].addr, static_cast<int>(~(done + i)), bytes);
            }
            std::uint16_t in = 0, out = 0;
            std::array<rte_ml_op*, depth> back{};
            while (out < n && std::chrono::steady_clock::now() < end) {
                in = static_cast<std::uint16_t>(
                    in + fast::enqueue_burst(*qp, pointers.data() + in, static_cast<std::uint16_t>(n - in)));
                const auto k =
                    fast::dequeue_burst(*qp, back.data() + out, static_cast<std::uint16_t>(in - out));
                out = static_cast<std::uint16_t>(out + k);
                if (k == 0) upkeep();
            }
            std::sort(back.begin(), back.begin() + out);
            EXPECT_EQ(std::unique(back.begin(), back.begin() + out) - back.begin(), out)
                << "handed back twice";
            for (std::uint16_t i = 0; i < out; ++i)
                good += ops[i].status == RTE_ML_OP_STATUS_SUCCESS &&
                        std::memcmp(segments[i * 2].addr, segments[i * 2 + 1].addr, bytes) == 0;
            done += out;
        }
        EXPECT_EQ(done, count);
        return good;
    }
    bool until(DeviceState wanted)
    {
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (device->state() != wanted && std::chrono::steady_clock::now() < end) upkeep();
        return device->state() == wanted;
    }
    void crash()
    {
        slot->with_card([](card::Card& c) { c.faults().sys_err(false); });
        ASSERT_TRUE(until(DeviceState::RECOVERING));
        ASSERT_TRUE(until(DeviceState::ONLINE));
    }

    const Bytes program = echo_program(bytes);
    std::unique_ptr<Slot> slot = GetParam().make({.ready_delay = 1ms});
    SlotBus* bus = nullptr;
    std::unique_ptr<Device> device;
    QueuePair* qp = nullptr;
    DmaMemory memory;
    std::array<rte_ml_op, depth> ops{};
    std::array<rte_ml_op*, depth> pointers{};
    std::array<rte_ml_buff_seg, 2 * depth> segments{};
    std::array<rte_ml_buff_seg*, 2 * depth> lists{};
};

TEST_P(DeviceOverBus, TwentyTimesInOneProcessLeaveNothing)
{
    const auto before = Holdings::now(); // the card is served, nobody is there
    for (int i = 0; i < 20; ++i) {
        arrive();
        if (HasFatalFailure()) return;
        EXPECT_EQ(infer(200), 200u) << i;
        if (i % 5 == 4) {
            crash();
            EXPECT_EQ(infer(200), 200u) << i;
        }
        if (i % 2 == 0) { // else as a careless application does
            ok(device->stop(0));
            ok(device->close(false, 0));
        }
        leave();
        EXPECT_EQ(slot->maps(), 0u) << i;
        // The serving side lets go a moment later, in a thread of its own.
        auto now = Holdings::now();
        for (const auto end = std::chrono::steady_clock::now() + 5s;
             (now.fds != before.fds || now.memory_files != before.memory_files) &&
             std::chrono::steady_clock::now() < end;
             now = Holdings::now())
            std::this_thread::yield();
        EXPECT_EQ(now.fds, before.fds) << i;
        EXPECT_EQ(now.memory_files, before.memory_files) << i;
    }
    EXPECT_EQ(slot->refused(), 0u);
}

TEST_P(DeviceOverBus, AHundredThousandOperationsAfterEveryRecovery)
{
    arrive();
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(infer(100), 100u);
        crash();
        if (HasFatalFailure()) return;
        EXPECT_EQ(infer(100'000), 100'000u) << round;
    }
    EXPECT_EQ(device->counters().card_recoveries, 2u);
    EXPECT_EQ(slot->refused(), 0u);
}

TEST_P(DeviceOverBus, AConnectionThatEndsIsACardThatIsGone)
{
    arrive();
    EXPECT_EQ(infer(100), 100u);
    bus->kill();
    ASSERT_TRUE(until(DeviceState::REMOVED));
    EXPECT_EQ(infer(10), 0u) << "taken, and back with E_REMOVED";
    EXPECT_EQ(OpFate::unpack(ops[0].impl_opaque).code, Code::E_REMOVED);
    EXPECT_EQ(device->counters().card_recoveries, 0u);
    memory.release();
    ok(device->close(true, 0));
    device.reset();
    arrive(); // the card runs on; the next driver gets it in order
    EXPECT_EQ(infer(1000), 1000u);
}

INSTANTIATE_TEST_SUITE_P(Bus, DeviceOverBus, ::testing::ValuesIn(all_slots()), slot_name);

} // namespace
} // namespace test
