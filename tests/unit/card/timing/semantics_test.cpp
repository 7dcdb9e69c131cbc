// SPDX-License-Identifier: BSD-3-Clause
// What a host sees of the DMA Bridge is the same with a timing model: only later.
#include "timed_rig.hpp"
#include <zlib.h>

namespace timing_test {
namespace {
namespace reg = aic100::dbc_reg;

constexpr card::TimingModel slow{
    .mean = 100us, .in_bytes_per_s = 1'000'000'000, .out_bytes_per_s = 1'000'000'000};

TEST(TimingSemantics, PayloadsMoveWhenTheyAreCopied)
{
    TimedCard card(slow, 1000, 2500);
    for (std::uint32_t round = 0; round < 20; ++round) {
        Bytes text(1000);
        for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>(i * 7 + round);
        std::memcpy(card.rig.host.at(card.from), text.data(), text.size());
        card.arrive(static_cast<std::uint16_t>(round));
        card.rig.clock.advance(1ms);
        ASSERT_EQ(card.rig.finish(card.a).size(), 1u);
        for (std::size_t i = 0; i < 2500; ++i) // the input, over and over
            ASSERT_EQ(card.rig.host.at(card.to)[i], text[i % 1000]) << i;
    }
}

/// Many at once: each has its own output although there is one buffer on the card.
TEST(TimingSemantics, InferencesInsideKeepTheirOwnData)
{
    TimedCard card({.mean = 100us, .slots = 3}, 64, 64);
    for (std::uint16_t i = 0; i < 10; ++i) {
        auto e = card.elements(i);
        e[0].source = card.rig.host_memory(64), e[1].destination = card.rig.host_memory(64);
        card.rig.host.put<std::uint64_t>(e[0].source, 0x1111 * (i + 1u));
        card.rig.submit(card.a, e);
        card.rig.settle();
        const std::uint64_t in = e[0].source;
        card.rig.host.put<std::uint64_t>(in, 0); // taken: the host may write there again
    }
    card.rig.clock.advance(1ms);
    EXPECT_EQ(card.rig.finish(card.a).size(), 10u);
    const auto first = card.to + 4096 * 2; // the pages behind the card's own two
    for (std::uint16_t i = 0; i < 10; ++i)
        EXPECT_EQ(card.rig.host.get<std::uint64_t>(first + 8192u * i), 0x1111 * (i + 1u)) << i;
}

TEST(TimingSemantics, NothingIsTouchedWhenPayloadsAreNotCopied)
{
    auto model = slow;
    model.copy = false;
    TimedCard card(model, 1000, 2500);
    std::memset(card.rig.host.at(card.to), 0x5a, 2500);
    const auto reads = card.rig.host.reads;
    auto e = card.elements(1);
    e[0].source = 0xdead'0000'0000; // described, and never looked at
    card.rig.submit(card.a, e);
    card.rig.settle();
    card.rig.clock.advance(1ms);
    const auto got = card.rig.finish(card.a);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].code, 0);
    EXPECT_EQ(card.rig.host.reads, reads + 1); // the two elements, in one piece
    EXPECT_EQ(card.rig.host.get<std::uint64_t>(card.to), 0x5a5a5a5a5a5a5a5au);
    e[0].destination = 0x7000'0000'0000; // but a wrong place on the card is still an error
    card.rig.submit(card.a, e);
    card.rig.settle();
    card.rig.clock.advance(1ms);
    ASSERT_EQ(card.rig.finish(card.a).at(0).code, 1);
}

TEST(TimingSemantics, TheRequestHeadMovesWhenElementsAreFetched)
{
    TimedCard card(slow, 1000, 64, 16);
    for (std::uint16_t i = 0; i < 7; ++i) card.arrive(i);
    EXPECT_EQ(card.rig.reg(card.a.dbc, reg::REQHP), 14u);
    EXPECT_EQ(card.rig.reg(card.a.dbc, reg::RSPTP), 0u);
    EXPECT_EQ(card.rig.qsm->dbc(card.a.dbc).pending, 14u);
    EXPECT_TRUE(card.rig.host.msis.empty());
    card.rig.clock.advance(1ms);
    EXPECT_EQ(card.rig.finish(card.a).size(), 7u);
    EXPECT_EQ(card.rig.host.msis.size(), 1u); // one for all that came to an empty FIFO
    EXPECT_EQ(card.rig.qsm->dbc(card.a.dbc).pending, 0u);
}

/// A transfer that is not there yet is unfinished: who asks for it by a fence waits, who does not overtakes.
TEST(TimingSemantics, FencesWaitForWhatIsOnTheLink)
{
    TimedCard card(slow, 100'000, 64);
    const auto transfer = to_device(1, card.from, card.a.resp.ddr_base, 100'000);
    auto fenced = no_transfer(2), other = no_transfer(3), wrong_way = no_transfer(4);
    fenced.sem[0] = 0x40000000;
    wrong_way.sem[0] = 0x20000000; // waits for from-device transfers, and there is none
    card.rig.submit(card.a, {transfer, fenced, other, wrong_way});
    auto got = card.rig.finish(card.a);
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].req_id, 3);
    EXPECT_EQ(got[1].req_id, 4);
    card.advance_to(100us - 1ns);
    EXPECT_TRUE(card.rig.finish(card.a).empty());
    card.advance_to(100us);
    got = card.rig.finish(card.a);
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].req_id, 1);
    EXPECT_EQ(got[1].req_id, 2);
}

