// SPDX-License-Identifier: BSD-3-Clause
// A dequeue thread that sleeps: what wakes it, and what must not let it sleep.
#include "../mldev/fixture.hpp"
#include "qaic/ml_device.hpp"
#include "qaic/register_text.hpp"
#include "qaic/rte_pmd_qaic_wait.h"
#include "qaic/waiting.hpp"
#include <ctime>

namespace test {
namespace {
using namespace std::chrono_literals;
using qaic::CompletionWaiter;

qaic::Nanos cpu_time()
{
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

class Waiting : public MlTest {
  protected:
    static constexpr auto forever = 20s;

    static qaic::QueuePair& pair_of(std::int16_t id, std::uint16_t qp = 0)
    {
        return *static_cast<qaic::QueuePair*>(rte_ml_dev_pmd_get_dev(id)->data->queue_pairs[qp]);
    }
    static std::unique_ptr<CompletionWaiter> waiter(std::int16_t id)
    {
        auto made = CompletionWaiter::make(qaic::device_of(rte_ml_dev_pmd_get_dev(id)).bus());
        EXPECT_TRUE(made) << made.error().message();
        return made ? std::move(*made) : nullptr;
    }
    /// As an application does it: arm, poll once more, sleep. The operation, or nullptr after `forever`.
    static rte_ml_op* sleep_for_one(std::int16_t id, CompletionWaiter& w, std::uint16_t qp = 0)
    {
        rte_ml_op* op = nullptr;
        const auto end = std::chrono::steady_clock::now() + forever;
        while (rte_ml_dequeue_burst(id, qp, &op, 1) == 0) {
            if (std::chrono::steady_clock::now() >= end) return nullptr;
            if (!w.arm(pair_of(id, qp))) continue;
            if (rte_ml_dequeue_burst(id, qp, &op, 1) == 1) break;
            (void)w.sleep(forever);
        }
        return op;
    }
    static void enqueue(std::int16_t id, Op& op, std::uint16_t qp = 0)
    {
        rte_ml_op* p = &op.op;
        ASSERT_EQ(rte_ml_enqueue_burst(id, qp, &p, 1), 1);
    }
};

TEST_F(Waiting, AnAnswerWakesAndTheCpuRests)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 200'000'000), &model); // 200 ms
    auto w = waiter(card.id);
    Op op(model, 64, 64);
    enqueue(card.id, op);
    const auto began = std::chrono::steady_clock::now();
    const auto cpu = cpu_time();
    ASSERT_EQ(sleep_for_one(card.id, *w), &op.op);
    EXPECT_EQ(op.op.status, RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_LT(std::chrono::steady_clock::now() - began, forever / 2)
        << "it was the limit that woke, not the card";
    EXPECT_LT(cpu_time() - cpu, 100ms) << "that was no sleep";
}

TEST_F(Waiting, EveryAnswerWakesAgain)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    auto w = waiter(card.id);
    Op op(model, 64, 64);
    const auto began = std::chrono::steady_clock::now();
    // Fewer than the responses that are acknowledged at once, and more than those: either way the FIFO looks
    // non-empty to the card until somebody arms.
    for (int i = 0; i < 200; ++i) {
        enqueue(card.id, op);
        ASSERT_EQ(sleep_for_one(card.id, *w), &op.op) << i;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, forever / 2) << "a wake-up was lost";
}

TEST_F(Waiting, WhatIsSubmittedDuringTheSleepWakesToo)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    auto w = waiter(card.id);
    Op op(model, 64, 64);
    ASSERT_EQ(infer(card.id, op), RTE_ML_OP_STATUS_SUCCESS);
    ASSERT_TRUE(w->arm(pair_of(card.id)));
    std::thread later([&] {
        std::this_thread::sleep_for(20ms);
        enqueue(card.id, op);
    });
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(sleep_for_one(card.id, *w), &op.op);
    EXPECT_LT(std::chrono::steady_clock::now() - began, forever / 2);
    later.join();
}

