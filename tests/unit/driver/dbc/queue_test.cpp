// SPDX-License-Identifier: BSD-3-Clause
// The queue against a card's end that answers in any order, and one that lies (guards Q-*,
// reliability.md 3.2).
#include "support/fake_bus.hpp"
#include "support/null_dbc.hpp"
#include <gtest/gtest.h>
#include <random>
#include <thread>

namespace {
using namespace qaic::dbc;
using qaic::Code;

struct QueueRig {
    explicit QueueRig(QueueConfig config, unsigned dbc = 3)
        : queue(std::move(*Queue::allocate(bus, config))), card(*queue, bus.registers(dbc)),
          plan(config.elements_per_op)
    {
        for (auto& e : plan)
            e.wire.cmd = aic100::req_cmd::BULK | aic100::req_cmd::TO_DEVICE, e.in_mask = ~0ull;
        plan.back().wire.cmd = plan.back().wire.cmd | aic100::req_cmd::RESPONSE;
        const auto bound = queue->bind(dbc, 0);
        EXPECT_TRUE(bound) << bound.error().message();
    }
    Channel& channel() { return queue->channel(); }

    /// Submits tokens first .. first + count - 1 on a lane.
    std::uint32_t submit(std::uint64_t first, std::uint32_t count, std::uint32_t lane = 0)
    {
        std::vector<Work> work;
        for (std::uint64_t i = first; i < first + count; ++i)
            work.push_back({reinterpret_cast<void*>(i), i * 16, i * 16 + 8});
        auto& l = queue->lane(lane);
        const auto n = l.submit(plan, work.data(), count);
        l.flush();
        return n;
    }
    std::vector<std::pair<std::uint64_t, std::uint16_t>> poll(std::uint32_t max = 1024,
                                                              std::uint32_t lane = 0)
    {
        std::vector<std::pair<std::uint64_t, std::uint16_t>> done;
        queue->lane(lane).poll(max, [&](std::uint32_t, void* token, std::uint16_t code) {
            done.emplace_back(reinterpret_cast<std::uint64_t>(token), code);
        });
        return done;
    }
    test::FakeBus bus;
    std::unique_ptr<Queue> queue;
    test::NullDbc card;
    std::vector<SlicePlan::Element> plan;
};

/// Every test that does not say otherwise runs with each way of learning of responses.
class DbcQueue : public testing::TestWithParam<Completions> {
  protected:
    static QueueConfig with(QueueConfig config)
    {
        config.completions = GetParam();
        return config;
    }
};
std::string mode_name(const testing::TestParamInfo<Completions>& mode)
{
    constexpr std::string_view names[] = {"memory", "confirmed", "register"};
    return std::string(names[static_cast<std::size_t>(mode.param)]);
}
INSTANTIATE_TEST_SUITE_P(, DbcQueue,
                         testing::Values(Completions::MEMORY, Completions::CONFIRMED, Completions::REGISTER),
                         mode_name);

TEST(DbcQueueSetup, SizesTheFifoSoThatSlotsBoundIt)
{
    test::FakeBus bus;
    for (const std::uint32_t depth : {1u, 2u, 7u, 256u, 4096u}) {
        auto q = Queue::allocate(bus, {.elements_per_op = 3, .depth = depth, .op_limit = 1});
        ASSERT_TRUE(q) << q.error().message();
        EXPECT_GT((*q)->elements(), 3 * depth);
        EXPECT_EQ((*q)->request_fifo().value % aic100::fifo_align, 0u);
    }
    EXPECT_EQ(Queue::allocate(bus, {.depth = 4097, .op_limit = 1}).error().code, Code::E_LIMIT);
    EXPECT_EQ(Queue::allocate(bus, {.lanes = 16, .depth = 512, .op_limit = 1}).error().code, Code::E_LIMIT);
    EXPECT_EQ(Queue::allocate(bus, {.elements_per_op = 20, .depth = 4096, .op_limit = 1}).error().code,
              Code::E_LIMIT);
    EXPECT_EQ(bus.live_allocations(), 0);
}

TEST(DbcQueueSetup, RefusesADbcWhoseFifosAreNotEmpty)
{
    test::FakeBus bus;
    auto q = std::move(*Queue::allocate(bus, {.depth = 4, .op_limit = 1}));
    bus.registers(5)[0] = 1; // REQHP behind nothing
    EXPECT_EQ(q->bind(5, 0).error().code, Code::E_PROTO);
    EXPECT_EQ(q->bind(16, 0).error().code, Code::E_PROTO);
    for (unsigned r = 0; r < 4; ++r) bus.registers(6)[r] = aic100::all_ones;
    EXPECT_EQ(q->bind(6, 0).error().code, Code::E_REMOVED);
    for (unsigned r = 0; r < 4; ++r) bus.registers(7)[r] = 2; // starting indices are read, not assumed
    EXPECT_TRUE(q->bind(7, 0));
}

TEST_P(DbcQueue, EveryOperationComesBackOnceInAnyOrderOverManyWraps)
{
    for (const std::uint32_t elements : {1u, 2u, 5u}) {
        QueueRig rig(with({.elements_per_op = elements, .depth = 13, .op_limit = 1}));
        std::mt19937 random(elements);
        std::vector<std::uint8_t> ledger(50'000);
        std::vector<std::uint16_t> held;
        std::uint64_t next = 0, back = 0;
        while (back < ledger.size()) {
            next += rig.submit(next, std::min<std::uint32_t>(
                                         random() % 20, static_cast<std::uint32_t>(ledger.size() - next)));
            const auto fresh = rig.card.fetch();
            held.insert(held.end(), fresh.begin(), fresh.end());
            std::shuffle(held.begin(), held.end(), random);
            for (auto n = random() % (held.size() + 1); n > 0; --n)
                rig.card.put(held.back()), held.pop_back();
            rig.card.publish();
            for (const auto& [token, code] : rig.poll(1 + random() % 16)) {
                ASSERT_EQ(ledger.at(token)++, 0);
                ++back;
            }
            ASSERT_TRUE(rig.channel().active()) << rig.queue->fault_text();
        }
        EXPECT_EQ(rig.queue->outstanding(), 0u);
    }
}

TEST_P(DbcQueue, DepthOfOneWorks)
{
    QueueRig rig(with({.depth = 1, .op_limit = 1}));
    for (std::uint64_t i = 0; i < 1000; ++i) {
        ASSERT_GE(rig.submit(i, 1), 1u);
        rig.card.poll();
        const auto done = rig.poll();
        ASSERT_EQ(done.size(), 1u);
        ASSERT_EQ(done[0].first, i);
    }
}

TEST_P(DbcQueue, PassesTheCompletionCodeOn)
{
    QueueRig rig(with({.depth = 4, .op_limit = 1}));
    rig.submit(9, 1);
    rig.card.answer(rig.card.fetch().at(0), 0xbeef);
    const auto done = rig.poll();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].second, 0xbeef);
    EXPECT_TRUE(rig.channel().active());
}

