// SPDX-License-Identifier: BSD-3-Clause
// What the card can reach: the table itself, and that an operation over other memory never gets to the card.
#include "burst_rig.hpp"
#include <thread>

namespace {
using namespace qaic;
using test_dbc::Rig;

TEST(Reach, EverythingUntilSomethingIsKnown)
{
    Reach reach;
    EXPECT_TRUE(reach.table().find(0, 1).holds(~0ull - 2, 1));
    EXPECT_EQ(reach.table().find(RTE_BAD_IOVA, 0), Window{});
    reach.add(0x1000, 0x1000);
    EXPECT_EQ(reach.table().find(0, 1), Window{});
    EXPECT_EQ(reach.table().find(0x1800, 0x800), (Window{0x1000, 0x1000}));
    EXPECT_EQ(reach.table().find(0x1800, 0x801), Window{});
}

TEST(Reach, NeighboursAreOneRangeAndRemovalSplitsIt)
{
    Reach reach;
    for (const std::uint64_t at : {0x3000, 0x1000, 0x2000, 0x2000}) reach.add(at, 0x1000);
    EXPECT_EQ(reach.size(), 1u);
    EXPECT_EQ(reach.table().find(0x1fff, 2), (Window{0x1000, 0x3000}));
    const auto before = reach.table().version();
    reach.remove(0x1800, 0x1000);
    EXPECT_NE(reach.table().version(), before);
    EXPECT_EQ(reach.size(), 2u);
    EXPECT_EQ(reach.table().find(0x1000, 0x800), (Window{0x1000, 0x800}));
    EXPECT_EQ(reach.table().find(0x1000, 0x801), Window{});
    EXPECT_EQ(reach.table().find(0x2800, 1), (Window{0x2800, 0x1800}));
    reach.remove(0, ~0ull >> 1);
    EXPECT_EQ(reach.size(), 0u);
    EXPECT_EQ(reach.table().find(0x1000, 0), Window{});
}

TEST(Reach, ThousandsOfPagesThatDoNotTouch)
{
    Reach reach;
    constexpr std::uint64_t page = 0x1000, count = 3000;
    for (std::uint64_t i = 0; i < count; ++i) reach.add((i * 7919 % count) * 2 * page, page);
    EXPECT_EQ(reach.size(), count);
    for (std::uint64_t i = 0; i < count; ++i) {
        EXPECT_EQ(reach.table().find(i * 2 * page + 8, page - 8), (Window{i * 2 * page, page}));
        EXPECT_EQ(reach.table().find(i * 2 * page + page, 1), Window{});
    }
}

/// A lookup beside a writer finds what was there all the time, and nothing that never was.
TEST(Reach, LookupsDoNotSeeHalfAChange)
{
    Reach reach;
    reach.add(0x100000, 0x1000);
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (std::uint64_t round = 0; !stop.load(); ++round)
            for (std::uint64_t i = 0; i < 100; ++i) {
                const auto at = i < 50 ? i * 0x100 : 0x200000 + i * 0x100;
                if (round & 1)
                    reach.remove(at, 0x80);
                else
                    reach.add(at, 0x80);
            }
    });
    for (int i = 0; i < 200'000; ++i) {
        ASSERT_EQ(reach.table().find(0x100010, 0x20), (Window{0x100000, 0x1000}));
        ASSERT_EQ(reach.table().find(0x180000, 1), Window{});
        const auto some = reach.table().find(0x1210, 8);
        ASSERT_TRUE(some == Window{} || some == (Window{0x1200, 0x80}));
    }
    stop.store(true);
    writer.join();
}

std::uint8_t rule_of(const rte_ml_op* op) { return OpFate::unpack(op->impl_opaque).rule; }

