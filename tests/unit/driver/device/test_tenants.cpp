// SPDX-License-Identifier: BSD-3-Clause
// Queue pairs lent to other processes (docs/adr/0010). The "process" is a flag: it dies wherever a test
// leaves its queue pair.
#include "fixture.hpp"
#include <thread>

namespace {
using namespace test;

struct FakeProcess final : Tenant {
    explicit FakeProcess(const bool& flag) : lives(flag) {}
    bool alive() noexcept override { return lives; }
    std::uint64_t number() const noexcept override { return 7; }
    std::string name() const override { return "process 7"; }
    const bool& lives;
};

class Tenants : public DeviceTest {
  protected:
    /// Two queue pairs on one channel, the second of them lent.
    void share_one_dbc()
    {
        bring_up(2, 1);
        start_all(1);
        lend(1);
    }
    void lend(std::uint16_t id)
    {
        auto lent = device->lend(id, std::make_unique<FakeProcess>(lives));
        ASSERT_TRUE(lent) << lent.error().message();
        EXPECT_EQ(*lent, qps[id]);
    }
    bool upkeep_until(const std::function<bool()>& done)
    {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!done() && std::chrono::steady_clock::now() < end) {
            if (device->housekeep()) device->recover();
            bus->relax(100us);
        }
        return done();
    }
    /// Queue pair `id` is the primary's again, empty, with `canceled` operations counted, and works.
    void expect_taken_back(std::uint16_t id, std::uint64_t canceled)
    {
        ASSERT_TRUE(upkeep_until([&] { return qps[id]->in_flight() == 0 && device->lend(id, nullptr); }));
        EXPECT_EQ(qps[id]->canceled.load(), canceled);
        EXPECT_EQ(qps[id]->failed.load(), canceled);
        expect_good(id);
    }
    void expect_good(std::uint16_t id)
    {
        ASSERT_TRUE(upkeep_until([&] { return device->state() == DeviceState::ONLINE; }));
        Ops ops(*bus, 16, 0);
        ASSERT_EQ(enqueue(*qps[id], ops), 16);
        ASSERT_EQ(collect(*qps[id], ops, 16), 16u);
        for (std::size_t i = 0; i < 16; ++i) EXPECT_TRUE(ops.echoed(i)) << i;
    }
    bool lives = true;
};

TEST_F(Tenants, OnlyAnIdleQueuePairOfAStartedDeviceIsLentOnce)
{
    bring_up(2, 1);
    EXPECT_EQ(device->lend(1, std::make_unique<FakeProcess>(lives)).error().code, Code::E_INVAL);
    start_all(1);
    EXPECT_EQ(device->lend(2, std::make_unique<FakeProcess>(lives)).error().code, Code::E_INVAL);
    Ops ops(*bus, 1, 0);
    ASSERT_EQ(enqueue(*qps[1], ops), 1);
    EXPECT_EQ(device->lend(1, std::make_unique<FakeProcess>(lives)).error().code, Code::E_BUSY);
    ASSERT_EQ(collect(*qps[1], ops, 1), 1u);
    lend(1);
    EXPECT_EQ(device->lend(1, std::make_unique<FakeProcess>(lives)).error().code, Code::E_BUSY);
    EXPECT_EQ(device->take_back(1, 8).error().code, Code::E_INVAL);
    ok(device->take_back(1, 7));
    lend(1);
    ok(device->stop(0));
    EXPECT_EQ(device->configure(1, 1).error().code, Code::E_BUSY);
    EXPECT_EQ(device->release_queue_pair(1).error().code, Code::E_BUSY);
    EXPECT_EQ(device->close(false, 0).error().code, Code::E_BUSY);
    ok(device->take_back(1, 7));
    ok(device->configure(1, 1));
}