TEST(DbcQueueRegister, TailOutOfRangeIsQuarantined) // D12
{
    for (const std::uint32_t tail : {64u, 1u << 16, 1u << 31, 0xfffffffeu, 0xffffffffu}) {
        QueueRig rig({.depth = 16, .op_limit = 1, .completions = Completions::REGISTER});
        rig.submit(0, 4);
        rig.card.set_response_tail(tail == 64 ? rig.queue->elements() : tail);
        EXPECT_TRUE(rig.poll().empty());
        EXPECT_EQ(rig.channel().fault.guard, Guard::Q_RST);
        EXPECT_EQ(rig.channel().state.load(), ChannelState::FAULTED);
    }
}

TEST(DbcQueueRegister, MoreResponsesThanOwedAreQuarantined) // D13, D14
{
    QueueRig rig({.depth = 16, .op_limit = 1, .completions = Completions::REGISTER});
    rig.submit(0, 2);
    rig.card.set_response_tail(3);
    EXPECT_TRUE(rig.poll().empty());
    EXPECT_EQ(rig.channel().fault.guard, Guard::Q_CNT);
    EXPECT_EQ(rig.queue->outstanding(), 2u);
}

TEST_P(DbcQueue, NeverIssuedIdIsQuarantined) // D10
{
    QueueRig rig(with({.depth = 16, .op_limit = 1}));
    rig.submit(0, 1);
    rig.card.answer(0x7777);
    EXPECT_TRUE(rig.poll().empty());
    EXPECT_EQ(rig.channel().fault.guard, Guard::Q_ID);
    EXPECT_NE(rig.queue->fault_text().find("Q-ID"), std::string::npos);
}