TEST_F(Waiting, ArmRefusesWhileSomethingIsThere)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    auto w = waiter(card.id);
    EXPECT_TRUE(w->arm(pair_of(card.id)));
    Op op(model, 64, 64), bad(99, 64, 64);
    enqueue(card.id, op);
    auto& bus = qaic::device_of(rte_ml_dev_pmd_get_dev(card.id)).bus();
    const auto end = std::chrono::steady_clock::now() + forever;
    unsigned dbc = 0; // the one whose tail moves
    while (qaic::read_dbc_registers(bus, dbc).rsptp == 0 && std::chrono::steady_clock::now() < end)
        dbc = (dbc + 1) % aic100::dbc_count;
    EXPECT_FALSE(w->arm(pair_of(card.id))) << "a response is waiting";
    ASSERT_EQ(dequeue(card.id, 1).size(), 1u);
    EXPECT_TRUE(w->arm(pair_of(card.id)));
    enqueue(card.id, bad);
    EXPECT_FALSE(w->arm(pair_of(card.id))) << "a refused operation is waiting";
    ASSERT_EQ(dequeue(card.id, 1).size(), 1u);
}

TEST_F(Waiting, NothingMeansTheLimit)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    auto w = waiter(card.id);
    ASSERT_TRUE(w->arm(pair_of(card.id)));
    while (w->sleep(1ms)) {
    } // news of the past
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(w->sleep(5ms));
    EXPECT_GE(std::chrono::steady_clock::now() - began, 5ms);
}

TEST_F(Waiting, QueuePairsOfOneChannelDoNotTakeEachOthersNews)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model, 2);
    std::atomic<int> done{0};
    const auto work = [&](std::uint16_t qp) {
        auto w = waiter(card.id);
        Op op(model, 64, 64);
        for (int i = 0; i < 200; ++i) {
            enqueue(card.id, op, qp);
            if (sleep_for_one(card.id, *w, qp) != &op.op) return;
        }
        ++done;
    };
    const auto began = std::chrono::steady_clock::now();
    std::thread other([&] { work(1); });
    work(0);
    other.join();
    EXPECT_EQ(done, 2);
    EXPECT_LT(std::chrono::steady_clock::now() - began, forever / 2) << "a wake-up was lost";
}

TEST_F(Waiting, TheNativeApiDoesTheSame)
{
    Plugged card;
    EXPECT_EQ(rte_pmd_qaic_wait_fd_get(60, 0), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_wait_arm(card.id, 0), 0) << "no fd was asked for";
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    const int fd = rte_pmd_qaic_wait_fd_get(card.id, 0);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(rte_pmd_qaic_wait_fd_get(card.id, 0), fd);
    EXPECT_EQ(rte_pmd_qaic_wait_fd_get(card.id, 1), -EINVAL);
    Op op(model, 64, 64);
    rte_ml_op* back = nullptr;
    for (int i = 0; i < 50; ++i) {
        enqueue(card.id, op);
        const auto end = std::chrono::steady_clock::now() + forever;
        while (rte_ml_dequeue_burst(card.id, 0, &back, 1) == 0) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << i;
            if (rte_pmd_qaic_wait_arm(card.id, 0) != 1) continue;
            if (rte_ml_dequeue_burst(card.id, 0, &back, 1) == 1) break;
            EXPECT_EQ(rte_pmd_qaic_wait(card.id, 0, 20'000'000), 1) << i;
        }
        ASSERT_EQ(back, &op.op);
    }
    // A light sleep first: with or without help of the CPU the answer ends it.
    EXPECT_EQ(rte_pmd_qaic_wait_light_set(card.id, 0, 1001), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_wait_light_set(card.id, 1, 1), -EINVAL);
    const int kind = rte_pmd_qaic_wait_light_set(card.id, 0, 1000);
    EXPECT_GE(kind, 0);
    EXPECT_LE(kind, 2);
    for (int i = 0; i < 50; ++i) {
        enqueue(card.id, op);
        const auto end = std::chrono::steady_clock::now() + forever;
        while (rte_ml_dequeue_burst(card.id, 0, &back, 1) == 0) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << i;
            if (rte_pmd_qaic_wait_arm(card.id, 0) == 1) (void)rte_pmd_qaic_wait(card.id, 0, 20'000'000);
        }
    }
    ASSERT_EQ(rte_ml_model_stop(card.id, model), 0);
    ASSERT_EQ(rte_ml_dev_stop(card.id), 0);
    ASSERT_EQ(configure(card.id), 0);
    EXPECT_EQ(rte_pmd_qaic_wait_arm(card.id, 0), 0) << "the queue pair is gone";
    EXPECT_EQ(rte_pmd_qaic_wait(card.id, 0, 1000), 0);
}

} // namespace
} // namespace test