/// 5.4: what waits on one presync semaphore executes in order, postsync and all.
TEST(TimingSemantics, OnePresyncSemaphoreIsOneQueue)
{
    TimedCard card(slow, 100'000, 64);
    auto first = to_device(1, card.from, card.a.resp.ddr_base, 100'000), second = no_transfer(2);
    first.sem[0] = 0x84450000; // semaphore 5 == 0 before
    first.sem[1] = 0x81050001; // := 1 after: the second must not pass while the first is on its way
    second.sem[0] = 0x84450000;
    card.rig.submit(card.a, {first, second});
    EXPECT_TRUE(card.rig.finish(card.a).empty());
    card.advance_to(100us);
    ASSERT_EQ(card.rig.finish(card.a).size(), 1u);
    EXPECT_EQ(card.rig.qsm->dbc(card.a.dbc).pending, 1u);
    EXPECT_EQ(card.rig.qsm->dbc(card.a.dbc).semaphores[5], 1);
}

TEST(TimingSemantics, AFullResponseFifoHoldsWhatLands)
{
    TimedCard card(slow, 1000, 64, 8);
    auto transfer = to_device(100, card.from, card.a.resp.ddr_base, 1000);
    std::vector<aic100::RequestElement> all{transfer};
    for (std::uint16_t i = 0; i < 6; ++i) all.push_back(no_transfer(i));
    card.rig.submit(card.a, all);
    card.rig.settle();
    card.rig.submit(card.a, {no_transfer(6), no_transfer(7)}); // seven fit, the eighth is held
    card.rig.settle();
    EXPECT_EQ(card.rig.reg(card.a.dbc, reg::RSPTP), 7u);
    card.advance_to(10us);
    card.rig.settle();
    EXPECT_EQ(card.rig.reg(card.a.dbc, reg::RSPTP), 7u);
    EXPECT_EQ(card.rig.responses(card.a).size(), 7u);
    const auto got = card.rig.finish(card.a);
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].req_id, 7);
    EXPECT_EQ(got[1].req_id, 100);
}

TEST(TimingSemantics, AStallDelaysAndLosesNothing)
{
    TimedCard card({.mean = 100us}, 64, 64);
    card.arrive(0);
    card.advance_to(50us);
    ASSERT_TRUE(card.rig.qsm->stall(1ms));
    EXPECT_EQ(card.rig.qsm->timing()->stall_left, Nanos(1ms));
    card.advance_to(500us), card.arrive(1);
    EXPECT_EQ(card.rig.qsm->next_due(), Nanos(1100us)); // the 50 us it still had, after the stall
    card.advance_to(1100us);
    EXPECT_EQ(card.rig.finish(card.a).size(), 1u);
    EXPECT_EQ(card.rig.qsm->next_due(), Nanos(1200us));
    card.advance_to(1200us);
    EXPECT_EQ(card.rig.finish(card.a).size(), 1u);
    // One that arrives at an idle card which is stalled waits for its end too.
    ASSERT_TRUE(card.rig.qsm->stall(1ms));
    card.arrive(2);
    EXPECT_EQ(card.rig.qsm->next_due(), Nanos(2300us));
}

TEST(TimingSemantics, DeactivationDropsWhatIsInside)
{
    TimedCard card(slow, 1000, 64);
    for (std::uint16_t i = 0; i < 20; ++i) card.arrive(i); // on the link, in the slot, waiting
    card.advance_to(5us), card.rig.settle();
    const auto writes = card.rig.host.writes;
    EXPECT_EQ(card.rig.deactivate(card.a), 0);
    card.rig.clock.advance(10ms);
    card.rig.settle();
    EXPECT_EQ(card.rig.host.writes, writes);
    EXPECT_FALSE(card.rig.qsm->next_due());
    EXPECT_EQ(card.rig.qsm->timing()->busy, 0u);
}

TEST(TimingSemantics, ANewActivationDoesNotGetWhatTheOldOneSent)
{
    TimedCard card(slow, 100'000, 64);
    card.arrive(1);
    const auto old = card.a;
    EXPECT_EQ(card.rig.deactivate(card.a), 0);
    card.a = card.rig.activate(1, 0, 64); // the image is still loaded: its id is 1
    ASSERT_EQ(card.a.dbc, old.dbc);
    card.arrive(2);
    card.advance_to(100us); // the old transfer would have landed
    EXPECT_TRUE(card.rig.finish(card.a).empty());
    card.advance_to(10ms);
    const auto got = card.rig.finish(card.a);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].req_id, 2);
}