TEST_P(DbcQueue, DuplicateNeverCompletesAnother) // D11
{
    for (const unsigned later : {0u, 1u, 15u, 16u, 17u, 64u, 1024u}) {
        QueueRig rig(with({.depth = 16, .op_limit = 1}));
        rig.submit(0, 1);
        const auto old = rig.card.fetch().at(0);
        rig.card.answer(old);
        ASSERT_EQ(rig.poll().size(), 1u);
        for (unsigned i = 0; i < later; ++i) {
            rig.submit(1 + i, 1);
            rig.card.poll();
            ASSERT_EQ(rig.poll().size(), 1u);
        }
        rig.submit(5000, 8);
        (void)rig.card.fetch();
        rig.card.answer(old); // doubled, late
        EXPECT_TRUE(rig.poll().empty()) << later;
        EXPECT_EQ(rig.channel().fault.guard, Guard::Q_ID);
        EXPECT_EQ(rig.queue->outstanding(), 8u);
    }
}

TEST(DbcQueueRegister, IndexBeforeElementIsRetriedThenQuarantined) // D15
{
    QueueRig rig({.depth = 16, .op_limit = 1, .completions = Completions::REGISTER});
    rig.submit(0, 1);
    rig.card.set_response_tail(1);
    EXPECT_TRUE(rig.poll().empty());
    EXPECT_EQ(rig.channel().fault.guard, Guard::Q_STALE);
}

TEST(DbcQueueMemory, NeverAsksTheRegister)
{
    QueueRig rig({.depth = 16, .op_limit = 1});
    for (std::uint64_t i = 0; i < 1000; i += 8) {
        ASSERT_EQ(rig.submit(i, 8), 8u);
        for (const auto id : rig.card.fetch()) rig.card.put(id);
        rig.card.set_response_tail(aic100::all_ones);
        ASSERT_EQ(rig.poll().size(), 8u);
    }
    EXPECT_TRUE(rig.channel().active());
}

/// One write of RSPHP for 32 responses however they trickle in, and never so late that the card has no room.
TEST_P(DbcQueue, AcknowledgesInBatchesThatLeaveTheCardRoom)
{
    for (const std::uint32_t depth : {1u, 2u, 3u, 16u, 256u}) {
        QueueRig rig(with({.depth = depth, .op_limit = 1}));
        const auto n = rig.queue->elements();
        std::uint32_t writes = 0, last = rig.bus.registers(3)[2], responses = 0;
        for (std::uint64_t i = 0; i < 4096; i += depth) {
            ASSERT_EQ(rig.submit(i, depth), depth);
            for (const auto id : rig.card.fetch()) {
                rig.card.answer(id);
                const auto used = (rig.card.response_tail() - rig.bus.registers(3)[2]) & (n - 1);
                ASSERT_LT(used + depth - 1, n) << "depth " << depth;
                ASSERT_EQ(rig.poll().size(), 1u);
                ++responses;
                if (rig.bus.registers(3)[2] != last) ++writes, last = rig.bus.registers(3)[2];
            }
        }
        EXPECT_LE(writes, responses / std::min(32u, std::max(1u, n / 4))) << "depth " << depth;
        EXPECT_GT(writes, 0u);
    }
}

TEST(DbcQueueMemory, ResponseThatNobodyIsOwedIsQuarantined) // D13, D14
{
    QueueRig rig({.depth = 16, .op_limit = 1});
    rig.submit(0, 1);
    const auto id = rig.card.fetch().at(0);
    rig.card.put(id), rig.card.put(id);
    EXPECT_EQ(rig.poll().size(), 1u); // the first is right, and out before the second is looked at
    EXPECT_TRUE(rig.poll().empty());
    EXPECT_EQ(rig.channel().fault.guard, Guard::Q_CNT);
}

