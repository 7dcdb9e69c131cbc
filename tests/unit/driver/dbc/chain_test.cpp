// SPDX-License-Identifier: BSD-3-Clause
// Buffers that are chains of segments: which request elements they become (aic100-device.md 5.6), and that
// their ids and FIFO places come back.
#include "qaic/mldev_fast.hpp"
#include "support/fake_bus.hpp"
#include "support/null_dbc.hpp"
#include <gtest/gtest.h>
#include <random>

namespace {
using namespace qaic;
namespace sem = aic100::sem_word;

struct ChainRig {
    explicit ChainRig(std::uint16_t depth,
                      std::vector<dbc::Transfer> transfers = {{.bytes = 32},
                                                              {.to_device = false, .bytes = 16}})
        : plan(*dbc::plan_slices(transfers, {.ddr = 0x1000}, 32, 16)),
          queue(std::move(
              *dbc::Queue::allocate(bus, {.elements_per_op = static_cast<std::uint32_t>(transfers.size()),
                                          .depth = depth,
                                          .op_limit = ~0ull >> 1}))),
          card(*queue, bus.registers(0)), qp(0, depth, 1, nullptr, bus.reach().table())
    {
        EXPECT_TRUE(queue->bind(0, rte_rdtsc(), plan.elements));
        port = {&queue->lane(0), plan.elements.data(), static_cast<std::uint32_t>(plan.elements.size()), 32,
                16};
        lanes.lanes = {&port.lane, 1};
        qp.ports[0].store(&port);
        qp.lanes.store(&lanes);
    }
    test::FakeBus bus;
    dbc::SlicePlan plan;
    std::unique_ptr<dbc::Queue> queue;
    test::NullDbc card;
    QueuePair qp;
    ModelPort port;
    LaneList lanes;
};

/// An operation whose buffers are cut as told.
struct Op {
    Op(std::vector<std::uint32_t> in, std::vector<std::uint32_t> out)
    {
        const auto chain = [](std::vector<rte_ml_buff_seg>& to, const std::vector<std::uint32_t>& cuts,
                              std::uint64_t at) {
            to.resize(cuts.size());
            for (std::size_t i = 0; i < cuts.size(); ++i) {
                to[i].iova_addr = at + i * 0x1000, to[i].length = cuts[i];
                to[i].next = i + 1 < cuts.size() ? &to[i + 1] : nullptr;
            }
        };
        chain(input, in, 0x100000);
        chain(output, out, 0x200000);
        ptr[0] = input.data(), ptr[1] = output.data();
        op.nb_batches = 1, op.input = &ptr[0], op.output = &ptr[1];
    }
    rte_ml_op op{};
    std::vector<rte_ml_buff_seg> input, output;
    rte_ml_buff_seg* ptr[2]{};
};

std::uint16_t enqueue(ChainRig& rig, Op& op)
{
    auto* p = &op.op;
    return fast::enqueue_burst(rig.qp, &p, 1);
}
std::vector<rte_ml_op*> dequeue(ChainRig& rig)
{
    std::vector<rte_ml_op*> p(64);
    p.resize(fast::dequeue_burst(rig.qp, p.data(), 64));
    return p;
}

TEST(Chain, EachPieceIsAnElementAndOnlyTheLastOneSpeaks)
{
    ChainRig rig(8);
    Op op({10, 6, 40}, {16});
    ASSERT_EQ(enqueue(rig, op), 1);
    const std::uint64_t source[] = {0x100000, 0x101000, 0x102000}, device[] = {0x1000, 0x100a, 0x1010};
    const std::uint32_t bytes[] = {10, 6, 16};
    for (std::uint32_t i = 0; i < 3; ++i) {
        const auto& e = rig.card.request(i);
        EXPECT_EQ(e.source, source[i]);
        EXPECT_EQ(e.destination, device[i]);
        EXPECT_EQ(e.length, bytes[i]);
        EXPECT_EQ(e.cmd & aic100::req_cmd::RESPONSE, 0);
        EXPECT_EQ((e.sem[0] & sem::FENCE_TO_DEVICE) != 0, i == 2) << "the last piece waits for the others";
    }
    EXPECT_EQ(rig.card.request(3).destination, 0x200000u);
    EXPECT_NE(rig.card.request(3).cmd & aic100::req_cmd::RESPONSE, 0);
    EXPECT_EQ(rig.card.fetch().size(), 1u);
}

TEST(Chain, DoorbellAndPostSemaphoreStayWithTheLastPieceAndPresyncWithEach)
{
    dbc::Transfer in{.bytes = 32, .doorbell = true, .doorbell_data = 7};
    in.sem[0] = sem::make(4, 1, 5, true), in.sem[1] = sem::make(1, 1, 0, false);
    dbc::Transfer out{.to_device = false, .bytes = 16};
    out.sem[2] = sem::make(4, 2, 0, true), out.sem[3] = sem::make(2, 2, 0, false);
    ChainRig rig(8, {in, out});
    Op op({16, 16}, {8, 8});
    ASSERT_EQ(enqueue(rig, op), 1);
    for (const bool last : {false, true}) {
        const auto& i = rig.card.request(last ? 1 : 0);
        EXPECT_EQ(i.sem[0], in.sem[0]);
        EXPECT_EQ(i.sem[1], last ? in.sem[1] : 0u) << "no fence either: the presync orders the pieces";
        EXPECT_EQ(i.doorbell_attr != 0, last);
        const auto& o = rig.card.request(last ? 3 : 2);
        EXPECT_EQ(o.sem[2], out.sem[2]);
        EXPECT_EQ(o.sem[3], last ? out.sem[3] : 0u);
        EXPECT_EQ(o.destination, last ? 0x201000u : 0x200000u);
        EXPECT_EQ((o.cmd & aic100::req_cmd::RESPONSE) != 0, last);
    }
}

TEST(Chain, WhatCannotBeSplitComesBackWithItsRule)
{
    const std::pair<OpRule, Op> cases[] = {
        {OpRule::INPUT_SIZE, Op({10, 10}, {16})},
        {OpRule::OUTPUT_SIZE, Op({32}, {8, 7})},
        {OpRule::SEGMENTS, Op({4, 4, 4, 4, 4, 4, 4, 4, 4}, {16})},
    };
    for (const auto& [rule, op] : cases) {
        ChainRig rig(8);
        Op mine(op);
        for (std::size_t i = 0; i + 1 < mine.input.size(); ++i) mine.input[i].next = &mine.input[i + 1];
        for (std::size_t i = 0; i + 1 < mine.output.size(); ++i) mine.output[i].next = &mine.output[i + 1];
        mine.ptr[0] = mine.input.data(), mine.ptr[1] = mine.output.data();
        mine.op.input = &mine.ptr[0], mine.op.output = &mine.ptr[1];
        ASSERT_EQ(enqueue(rig, mine), 1);
        const auto back = dequeue(rig);
        ASSERT_EQ(back.size(), 1u);
        EXPECT_EQ(back[0]->status, RTE_ML_OP_STATUS_ERROR);
        EXPECT_EQ(OpFate::unpack(back[0]->impl_opaque).rule, static_cast<std::uint8_t>(rule));
    }
    ChainRig rig(8);
    Op bad({16, 16}, {16});
    bad.input[1].iova_addr = RTE_BAD_IOVA;
    ASSERT_EQ(enqueue(rig, bad), 1);
    EXPECT_EQ(OpFate::unpack(dequeue(rig).at(0)->impl_opaque).rule, static_cast<std::uint8_t>(OpRule::IOVA));
}

/// Plain and chained operations in any mix and any order of completion: none lost, and the FIFO never
/// overflows (an element that the card has not fetched would be written over, and its id answered twice or
/// never).
TEST(Chain, MixedWithPlainOnesEveryOperationComesBackOnce)
{
    for (const std::uint16_t depth : {1, 3, 64}) {
        ChainRig rig(depth);
        std::mt19937 random(depth);
        std::vector<Op> ops;
        ops.reserve(64);
        for (int i = 0; i < 64; ++i) {
            switch (random() % 4) {
            case 0:
                ops.emplace_back(std::vector<std::uint32_t>{4, 4, 4, 4, 4, 4, 4, 4},
                                 std::vector<std::uint32_t>{1, 1, 1, 13});
                break;
            case 1:
                ops.emplace_back(std::vector<std::uint32_t>{20, 20}, std::vector<std::uint32_t>{16});
                break;
            default: ops.emplace_back(std::vector<std::uint32_t>{32}, std::vector<std::uint32_t>{16});
            }
        }
        std::vector<rte_ml_op*> idle;
        for (auto& o : ops) idle.push_back(&o.op);
        std::vector<std::uint16_t> held;
        std::uint64_t sent = 0, back = 0;
        for (int round = 0; round < 20'000; ++round) {
            std::shuffle(idle.begin(), idle.end(), random);
            const auto n = fast::enqueue_burst(
                rig.qp, idle.data(),
                static_cast<std::uint16_t>(std::min<std::size_t>(idle.size(), random() % 9)));
            idle.erase(idle.begin(), idle.begin() + n);
            sent += n;
            const auto fresh = rig.card.fetch();
            held.insert(held.end(), fresh.begin(), fresh.end());
            std::shuffle(held.begin(), held.end(), random);
            for (auto k = random() % (held.size() + 1); k > 0; --k)
                rig.card.put(held.back()), held.pop_back();
            rig.card.publish();
            for (auto* op : dequeue(rig)) {
                ASSERT_EQ(op->status, RTE_ML_OP_STATUS_SUCCESS);
                ASSERT_EQ(std::count(idle.begin(), idle.end(), op), 0) << "came back twice";
                idle.push_back(op), ++back;
            }
            ASSERT_TRUE(rig.queue->channel().active()) << rig.queue->fault_text();
        }
        EXPECT_GT(back, 5'000u);
        EXPECT_EQ(sent - back, rig.qp.in_flight());
    }
}

TEST(Chain, FencedOnesComeBackAndGiveTheirIdsBack)
{
    ChainRig rig(8);
    std::vector<Op> ops;
    ops.reserve(8);
    for (int i = 0; i < 8; ++i) {
        ops.emplace_back(std::vector<std::uint32_t>{8, 8, 8, 8}, std::vector<std::uint32_t>{8, 8});
        ASSERT_EQ(enqueue(rig, ops.back()), 1);
    }
    rig.queue->quarantine(dbc::Guard::SSR);
    rig.queue->set_fenced();
    const auto back = dequeue(rig);
    ASSERT_EQ(back.size(), 8u);
    EXPECT_EQ(OpFate::unpack(back[0]->impl_opaque).code, Code::E_SSR);
    EXPECT_EQ(rig.qp.in_flight(), 0u);
    EXPECT_EQ(rig.queue->lane(0).room(1000), rig.queue->lane(0).slots());
}
} // namespace
