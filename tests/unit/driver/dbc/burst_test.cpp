// SPDX-License-Identifier: BSD-3-Clause
// Enqueue and dequeue bursts: what is accepted, what is completed with ERROR, and that the counts always
// balance.
#include "burst_rig.hpp"
#include <thread>

namespace {
using namespace qaic;
using dbc::Guard;
using test_dbc::Rig;

TEST(Burst, FillsTheElementsOfEachOperation)
{
    Rig rig(8);
    rig.ops[1].in.iova_addr = 0x55000;
    ASSERT_EQ(rig.enqueue(2), 2);
    EXPECT_EQ(rig.card.request(0).source, 0x10000u);
    EXPECT_EQ(rig.card.request(0).destination, 0x1000u);
    EXPECT_EQ(rig.card.request(1).source, 0x1000u);
    EXPECT_EQ(rig.card.request(1).destination, 0x20000u);
    EXPECT_EQ(rig.card.request(2).source, 0x55000u);
    EXPECT_EQ(rig.card.request(0).req_id, rig.card.request(1).req_id);
    EXPECT_NE(rig.card.request(0).req_id, rig.card.request(2).req_id);
    EXPECT_EQ(rig.queue->channel().doorbells, 1u) << "one doorbell a burst";
    rig.card.poll();
    const auto done = rig.dequeue();
    ASSERT_EQ(done.size(), 2u);
    EXPECT_EQ(done[0]->status, RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(rig.qp.in_flight(), 0u);
}

TEST(Burst, AcceptsExactlyNbDesc)
{
    for (const std::uint16_t depth : {1, 3, 17}) {
        Rig rig(depth);
        EXPECT_EQ(rig.enqueue(64), depth);
        EXPECT_EQ(rig.enqueue(1, 60), 0);
        rig.card.poll();
        EXPECT_EQ(rig.dequeue(1).size(), 1u);
        EXPECT_EQ(rig.enqueue(2, 60), 1);
        EXPECT_EQ(rig.qp.full.load(), 3u);
    }
}

TEST(Burst, InvalidOperationsAreAcceptedAndComeBackWithTheirRule)
{
    using Break = void (*)(Rig::Op&);
    const std::pair<OpRule, Break> cases[] = {
        {OpRule::MODEL, [](Rig::Op& o) { o.op.model_id = 2; }},
        {OpRule::MODEL, [](Rig::Op& o) { o.op.model_id = 0xffff; }},
        {OpRule::BATCHES, [](Rig::Op& o) { o.op.nb_batches = 0; }},
        {OpRule::BATCHES, [](Rig::Op& o) { o.op.nb_batches = 2; }},
        {OpRule::NO_BUFFER, [](Rig::Op& o) { o.op.input = nullptr; }},
        {OpRule::NO_BUFFER, [](Rig::Op& o) { o.out_ptr = nullptr; }},
        {OpRule::SEGMENTS, [](Rig::Op& o) { o.in.next = &o.in; }},
        {OpRule::INPUT_SIZE, [](Rig::Op& o) { o.in.length = 31; }},
        {OpRule::OUTPUT_SIZE, [](Rig::Op& o) { o.out.length = 15; }},
        {OpRule::IOVA, [](Rig::Op& o) { o.in.iova_addr = RTE_BAD_IOVA; }},
    };
    for (const auto& [rule, spoil] : cases) {
        Rig rig(8);
        spoil(rig.ops[1]);
        ASSERT_EQ(rig.enqueue(3), 3) << "an invalid operation must not look like a full queue";
        rig.card.poll();
        const auto done = rig.dequeue();
        ASSERT_EQ(done.size(), 3u);
        unsigned errors = 0;
        for (auto* op : done) {
            if (op->status == RTE_ML_OP_STATUS_SUCCESS) continue;
            EXPECT_EQ(op, &rig.ops[1].op);
            EXPECT_EQ(OpFate::unpack(op->impl_opaque).rule, static_cast<std::uint8_t>(rule));
            ++errors;
        }
        EXPECT_EQ(errors, 1u);
        EXPECT_EQ(rig.qp.failed.load(), 1u);
    }
}

/// An application that goes on submitting operations that are refused still gets the others back.
TEST(Burst, RefusedOperationsDoNotStarveTheOthers)
{
    for (const std::uint16_t burst : {1, 8}) {
        Rig rig(64);
        ASSERT_EQ(rig.enqueue(8), 8);
        rig.card.poll();
        for (std::uint16_t i = 8; i < 64; ++i) rig.ops[i].op.nb_batches = 9;
        unsigned good = 0;
        for (unsigned round = 0; round < 40 && good < 8; ++round) {
            rig.enqueue(burst, 16);
            for (const auto* op : rig.dequeue(burst)) good += op->status == RTE_ML_OP_STATUS_SUCCESS;
        }
        EXPECT_EQ(good, 8u) << burst;
    }
}

TEST(Burst, CardErrorReachesTheOperation)
{
    Rig rig(4);
    rig.enqueue(1);
    rig.card.answer(rig.card.fetch().at(0), 7);
    const auto done = rig.dequeue();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0]->status, RTE_ML_OP_STATUS_ERROR);
    const auto fate = OpFate::unpack(done[0]->impl_opaque);
    EXPECT_EQ(fate.code, Code::E_DMA);
    EXPECT_EQ(fate.card_code, 7);
}