/// Operations over memory that is not mapped, among good ones: only the good ones get to the card.
TEST(ReachOfBurst, UnmappedMemoryIsRefusedBeforeTheCardSeesIt)
{
    Rig rig(16);
    rig.bus.reach().add(0x10000, 0x1000), rig.bus.reach().add(0x20000, 0x1000);
    rig.ops[1].in.iova_addr = 0x30000;
    rig.ops[2].out.iova_addr = 0x20000 + 0x1000 - 15; // the last byte is outside
    rig.ops[3].out.iova_addr = 0x20000 + 0x1000 - 16;
    ASSERT_EQ(rig.enqueue(5), 5);
    EXPECT_EQ(rig.card.poll(), 3u) << "what the card saw";
    const auto done = rig.dequeue();
    ASSERT_EQ(done.size(), 5u);
    for (const auto* op : done) {
        const bool bad = op == &rig.ops[1].op || op == &rig.ops[2].op;
        EXPECT_EQ(op->status, bad ? RTE_ML_OP_STATUS_ERROR : RTE_ML_OP_STATUS_SUCCESS);
        if (bad) {
            EXPECT_EQ(rule_of(op), static_cast<std::uint8_t>(OpRule::IOVA));
            EXPECT_EQ(OpFate::unpack(op->impl_opaque).code, Code::E_IOVA);
        }
    }
}

TEST(ReachOfBurst, BuffersMayLieInManyPlacesAndGoAgain)
{
    Rig rig(64);
    for (std::uint16_t i = 0; i < 32; ++i) {
        rig.bus.reach().add(0x100000ull * (i + 1), 0x100);
        rig.ops[i].in.iova_addr = 0x100000ull * (i + 1),
        rig.ops[i].out.iova_addr = 0x100000ull * (32 - i) + 0x40;
    }
    for (const bool all : {true, false}) {
        if (!all) rig.bus.reach().remove(0x100000ull * 5, 0x100); // input of 4, output of 27
        ASSERT_EQ(rig.enqueue(32), 32);
        EXPECT_EQ(rig.card.poll(), all ? 32u : 30u);
        unsigned good = 0;
        for (const auto* op : rig.dequeue()) good += op->status == RTE_ML_OP_STATUS_SUCCESS;
        EXPECT_EQ(good, all ? 32u : 30u);
    }
}

TEST(ReachOfBurst, EverySegmentOfAChainCounts)
{
    Rig rig(16);
    rig.bus.reach().add(0x10000, 0x1000), rig.bus.reach().add(0x20000, 0x1000);
    rte_ml_buff_seg second{};
    second.iova_addr = 0x50000, second.length = 100;
    rig.ops[0].in.length = 20, rig.ops[0].in.next = &second;
    rig.ops[1].in.length = 32, rig.ops[1].in.next = &second; // nothing of it is used
    ASSERT_EQ(rig.enqueue(2), 2);
    EXPECT_EQ(rig.card.poll(), 1u);
    for (const auto* op : rig.dequeue())
        EXPECT_EQ(op->status, op == &rig.ops[0].op ? RTE_ML_OP_STATUS_ERROR : RTE_ML_OP_STATUS_SUCCESS);
}

TEST(ReachOfBurst, NativeOperationsComeBackWithTheReason)
{
    Rig rig(16);
    rig.bus.reach().add(0x10000, 0x1000), rig.bus.reach().add(0x20000, 0x1000);
    dbc::Work work[4];
    for (auto& w : work) w = {&w, 0x10000, 0x20000};
    work[2].in = 0x11000;
    ASSERT_EQ(fast::submit_burst(rig.qp, 1, work, 4), 4);
    EXPECT_EQ(rig.card.poll(), 3u);
    fast::Finished out[8];
    ASSERT_EQ(fast::poll_burst(rig.qp, out, 8), 4);
    for (const auto& f : out) {
        if (&f == out + 4) break;
        EXPECT_EQ(f.code, f.token == &work[2] ? static_cast<std::uint32_t>(Code::E_IOVA) : 0u);
    }
    EXPECT_EQ(rig.qp.in_flight(), 0u);
}

} // namespace
