// SPDX-License-Identifier: BSD-3-Clause
// Interrupts that come for nothing, as fast as the card can, and interrupts that do not come: reliability.md
// D50, D51, D52. A whole device on a card in a thread of this process; no EAL.
#include "card/faults.hpp"
#include "qaic/bus/in_process.hpp"
#include "qaic/device.hpp"
#include "qaic/mldev_fast.hpp"
#include "qaic/waiting.hpp"
#include "support/programs.hpp"
#include "support/std_thread.hpp"
#include <cstdlib>
#include <gtest/gtest.h>

namespace test {
namespace {
using namespace qaic;
using Time = std::chrono::steady_clock;

constexpr std::uint32_t bytes = 64;

class Msi : public ::testing::Test {
  protected:
    static void ok(const Result<void>& r) { ASSERT_TRUE(r) << r.error().message(); }
    void SetUp() override
    {
        ASSERT_NE(std::getenv("QAIC_TEST_FIRMWARE"), nullptr);
        run();
        DeviceConfig c;
        c.controller.firmware_path = {std::getenv("QAIC_TEST_FIRMWARE")};
        c.op_timeout = 100s;
        c.tsc_hz = 1'000'000'000;
        auto plugged = std::make_unique<InProcessBus>(link, "aic0");
        bus = plugged.get();
        device = std::make_unique<Device>(std::move(plugged), c);
        ok(device->attach());
        ok(device->configure(1, 2));
        auto pair = device->setup_queue_pair(0, 16, nullptr);
        ASSERT_TRUE(pair) << pair.error().message();
        qp = *pair;
        ok(device->start());
        const auto model = device->load_model(program);
        ASSERT_TRUE(model) << model.error().message();
        ok(device->start_model(*model));
        make_operation(*model);
        auto made = CompletionWaiter::make(*bus);
        ASSERT_TRUE(made) << made.error().message();
        waiter = std::move(*made);
    }
    void TearDown() override
    {
        waiter.reset();
        memory.release();
        device.reset();
        link.stop();
    }
    void run() { ok(link.start(std_thread_starter(), {.spins = 50, .sleep = 20us})); }
    void with_card(const std::function<void(card::Card&)>& what)
    {
        link.stop();
        what(link.card());
        run();
    }
    void make_operation(std::uint16_t model)
    {
        auto m = bus->dma_alloc(std::size_t{2} * bytes, 4096, "operation");
        ASSERT_TRUE(m) << m.error().message();
        memory = std::move(*m);
        for (unsigned i = 0; i < 2; ++i) {
            segment[i].addr = memory.data() + std::size_t{i} * bytes;
            segment[i].iova_addr = memory.iova().value + std::uint64_t{i} * bytes;
            segment[i].length = bytes, list[i] = &segment[i];
        }
        op.model_id = model, op.nb_batches = 1, op.input = &list[0], op.output = &list[1];
    }
    [[nodiscard]] bool enqueue()
    {
        rte_ml_op* p = &op;
        return fast::enqueue_burst(*qp, &p, 1) == 1;
    }
    [[nodiscard]] bool dequeue()
    {
        rte_ml_op* p = nullptr;
        return fast::dequeue_burst(*qp, &p, 1) == 1 && p == &op && op.status == RTE_ML_OP_STATUS_SUCCESS;
    }
    /// One inference by a thread that sleeps as the API says, at most `limit` at a time.
    [[nodiscard]] bool infer_asleep(Nanos limit)
    {
        if (!enqueue()) return false;
        for (const auto end = Time::now() + 20s; Time::now() < end;) {
            if (dequeue()) return true;
            if (!waiter->arm(*qp)) continue;
            if (dequeue()) return true;
            (void)waiter->sleep(limit);
        }
        return false;
    }

    const Bytes program = echo_program(bytes);
    SteadyClock clock;
    InProcessLink link{{.ready_delay = 1ms}, clock};
    InProcessBus* bus = nullptr;
    std::unique_ptr<Device> device;
    QueuePair* qp = nullptr;
    std::unique_ptr<CompletionWaiter> waiter;
    DmaMemory memory;
    rte_ml_op op{};
    rte_ml_buff_seg segment[2]{};
    rte_ml_buff_seg* list[2]{};
};

TEST_F(Msi, AStormWakesASleeperLessThanAThousandTimesASecond)
{
    ASSERT_TRUE(infer_asleep(10ms));
    with_card([](card::Card& c) { c.faults().storm_msi(1); });
    const auto before = link.msi_count(1);
    const auto began = Time::now();
    while (Time::now() - began < 500ms) {
        if (!waiter->arm(*qp)) continue;
        ASSERT_FALSE(dequeue());
        (void)waiter->sleep(10ms);
    }
    const std::chrono::duration<double> took = Time::now() - began;
    EXPECT_GT(link.msi_count(1) - before, 1000u) << "that was no storm";
    EXPECT_GT(waiter->wakeups_for_nothing(), 0u) << "and nobody noticed";
    EXPECT_GT(waiter->moderated(), 0u);
    EXPECT_LT(static_cast<double>(waiter->wakeups_for_nothing()) / took.count(), 1000.0);

    // Nothing is lost, neither by who sleeps nor by who polls, and the control path goes on.
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(infer_asleep(10ms)) << i;
    ASSERT_TRUE(enqueue());
    const auto end = Time::now() + 20s;
    bool back = false;
    while (!(back = dequeue()) && Time::now() < end) std::this_thread::yield();
    EXPECT_TRUE(back);
    const auto second = device->load_model(program);
    ASSERT_TRUE(second) << second.error().message();
    ok(device->start_model(*second));
    ok(device->stop_model(*second));
    ok(device->unload_model(*second));
    EXPECT_FALSE(device->housekeep());
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_EQ(device->counters().faults, 0u);

    with_card([](card::Card& c) { c.faults().storm_msi(0); });
    std::this_thread::sleep_for(200ms); // longer than what the storm is judged by
    ASSERT_TRUE(infer_asleep(10ms));
    const auto moderated = waiter->moderated();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(infer_asleep(10ms)) << i;
    EXPECT_EQ(waiter->moderated(), moderated) << "the storm is over";
}

TEST_F(Msi, ALostOneCostsTheSleepersLimit)
{
    ASSERT_TRUE(infer_asleep(10ms));
    with_card([](card::Card& c) { c.faults().lose_msi(true); });
    while (waiter->sleep(1ms)) {
    } // news of the past
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(waiter->arm(*qp));
        ASSERT_TRUE(enqueue());
        bool back = false;
        for (const auto end = Time::now() + 20s; !back && Time::now() < end;) {
            const auto began = Time::now();
            ASSERT_FALSE(waiter->sleep(10ms)) << "there are no MSIs";
            EXPECT_GE(Time::now() - began, 10ms);
            back = dequeue(); // the poll after the sleep finds it
        }
        ASSERT_TRUE(back) << i;
    }
    std::uint64_t lost = 0;
    with_card([&](card::Card& c) { lost = c.faults().dma().msi_lost, c.faults().lose_msi(false); });
    EXPECT_GE(lost, 5u);
    ASSERT_TRUE(infer_asleep(20s)) << "and then they are back";
}

TEST_F(Msi, VectorsThatNobodyAskedForAreIgnored)
{
    for (unsigned vector = 0; vector < 64; ++vector) link.raise_msi(vector);
    EXPECT_EQ(link.msi_count(40), 0u);
    EXPECT_GE(link.msi_count(31), 1u) << "counted";
    EXPECT_FALSE(device->housekeep());
    EXPECT_TRUE(infer_asleep(10ms));
}

} // namespace
} // namespace test
