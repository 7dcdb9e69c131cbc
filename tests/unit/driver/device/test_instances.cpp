// SPDX-License-Identifier: BSD-3-Clause
// Several activations of a model: queue pair q feeds instance q % N, and what happens to one stays with it.
#include "recovery_fixture.hpp"

namespace test {
namespace {

class Instances : public RecoveryTest {
  protected:
    void bring_up_with(unsigned instances, unsigned pairs, unsigned models = 1)
    {
        auto c = config();
        c.instances = instances;
        bring_up(pairs, models, nullptr, 64, c);
    }
    /// DBC -> elements the card has executed for it.
    std::map<unsigned, std::uint64_t> active()
    {
        std::map<unsigned, std::uint64_t> out;
        for (unsigned d = 0; d < aic100::dbc_count; ++d)
            if (const auto view = qsm().dbc(d); view.active) out[d] = view.executed;
        return out;
    }
};

TEST_F(Instances, QueuePairsAreSpreadOverTheDbcs)
{
    bring_up_with(2, 5);
    start_all(1);
    ASSERT_EQ(active().size(), 2u);
    EXPECT_EQ(device->model_counters(0)->activations, 2u);
    for (unsigned q = 0; q < 5; ++q) {
        const auto before = active();
        expect_good(0, 64, q);
        std::vector<unsigned> moved;
        for (const auto& [dbc, n] : active())
            if (n != before.at(dbc)) moved.push_back(dbc);
        EXPECT_EQ(moved, std::vector<unsigned>{q % 2}) << q;
    }
    const auto counters = device->model_counters(0);
    EXPECT_EQ(counters->submitted, 5u * 64);
    EXPECT_EQ(counters->in_flight, 0u);
    ok(device->stop_model(0));
    EXPECT_TRUE(active().empty());
    ok(device->start_model(0));
    expect_good(0, 64, 4);
}

TEST_F(Instances, AFaultStaysWithItsInstance)
{
    bring_up_with(2, 4);
    start_all(1);
    qsm().freeze(1, true);
    Ops hung(*bus, 3, 0), also(*bus, 2, 0);
    ASSERT_EQ(enqueue(*qps[1], hung), 3);
    ASSERT_EQ(enqueue(*qps[3], also), 2);
    const auto end = std::chrono::steady_clock::now() + 20s;
    std::size_t back = 0;
    while (back < 5 && std::chrono::steady_clock::now() < end) {
        expect_good(0, 8, 0);
        expect_good(0, 8, 2);
        back += dequeue(*qps[1], hung) + dequeue(*qps[3], also);
        if (device->housekeep()) device->recover();
    }
    EXPECT_EQ(back, 5u);
    EXPECT_EQ(hung.returned_once() + also.returned_once(), 5u);
    EXPECT_EQ(device->counters().faults, 1u);
    EXPECT_EQ(told(DeviceEventKind::DBC_QUARANTINED), 1u);
    EXPECT_EQ(told(DeviceEventKind::DBC_RESTORED), 1u);
    qsm().freeze(1, false);
    for (unsigned q = 0; q < 4; ++q) expect_good(0, 64, q);
    EXPECT_EQ(device->counters().card_losses, 0u);
}

TEST_F(Instances, RestartOfOneIsDegraded)
{
    bring_up_with(4, 4);
    start_all(1);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    qsm().freeze(2, true);
    Ops ops(*bus, 3, 0);
    ASSERT_EQ(enqueue(*qps[2], ops), 3);
    faults().start_ssr(2, false);
    bool degraded = false;
    for (int i = 0; i < 1000 && device->counters().reactivations == 0; ++i) {
        degraded |= device->state() == DeviceState::DEGRADED;
        upkeep(1ms);
        for (unsigned q : {0u, 1u, 3u}) expect_good(0, 4, q);
    }
    EXPECT_TRUE(degraded);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_EQ(collect(*qps[2], ops, 3), 3u);
    expect_all(ops, Code::E_SSR);
    qsm().freeze(2, false);
    expect_good(0, 100, 2);
    EXPECT_EQ(told(DeviceEventKind::SSR), 4u);
    EXPECT_EQ(events.front().model, 0u);
}

TEST_F(Instances, AllOrNone)
{
    bring_up_with(1, 16, 2);
    ok(device->start());
    ok(device->set_instances(0, 9));
    ok(device->set_instances(1, 8));
    ok(device->start_model(0));
    EXPECT_EQ(active().size(), 9u);
    EXPECT_EQ(device->set_instances(0, 1).error().code, Code::E_BUSY);
    EXPECT_FALSE(device->start_model(1)) << "17 DBCs";
    EXPECT_EQ(active().size(), 9u) << "nothing is left of it";
    ok(device->set_instances(1, 7));
    ok(device->start_model(1));
    EXPECT_EQ(active().size(), 16u);
    for (unsigned q = 0; q < 16; ++q) expect_good(1, 8, q);
    EXPECT_EQ(device->set_instances(1, 17).error().code, Code::E_INVAL);
    EXPECT_EQ(device->set_instances(3, 1).error().code, Code::E_INVAL);
}

TEST_F(Instances, NeverMoreThanQueuePairs)
{
    bring_up_with(16, 3);
    start_all(1);
    EXPECT_EQ(active().size(), 3u);
    for (unsigned q = 0; q < 3; ++q) expect_good(0, 64, q);
    ok(device->stop(0));
    ok(device->start());
    for (unsigned q = 0; q < 3; ++q) expect_good(0, 64, q);
}

TEST_F(Instances, ComeBackWithTheCard)
{
    bring_up_with(3, 4);
    start_all(1);
    lose_and_recover();
    EXPECT_EQ(active().size(), 3u);
    for (unsigned q = 0; q < 4; ++q) expect_good(0, 1000, q);
    EXPECT_EQ(device->model_counters(0)->activations, 6u);
}

} // namespace
} // namespace test