/// Activations share the slots; what one leaves behind the other gets.
TEST(TimingSemantics, SlotsOfADeactivatedProgramAreFree)
{
    TimedCard card({.mean = 1ms}, 64, 64);
    auto other = card.rig.activate(1, 0, 64);
    ASSERT_NE(other.dbc, card.a.dbc);
    card.arrive(0), card.arrive(1);
    std::swap(other, card.a);
    card.arrive(2); // third in the one queue
    std::swap(other, card.a);
    EXPECT_EQ(card.rig.qsm->timing()->waiting, 2u);
    card.advance_to(300us);
    EXPECT_EQ(card.rig.deactivate(card.a), 0);
    EXPECT_EQ(card.rig.qsm->next_due(), Nanos(1300us));
    card.advance_to(1300us);
    EXPECT_EQ(card.rig.finish(other).size(), 1u);
}

TEST(TimingSemantics, ResetAndRestartDropWhatIsInside)
{
    for (const bool restart : {false, true}) {
        TimedCard card(slow, 1000, 64);
        for (std::uint16_t i = 0; i < 20; ++i) card.arrive(i);
        card.advance_to(5us), card.rig.settle();
        if (restart) {
            ASSERT_TRUE(card.rig.qsm->ssr_begin(card.a.dbc));
            card.rig.qsm->ssr_end(card.a.dbc);
        } else {
            card.rig.qsm->reset();
        }
        const auto writes = card.rig.host.writes;
        card.rig.clock.advance(10ms);
        card.rig.settle();
        EXPECT_EQ(card.rig.host.writes, writes);
        EXPECT_FALSE(card.rig.qsm->next_due());
    }
}

/// simple_io of workload Appendix A: two inputs, in two memories, and an output. 64 bytes take a microsecond.
TEST(TimingSemantics, SeveralElementsAnInference)
{
    Rig rig(card_with({.mean = 100us, .in_bytes_per_s = 64'000'000, .out_bytes_per_s = 64'000'000}));
    rig.handshake();
    auto a = rig.run(simple_io_program());
    const std::uint64_t m = a.resp.mcid_base, d = a.resp.ddr_base, i0 = rig.host_memory(64),
                        i1 = rig.host_memory(64), o = rig.host_memory(64);
    Bytes text(128);
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>(i * 5 + 1);
    std::memcpy(rig.host.at(i0), text.data(), 64);
    std::memcpy(rig.host.at(i1), text.data() + 64, 64);
    for (std::uint16_t id = 0; id < 3; ++id) {
        auto e0 = to_device(id, i0, m + 0x800c00, 64), e1 = to_device(id, i1, m + 0x1000000, 64),
             e2 = from_device(id, d + 64, o, 64);
        e0.cmd = e1.cmd = 0x09;
        e0.sem[0] = 0x84400001;
        e1.sem[0] = 0xc4400001, e1.sem[1] = 0xc1000000; // with a fence: after the first input
        e2.sem[0] = 0x84410000, e2.sem[1] = 0x81010001;
        add_doorbell(e0, m, 1), add_doorbell(e1, m + 4, 1), add_doorbell(e2, m + 8, 1);
        rig.submit(a, {e0, e1, e2});
    }
    EXPECT_TRUE(rig.finish(a).empty());
    for (const Nanos at : {103us, 203us, 303us}) { // the inputs of the next two came meanwhile
        rig.clock.advance(at - 1ns - rig.clock.now());
        EXPECT_TRUE(rig.finish(a).empty()) << at.count();
        rig.clock.advance(1ns);
        ASSERT_EQ(rig.finish(a).size(), 1u) << at.count();
        const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), 128);
        EXPECT_EQ(rig.host.get<le32>(o), crc);
    }
}

TEST(TimingSemantics, OutputInPlaceOfItsInput)
{
    Rig rig(card_with({.mean = 10us}));
    rig.handshake();
    auto spec = echo_program(256);
    spec.outputs[0].dev_offset = 0;
    auto a = rig.run(spec, 256);
    TimedCard shape({}, 256, 256);
    std::vector<std::uint64_t> to;
    for (std::uint16_t i = 0; i < 50; ++i) {
        auto e = shape.elements(i);
        e[0].source = rig.host_memory(256), e[1].destination = rig.host_memory(256);
        to.push_back(e[1].destination);
        e[0].destination = e[1].source = a.resp.ddr_base;
        e[0].doorbell_addr = a.resp.mcid_base, e[1].doorbell_addr = a.resp.mcid_base + 4;
        rig.host.put<std::uint32_t>(e[0].source, i + 1u);
        rig.submit(a, e);
    }
    unsigned got = 0;
    for (int i = 0; i < 100 && got < 50; ++i) {
        got += static_cast<unsigned>(rig.finish(a).size());
        rig.clock.advance(10us);
    }
    EXPECT_EQ(got, 50u);
    for (std::uint32_t i = 0; i < to.size(); ++i) EXPECT_EQ(rig.host.get<std::uint32_t>(to[i]), i + 1);
}

} // namespace
} // namespace timing_test
