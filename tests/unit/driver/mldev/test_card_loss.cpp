// SPDX-License-Identifier: BSD-3-Clause
// A card that is lost under an application which knows nothing but rte_mldev, with the driver's own
// housekeeping: reliability D18, D66, H26.
#include "card/faults.hpp"
#include "fixture.hpp"
#include "qaic/bus/in_process.hpp"
#include "qaic/ml_device.hpp"
#include "support/std_thread.hpp"
#include <atomic>
#include <rte_dev.h>

namespace test {
namespace {
using qaic::DeviceEventKind;
using qaic::DeviceState;

class CardLoss : public MlTest {
  protected:
    static qaic::Device& device(const char* name = "ml_qaic_emu0")
    {
        return qaic::device_of(rte_ml_dev_pmd_get_named_dev(name));
    }
    /// Runs `what` while the card stands still.
    static void with_card(const std::function<void(card::Faults&)>& what)
    {
        auto& link = dynamic_cast<qaic::InProcessBus&>(device().bus()).link();
        link.stop();
        what(link.card().faults());
        ASSERT_TRUE(link.start(std_thread_starter()));
    }
    static bool eventually(const std::function<bool()>& holds)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!holds() && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return holds();
    }
};

TEST_F(CardLoss, TheApplicationGoesOnByItself)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model, 2);
    std::atomic<unsigned> told[qaic::device_event_kinds]{};
    device().on_event([&](const qaic::DeviceEvent& e) { ++told[static_cast<std::size_t>(e.kind)]; });
    std::vector<std::unique_ptr<Op>> ops;
    std::vector<rte_ml_op*> free;
    for (int i = 0; i < 32; ++i) {
        ops.push_back(std::make_unique<Op>(model, 64, 64));
        free.push_back(&ops.back()->op);
    }
    // Enqueue what is free, dequeue what comes; 10^5 must succeed after the loss, each operation once at a
    // time.
    constexpr unsigned wanted = 100'000;
    unsigned good = 0, lost = 0, refused = 0;
    bool crashed = false;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (good < wanted && std::chrono::steady_clock::now() < end) {
        const auto n = rte_ml_enqueue_burst(card.id, 0, free.data(), static_cast<std::uint16_t>(free.size()));
        refused += n == 0 && !free.empty();
        free.erase(free.begin(), free.begin() + n);
        if (!crashed && n != 0) {
            with_card([](card::Faults& f) { f.sys_err(false); });
            crashed = true;
        }
        rte_ml_op* back[32];
        const auto k = rte_ml_dequeue_burst(card.id, 0, back, 32);
        for (unsigned i = 0; i < k; ++i) {
            const bool once = std::find(free.begin(), free.end(), back[i]) == free.end();
            ASSERT_TRUE(once);
            free.push_back(back[i]);
            if (back[i]->status == RTE_ML_OP_STATUS_SUCCESS) {
                ++good;
                continue;
            }
            ++lost;
            rte_ml_op_error error{};
            ASSERT_EQ(rte_ml_op_error_get(card.id, back[i], &error), 0);
            EXPECT_NE(std::string(error.message).find("E_RESET"), std::string::npos) << error.message;
        }
        if (k == 0) std::this_thread::yield();
    }
    EXPECT_GE(good, wanted);
    EXPECT_LE(lost, 32u);
    EXPECT_GT(refused, 0u) << "a card on its way back takes nothing";
    EXPECT_EQ(device().counters().card_recoveries, 1u);
    EXPECT_TRUE(eventually([&] { return told[static_cast<std::size_t>(DeviceEventKind::RECOVERED)] == 1; }));
    EXPECT_EQ(told[static_cast<std::size_t>(DeviceEventKind::RECOVERING)], 1u);
    while (free.size() < ops.size())
        for (auto* op : dequeue(card.id, ops.size() - free.size())) free.push_back(op);
}

TEST_F(CardLoss, UnplugDoesNotWaitForTheBoot)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, echo(64), &model);
    with_card([](card::Faults& f) {
        f.withhold_ready(true);
        f.sys_err(true);
    });
    ASSERT_TRUE(eventually([&] { return device().state() == DeviceState::RECOVERING; }));
    EXPECT_EQ(rte_ml_model_stop(card.id, model), -EBUSY) << "at once, not when the boot is over";
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // into the boot, which waits 8 s for READY
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(card.unplug(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
}

TEST_F(CardLoss, ARequestToGiveTheCardBack)
{
    Plugged card;
    std::uint16_t model = 0;
    run(card.id, builtin(aic100::NspBuiltin::WAIT, 64, 3'600'000'000'000), &model);
    std::atomic<bool> removed{false};
    device().on_event(
        [&](const qaic::DeviceEvent& e) { removed = removed || e.kind == DeviceEventKind::REMOVED; });
    Op op(model, 64, 64);
    rte_ml_op* p = &op.op;
    ASSERT_EQ(rte_ml_enqueue_burst(card.id, 0, &p, 1), 1);
    const auto began = std::chrono::steady_clock::now();
    rte_dev_event_callback_process("ml_qaic_emu0", RTE_DEV_EVENT_REMOVE); // what EAL does on VFIO's request
    EXPECT_EQ(dequeue(card.id, 1).size(), 1u);
    EXPECT_EQ(op.op.status, RTE_ML_OP_STATUS_ERROR);
    EXPECT_TRUE(eventually([&] { return removed.load(); }));
    EXPECT_EQ(device().state(), DeviceState::REMOVED);
    EXPECT_EQ(card.unplug(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1)) << "H26";
}

TEST_F(CardLoss, InstancesAndRecoveryAreOptions)
{
    Plugged card("ml_qaic_emu0", "instances=2,recovery=off");
    std::uint16_t model = 0;
    run(card.id, echo(64), &model, 3);
    for (std::uint16_t q = 0; q < 3; ++q) {
        Op op(model, 64, 64);
        EXPECT_EQ(infer(card.id, op, q), RTE_ML_OP_STATUS_SUCCESS);
    }
    EXPECT_EQ(device().model_counters(model)->activations, 2u);
    with_card([](card::Faults& f) { f.sys_err(false); });
    EXPECT_TRUE(eventually([&] { return device().state() == DeviceState::FAILED; }));
    EXPECT_EQ(device().counters().card_recoveries, 0u);
}

} // namespace
} // namespace test