TEST_P(DbcQueue, FencedOperationsComeBackOnceAndSayWhichWasLate)
{
    QueueRig rig(with({.depth = 8, .op_limit = 1'000'000}));
    auto& watched = rig.queue->lane(0);
    rig.submit(1, 1);
    ASSERT_FALSE(watched.late(100'000));
    ASSERT_FALSE(watched.late(1'050'000));
    rig.submit(2, 3);
    ASSERT_TRUE(watched.late(1'600'000));
    rig.queue->quarantine(Guard::DEADLINE);
    rig.queue->set_fenced();
    std::vector<std::pair<std::uint64_t, bool>> back;
    auto& lane = rig.queue->lane(0);
    while (lane.flush_outstanding(2, 1'600'000, [&](void* t, bool late) {
        back.emplace_back(reinterpret_cast<std::uint64_t>(t), late);
    }) != 0) {
    }
    ASSERT_EQ(back.size(), 4u);
    for (const auto& [token, late] : back) EXPECT_EQ(late, token == 1);
    EXPECT_EQ(rig.queue->outstanding(), 0u);
    for (unsigned r = 0; r < 4; ++r) rig.bus.registers(4)[r] = 0;
    ASSERT_TRUE(rig.queue->bind(4, 0)); // usable again after a new activation
    EXPECT_EQ(rig.submit(10, 8), 8u);
}

/// The other queue pair drains for one that submits without polling: nothing may fall off between them.
TEST_P(DbcQueue, LaneThatDoesNotPollKeepsEveryCompletion)
{
    QueueRig rig(with({.lanes = 2, .depth = 8, .op_limit = 1'000'000}));
    std::uint64_t sent = 0;
    for (unsigned round = 0; round < 8; ++round) {
        sent += rig.submit(sent, 8, 0);
        rig.card.poll();
        EXPECT_TRUE(rig.poll(64, 1).empty());
    }
    std::vector<std::uint64_t> back;
    for (const auto& [token, code] : rig.poll(1024, 0)) back.push_back(token);
    ASSERT_EQ(back.size(), sent);
    for (std::uint64_t i = 0; i < sent; ++i) EXPECT_EQ(back[i], i);
    EXPECT_EQ(rig.queue->outstanding(), 0u);
    EXPECT_EQ(rig.submit(sent, 8, 0), 8u);
}

/// Several queue pairs on one DBC: their threads submit and poll at once, a third thread is the card.
TEST_P(DbcQueue, LanesShareOneDbcWithoutLosingOrDoubling)
{
    constexpr unsigned lanes = 2;
    constexpr std::uint64_t per_lane = 60'000;
    QueueRig rig(with({.elements_per_op = 2, .lanes = lanes, .depth = 32, .op_limit = ~0ull >> 1}));
    std::atomic<bool> stop{false};
    std::thread card([&] {
        while (!stop.load(std::memory_order_relaxed))
            if (rig.card.poll() == 0) std::this_thread::yield();
    });
    std::vector<std::vector<std::uint8_t>> ledgers(lanes, std::vector<std::uint8_t>(per_lane));
    std::vector<std::thread> users;
    std::atomic<unsigned> wrong{0};
    for (unsigned l = 0; l < lanes; ++l)
        users.emplace_back([&, l] {
            std::uint64_t next = 0, back = 0;
            while (back < per_lane) {
                next += rig.submit(
                    next, static_cast<std::uint32_t>(std::min<std::uint64_t>(8, per_lane - next)), l);
                const auto done = rig.poll(16, l);
                for (const auto& [token, code] : done)
                    if (token >= per_lane || ledgers[l][token]++ != 0) ++wrong;
                back += done.size();
                if (done.empty()) std::this_thread::yield();
                if (!rig.channel().active()) break;
            }
        });
    for (auto& u : users) u.join();
    stop = true;
    card.join();
    EXPECT_TRUE(rig.channel().active()) << rig.queue->fault_text();
    EXPECT_EQ(wrong.load(), 0u);
    for (const auto& ledger : ledgers)
        for (const auto n : ledger) ASSERT_EQ(n, 1);
    EXPECT_EQ(rig.queue->outstanding(), 0u);
}
} // namespace