TEST(Burst, NothingIsHandedBackBeforeTheFenceAndAllOfItAfter)
{
    Rig rig(8, 2); // a limit of two cycles: everything is late at once
    rig.enqueue(5);
    EXPECT_TRUE(rig.dequeue().empty());
    while (rig.queue->channel().active()) EXPECT_TRUE(rig.dequeue().empty());
    EXPECT_EQ(rig.queue->channel().fault.guard, Guard::DEADLINE);
    EXPECT_TRUE(rig.dequeue().empty()) << "the card may still write into these buffers";
    EXPECT_EQ(rig.enqueue(1, 10), 1) << "accepted, to come back with ERROR";
    rig.queue->set_fenced();
    std::size_t timeouts = 0, rejected = 0;
    for (const auto* op : rig.dequeue()) {
        ASSERT_EQ(op->status, RTE_ML_OP_STATUS_ERROR);
        const auto fate = OpFate::unpack(op->impl_opaque);
        fate.rule != 0 ? ++rejected : ++timeouts;
        EXPECT_TRUE(fate.rule != 0 || fate.code == Code::E_TIMEOUT);
    }
    EXPECT_EQ(timeouts, 5u);
    EXPECT_EQ(rejected, 1u);
    EXPECT_EQ(rig.qp.in_flight(), 0u);
    EXPECT_TRUE(rig.dequeue().empty());
}

TEST(Burst, QuiesceWaitsForABurstThatIsInside)
{
    ASSERT_TRUE(quiesce_setup());
    Rig rig(4);
    ASSERT_TRUE(quiesce(rig.bus, rig.qp, 1s));
    rig.qp.dequeue_mark.enter();
    const auto refused = quiesce(rig.bus, rig.qp, 5ms);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::E_BUSY);
    rig.qp.dequeue_mark.leave();
    EXPECT_TRUE(quiesce(rig.bus, rig.qp, 1s));
}

/// One thread enqueues, another dequeues, as dpdk-test-mldev does; the card answers from a third.
TEST(Burst, TwoThreadsOnOneQueuePairBalance)
{
    Rig rig(32);
    constexpr std::uint64_t total = 100'000;
    std::atomic<bool> stop{false};
    std::thread card([&] {
        while (!stop.load(std::memory_order_relaxed))
            if (rig.card.poll() == 0) std::this_thread::yield();
    });
    dbc::SpscRing<rte_ml_op*> idle; // from the dequeue thread back to the enqueue thread
    idle.reset(128);                // an operation may be back before the producer has counted it out
    for (auto& o : rig.ops) ASSERT_TRUE(idle.push(&o.op));
    std::thread producer([&] {
        for (std::uint64_t sent = 0; sent < total;) {
            const auto n =
                idle.available(static_cast<std::uint32_t>(std::min<std::uint64_t>(8, total - sent)));
            std::array<rte_ml_op*, 8> burst{};
            for (std::uint32_t i = 0; i < n; ++i) burst[i] = idle.peek(i);
            const auto taken = fast::enqueue_burst(rig.qp, burst.data(), static_cast<std::uint16_t>(n));
            idle.consume(taken);
            sent += taken;
            if (taken == 0) std::this_thread::yield();
        }
    });
    std::uint64_t back = 0;
    while (back < total && rig.queue->channel().active()) {
        const auto done = rig.dequeue(16);
        for (auto* op : done) {
            ASSERT_EQ(op->status, RTE_ML_OP_STATUS_SUCCESS);
            ASSERT_TRUE(idle.push(op)) << "an operation came back twice";
        }
        back += done.size();
        if (done.empty()) std::this_thread::yield();
    }
    producer.join();
    stop = true;
    card.join();
    EXPECT_EQ(back, total);
    EXPECT_EQ(rig.qp.in_flight(), 0u);
}
} // namespace