TEST_F(Tenants, OfOneThatDiedBetweenBurstsNothingIsFenced)
{
    share_one_dbc();
    Ops theirs(*bus, 5, 0), ours(*bus, 4, 0);
    ASSERT_EQ(enqueue(*qps[1], theirs), 5);
    ASSERT_EQ(enqueue(*qps[0], ours), 4);
    lives = false;
    expect_taken_back(1, 5);
    EXPECT_EQ(collect(*qps[0], ours, 4), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(ours.echoed(i)) << i;
    EXPECT_EQ(device->counters().fences, 0u);
}

TEST_F(Tenants, OneThatDiedInsideABurstOfASharedDbcDisturbsNobody)
{
    share_one_dbc();
    Ops theirs(*bus, 3, 0), ours(*bus, 4, 0);
    ASSERT_EQ(enqueue(*qps[1], theirs), 3);
    ASSERT_EQ(enqueue(*qps[0], ours), 4);
    qps[1]->enqueue_mark.enter();
    lives = false;
    expect_taken_back(1, 3);
    EXPECT_EQ(collect(*qps[0], ours, 4), 4u);
    EXPECT_EQ(device->counters().fences, 0u);
    EXPECT_FALSE(qps[1]->enqueue_mark.inside());
}

TEST_F(Tenants, AReservationThatWasNeverPublishedIsFenced)
{
    share_one_dbc();
    Ops theirs(*bus, 3, 0), ours(*bus, 4, 0);
    ASSERT_EQ(enqueue(*qps[1], theirs), 3);
    qps[1]->enqueue_mark.enter();
    (*qps[1]->lanes.load()).lanes[0]->channel->tail.fetch_add(2);
    lives = false;
    expect_taken_back(1, 3);
    EXPECT_EQ(device->counters().fences, 1u);
    EXPECT_EQ(device->counters().reactivations, 1u);
    expect_good(0);
}

TEST_F(Tenants, ADrainThatWasNeverEndedLosesNobodysOperation)
{
    share_one_dbc();
    Ops ours(*bus, 6, 0);
    ASSERT_EQ(enqueue(*qps[0], ours), 6);
    for (int i = 0; i < 100; ++i) bus->relax(100us); // answered, and not yet looked at
    auto& channel = *qps[0]->lanes.load()->lanes[0]->channel;
    qps[1]->dequeue_mark.enter();
    channel.draining = true;
    // It took a response and died before it handed it over: the slot is neither live nor in a ring.
    for (std::uint32_t s = 0; s < channel.slot_count; ++s)
        if (auto& state = channel.slots[s].state; (state.load() & dbc::live_bit) != 0) {
            state.store(state.load() & 0xffff);
            break;
        }
    lives = false;
    ASSERT_TRUE(upkeep_until([&] { return qps[1]->canceled == 0 && !qps[1]->dequeue_mark.inside(); }));
    ASSERT_EQ(collect(*qps[0], ours, 6, true), 6u);
    EXPECT_EQ(ours.returned_once(), 6u);
    EXPECT_EQ(ours.fate(0).code, Code::E_RESET);
    expect_good(0);
    expect_good(1);
}

TEST_F(Tenants, ADbcOfItsOwnIsFencedWhenItDiedInsideABurst)
{
    auto c = config();
    c.instances = 2;
    bring_up(2, 1, nullptr, 16, c);
    start_all(1);
    for (int round = 0; round < 5; ++round) { // more often than a card's faults are forgiven
        lives = true;
        lend(1);
        Ops theirs(*bus, 4, 0), ours(*bus, 4, 0);
        ASSERT_EQ(enqueue(*qps[1], theirs), 4);
        ASSERT_EQ(enqueue(*qps[0], ours), 4);
        qps[1]->enqueue_mark.enter();
        lives = false;
        ASSERT_TRUE(upkeep_until([&] { return qps[1]->in_flight() == 0; }));
        EXPECT_EQ(collect(*qps[0], ours, 4), 4u);
        expect_good(1);
        EXPECT_EQ(device->counters().fences, static_cast<unsigned>(round + 1));
    }
    EXPECT_EQ(qps[1]->canceled.load(), 20u);
}

TEST_F(Tenants, AProducerDoesNotWaitForADeadOnesTurn)
{
    bring_up(2, 1);
    start_all(1);
    auto& channel = *qps[0]->lanes.load()->lanes[0]->channel;
    channel.tail.fetch_add(2);
    channel.raise(dbc::Guard::OWNER);
    channel.state = dbc::ChannelState::ACTIVE; // as its burst saw it when it began
    std::thread control([&] {
        std::this_thread::sleep_for(20ms);
        channel.state = dbc::ChannelState::FAULTED;
    });
    Ops ours(*bus, 1, 0);
    EXPECT_EQ(enqueue(*qps[0], ours), 1); // returns
    control.join();
    EXPECT_EQ(collect(*qps[0], ours, 1, true), 1u);
    EXPECT_EQ(ours.fate(0).code, Code::E_RESET);
}

TEST_F(Tenants, ADeviceThatIsTakenAwayLeavesThemAQueuePairOfNothing)
{
    share_one_dbc();
    ok(device->close(true, 0));
    Ops theirs(*bus, 1, 0);
    EXPECT_EQ(enqueue(*qps[1], theirs), 1);
    EXPECT_EQ(dequeue(*qps[1], theirs), 1);
    EXPECT_NE(theirs.ops[0].status, RTE_ML_OP_STATUS_SUCCESS);
    auto* const left = qps[1]; // for ever, but not for LeakSanitizer
    std::destroy_at(left);
    std::pmr::new_delete_resource()->deallocate(left, sizeof *left, alignof(QueuePair));
}

} // namespace
