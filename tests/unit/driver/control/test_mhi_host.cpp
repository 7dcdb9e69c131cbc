// SPDX-License-Identifier: BSD-3-Clause
// mhi::Host against a scripted card: bytes and register order of appendix D and 2.3, and each guard by
// itself.
#include "qaic/mhi/contexts.hpp"
#include "qaic/mhi/host.hpp"
#include "support/scripted_card.hpp"
#include <gtest/gtest.h>

namespace test {
namespace {
using namespace aic100;
using mhi::Health;
using mhi::Host;

const Limits short_limits{.op = 20ms,
                          .nnc = 100ms,
                          .mhi = 50ms,
                          .ready = 100ms,
                          .soc = 200ms,
                          .sahara = 100ms,
                          .firmware = 2s,
                          .idle = 5ms};

class MhiHost : public ::testing::Test {
  protected:
    void power_up()
    {
        const auto env = host.power_up();
        ASSERT_TRUE(env) << env.error().message();
        EXPECT_EQ(*env, card.env);
    }
    void start(std::uint8_t channel)
    {
        const auto started = host.start_pair(channel, [this](ConstSpan p, bool more) {
            packets.emplace_back(p.begin(), p.end());
            mores.push_back(more);
        });
        ASSERT_TRUE(started) << started.error().message();
    }
    std::vector<ScriptedCard::Access> writes(std::size_t from) const
    {
        std::vector<ScriptedCard::Access> out;
        for (auto i = from; i < card.log.size(); ++i)
            if (card.log[i].write) out.push_back(card.log[i]);
        return out;
    }
    void TearDown() override { host.fenced(); }

    ScriptedCard card;
    Host host{card, short_limits};
    std::vector<Bytes> packets;
    std::vector<bool> mores;
};

ScriptedCard::Access w(std::uint32_t offset, std::uint64_t value)
{
    return {true, offset, static_cast<std::uint32_t>(value)};
}

// 2.3: each pair high word first, limit all-ones minus one, then MHICFG twice, the event doorbell, M0.
TEST_F(MhiHost, ProgramsTheWindowInTheOrderOfTheKernel)
{
    power_up();
    const auto cc = card.get64(mhi_reg::CCABAP_LOW), ec = card.get64(mhi_reg::ECABAP_LOW),
               crc = card.get64(mhi_reg::CRCBAP_LOW);
    const auto er_wp = card.event_context().rbase + 512 - 16;
    const std::vector<ScriptedCard::Access> wanted{
        w(0x5c, cc >> 32),   w(0x58, cc),         w(0x64, ec >> 32),   w(0x60, ec),
        w(0x6c, crc >> 32),  w(0x68, crc),        w(0x84, 0),          w(0x80, 0),
        w(0x9c, 0),          w(0x98, 0),          w(0x8c, 0xffffffff), w(0x88, 0xfffffffe),
        w(0xa4, 0xffffffff), w(0xa0, 0xfffffffe), w(0x10, 0x05010080), w(0x10, 0x00010080),
        w(0x704, 0),         w(0x700, er_wp),     w(0x38, 0x200)};
    const auto all = writes(0);
    ASSERT_GE(all.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
        EXPECT_EQ(all[i], wanted[i]) << i << ": offset " << all[i].offset << " value " << all[i].value;
    // On M0: wake on and off; then the event doorbell once for the batch of two.
    const std::vector<ScriptedCard::Access> after(all.begin() + static_cast<std::ptrdiff_t>(wanted.size()),
                                                  all.end());
    const auto wake = ScriptedCard::channel_db + 8 * 127;
    const auto ring = card.event_context().rbase.get();
    EXPECT_EQ(after, (std::vector<ScriptedCard::Access>{w(wake + 4, 0), w(wake, 1), w(wake + 4, 0),
                                                        w(wake, 0), w(0x704, 0), w(0x700, ring + 16)}));
}

TEST_F(MhiHost, ReadyIsPolledAndBounded)
{
    card.set(mhi_reg::MHISTATUS, 0);
    const auto late = host.power_up();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message(), "E_TIMEOUT: scripted: MHISTATUS.READY did not happen within 100 ms");
    EXPECT_EQ(card.manual.now(), 100ms) << "exactly the limit";
    EXPECT_EQ(host.health(), Health::OFF);
    card.on_relax = [&] {
        if (card.manual.now() >= 150ms) card.set(mhi_reg::MHISTATUS, 0x0101);
    };
    power_up();
}

TEST_F(MhiHost, M0OrEeMissing)
{
    card.answer_m0 = false;
    const auto none = host.power_up();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().text, "scripted: M0 event did not happen within 50 ms");
    card.on_relax = [&] { card.post(make_event(EventType::STATE_CHANGE, 0, 2, 0, 0)), card.on_relax = {}; };
    const auto no_ee = host.power_up();
    ASSERT_FALSE(no_ee);
    EXPECT_EQ(no_ee.error().text, "scripted: execution environment event did not happen within 100 ms");
}

TEST_F(MhiHost, StartPairWritesContextsCommandsAndDoorbells)
{
    power_up();
    const auto before = card.log.size();
    start(10);
    ASSERT_EQ(card.commands.size(), 2u);
    EXPECT_EQ(card.commands[0].dw1.get(), 0x0a120000u);
    EXPECT_EQ(card.commands[1].dw1.get(), 0x0b120000u);
    for (const unsigned id : {10u, 11u}) {
        const auto c = card.channel_context(id);
        EXPECT_EQ(c.chcfg.get(), 0x201u);
        EXPECT_EQ(c.chtype.get(), id == 10 ? 1u : 2u);
        EXPECT_EQ(c.rlen.get(), 2048u);
        EXPECT_EQ(c.rbase % 2048, 0u) << "aligned to its own length";
        EXPECT_EQ(c.rp.get(), c.rbase.get());
        EXPECT_EQ(c.wp.get(), c.rbase.get());
    }
    const auto db = writes(before);
    EXPECT_EQ(db[0].offset, 0x74u);
    EXPECT_EQ(db[1].offset, 0x70u);
    EXPECT_TRUE(host.running(10) && host.running(11));
    EXPECT_EQ(card.channel_context(12).chcfg.get(), 0x200u);
    EXPECT_EQ(card.channel_context(26).chcfg.get(), 0u);
}

TEST_F(MhiHost, SendChainsAndRingsOnce)
{
    power_up();
    start(10);
    const auto before = card.log.size();
    Bytes message(65536);
    for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::byte>(i * 7);
    ASSERT_TRUE(host.send(10, message));
    const auto first = card.element(10, 0), second = card.element(10, 1);
    EXPECT_EQ(first.dw0.get(), 65535u);
    EXPECT_EQ(first.dw1.get(), 0x00020001u);
    EXPECT_EQ(second.dw0.get(), 1u);
    EXPECT_EQ(second.dw1.get(), 0x00020200u);
    const auto head = card.dma_read<std::array<std::byte, 65535>>(first.ptr);
    EXPECT_EQ(head[65534], message[65534]);
    EXPECT_EQ(card.dma_read<std::byte>(second.ptr), message[65535]);
    const auto wp = card.channel_context(10).rbase + 32;
    EXPECT_EQ(card.channel_context(10).wp.get(), wp);
    const std::vector<ScriptedCard::Access> doorbell{w(0x300 + 84, wp >> 32), w(0x300 + 80, wp)};
    EXPECT_EQ(writes(before), doorbell);
    EXPECT_FALSE(host.drained(10));
    card.complete(10, 1, 1);
    EXPECT_EQ(host.poll(), 1u);
    EXPECT_TRUE(host.drained(10));
}

TEST_F(MhiHost, SendIsAllOrNothingAtEveryFillLevel)
{
    power_up();
    start(10);
    for (unsigned used = 0; used < 127; ++used) {
        const unsigned needs = 127 - used + 1; // one element more than there is room for
        if (needs <= 64) {
            const auto refused = host.send(10, Bytes((needs - 1) * std::size_t{65535} + 1));
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().code, Code::E_AGAIN);
        }
        EXPECT_EQ(card.channel_context(10).wp.get(), card.channel_context(10).rbase + 16 * used);
        ASSERT_TRUE(host.send(10, Bytes(1)));
    }
    EXPECT_EQ(host.send(10, Bytes(1)).error().code, Code::E_AGAIN) << "one slot stays unused";
}

TEST_F(MhiHost, ReceiverGetsAPrivateCopyAndMayPostAndSend)
{
    power_up();
    bool reposted = false;
    ASSERT_TRUE(host.start_pair(6, [&](ConstSpan p, bool more) {
        packets.emplace_back(p.begin(), p.end());
        mores.push_back(more);
        reposted = host.post(7, 32).has_value() && host.send(6, p).has_value();
        EXPECT_EQ(host.poll(), 0u) << "not from inside";
    }));
    ASSERT_TRUE(host.post(7, 32));
    const auto tre = card.element(7, 0);
    EXPECT_EQ(tre.dw0.get(), 32u);
    EXPECT_EQ(tre.dw1.get(), 0x00020200u);
    const Bytes data(20, std::byte{7});
    ASSERT_TRUE(card.dma_write(tre.ptr, data));
    card.complete(7, 0, 20);
    EXPECT_EQ(host.poll(), 1u);
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0], data);
    EXPECT_FALSE(mores[0]);
    EXPECT_TRUE(reposted);
}

TEST_F(MhiHost, OverflowIsMore)
{
    power_up();
    start(12);
    ASSERT_TRUE(host.post(13, 512) && host.post(13, 512));
    card.complete(13, 0, 512, Completion::OVERFLOW_);
    card.complete(13, 1, 3);
    EXPECT_EQ(host.poll(), 2u);
    EXPECT_EQ(mores, (std::vector<bool>{true, false}));
    EXPECT_EQ(packets[1].size(), 3u);
}

// D63: the card rewrites our TRE ring, contexts and command ring after they were submitted.
TEST_F(MhiHost, WhatTheCardDoesToOurMemoryHasNoEffect)
{
    power_up();
    start(10);
    ASSERT_TRUE(host.send(10, Bytes(70000)));
    const auto base = card.channel_context(10).rbase.get();
    ASSERT_TRUE(card.dma_write(base, Bytes(2048, std::byte{0xff})));
    ASSERT_TRUE(card.dma_write(card.get64(mhi_reg::CCABAP_LOW), Bytes(128 * 44, std::byte{0xee})));
    const auto crc = card.dma_read<CommandContext>(card.get64(mhi_reg::CRCBAP_LOW));
    ASSERT_TRUE(card.dma_write(crc.rbase, Bytes(2048, std::byte{0xdd})));
    card.post(make_event(EventType::TRANSFER, base + 16, 2, 4465, 10));
    EXPECT_EQ(host.poll(), 1u);
    EXPECT_TRUE(host.drained(10));
    EXPECT_EQ(host.health(), Health::OK);
}

// M-TRE: chained elements are skipped by our shadow, never by what the ring says now.
TEST_F(MhiHost, EventForAMiddleElementIsRefused)
{
    power_up();
    start(10);
    ASSERT_TRUE(host.send(10, Bytes(70000)));
    card.complete(10, 0, 65535);
    host.poll();
    EXPECT_EQ(host.counters().m_tre, 1u);
    EXPECT_EQ(host.health(), Health::BROKEN);
}

TEST_F(MhiHost, EventSkippingAWholeMessageIsRefused)
{
    power_up();
    start(10);
    ASSERT_TRUE(host.send(10, Bytes(8)) && host.send(10, Bytes(8)));
    card.complete(10, 1, 8);
    host.poll();
    EXPECT_EQ(host.counters().m_tre, 1u);
    EXPECT_EQ(host.health(), Health::BROKEN);
    EXPECT_EQ(host.send(10, Bytes(1)).error().code, Code::E_PROTO);
}

// M-ERP: misaligned by 1..15, just outside on both sides.
TEST_F(MhiHost, EventReadPointerMustBeAnElement)
{
    for (int i = -1; i < 17; ++i) {
        if (i == 0) continue;
        power_up();
        const auto c = card.event_context();
        card.set_event_rp(i < 0     ? c.rbase - 16
                          : i == 16 ? c.rbase + c.rlen
                                    : c.rp + static_cast<unsigned>(i));
        EXPECT_EQ(host.poll(), 0u);
        EXPECT_EQ(host.health(), Health::BROKEN) << i;
        host.fenced();
    }
    EXPECT_EQ(host.counters().m_erp, 17u);
}

// rp published before its element (D15's idea): tried again, believed once it is there, refused if it never
// is.
TEST_F(MhiHost, ElementThatComesAfterItsPointer)
{
    power_up();
    const auto c = card.event_context();
    card.set_event_rp(c.rp + 16);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(host.poll(), 0u);
    const auto event = make_event(EventType::BANDWIDTH, 0, 0, 1, 1);
    ASSERT_TRUE(card.dma_write(c.rp, bytes_of(event)));
    EXPECT_EQ(host.poll(), 1u);
    EXPECT_EQ(host.health(), Health::OK);
    card.set_event_rp(c.rp + 32);
    for (int i = 0; i < 65; ++i) host.poll();
    EXPECT_EQ(host.health(), Health::BROKEN);
    EXPECT_EQ(host.counters().m_erp, 1u);
}

// A card that moves rp on for ever does not keep poll() for ever.
TEST_F(MhiHost, PollIsBounded)
{
    power_up();
    const auto c = card.event_context();
    const auto event = make_event(EventType::BANDWIDTH, 0, 0, 1, 1);
    for (unsigned i = 0; i < 32; ++i) (void)card.dma_write(c.rbase + 16 * i, bytes_of(event));
    card.set_event_rp(c.rbase + 16); // wraps beyond what was acknowledged
    EXPECT_LE(host.poll(), 32u);
}

TEST_F(MhiHost, EventRingWrapsAndIsAcknowledgedOncePerBatch)
{
    power_up();
    const auto base = card.event_context().rbase.get();
    std::uint64_t at = 2; // M0 and EE came before
    for (unsigned round = 0; round < 100; ++round) {
        const unsigned n = 1 + round % 31;
        for (unsigned i = 0; i < n; ++i) card.post(make_event(EventType::BANDWIDTH, 0, 0, 1, 1));
        const auto before = card.log.size();
        EXPECT_EQ(host.poll(), n);
        at += n;
        const auto wp = base + 16 * ((at + 31) % 32);
        EXPECT_EQ(writes(before), (std::vector<ScriptedCard::Access>{w(0x704, wp >> 32), w(0x700, wp)}));
        EXPECT_EQ(card.event_context().wp.get(), wp);
        EXPECT_EQ(host.poll(), 0u);
        EXPECT_EQ(writes(before).size(), 2u) << "nothing consumed, nothing rung";
    }
}

TEST_F(MhiHost, CommandRingWraps)
{
    power_up();
    for (unsigned i = 0; i < 200; ++i) {
        start(16);
        ASSERT_TRUE(host.reset_pair(16));
    }
    EXPECT_EQ(card.commands.size(), 800u);
    EXPECT_FALSE(host.running(16) || host.running(17));
}

TEST_F(MhiHost, CommandTimeoutsDoNotStackUpForEver)
{
    power_up();
    card.answer_commands = false;
    for (unsigned i = 0; i < 127; ++i) ASSERT_EQ(host.start_pair(16, {}).error().code, Code::E_TIMEOUT) << i;
    EXPECT_EQ(host.start_pair(16, {}).error().code, Code::E_AGAIN);
    EXPECT_EQ(host.health(), Health::OK);
}

TEST_F(MhiHost, StartRefused)
{
    power_up();
    card.command_code = 0x10;
    const auto refused = host.start_pair(16, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "scripted: card refused START of channel 16, completion code 0x10");
    EXPECT_FALSE(host.running(16));
    card.command_code = 1;
    start(16);
}

// D-ALIVE and the register that may read all-ones (1.6).
TEST_F(MhiHost, AllOnesIsAQuestion)
{
    ASSERT_TRUE(host.locate_blocks());
    card.set(mhi_reg::MHIVER, all_ones);
    const auto before = card.log.size();
    const auto lying = host.read(mhi_reg::MHIVER);
    ASSERT_FALSE(lying);
    EXPECT_EQ(lying.error().code, Code::E_PROTO);
    EXPECT_LE(card.manual.now(), 1ms);
    EXPECT_EQ(card.log.size() - before, 8u) << "the register four times, the witness four times";
    const auto again = card.log.size();
    EXPECT_EQ(host.read(mhi_reg::SOC_HW_VERSION).value(), 0x60110200u);
    EXPECT_EQ(card.log.size(), again) << "0x224 is never touched";
    card.gone = true;
    EXPECT_EQ(host.read(mhi_reg::MHISTATUS).error().code, Code::E_REMOVED);
    const auto silent = card.log.size();
    EXPECT_EQ(host.read(mhi_reg::MHISTATUS).error().code, Code::E_REMOVED);
    host.write(mhi_reg::MHICTRL, 2);
    EXPECT_EQ(card.log.size(), silent) << "nothing is touched any more";
}

TEST_F(MhiHost, MemoryTheCardKnowsIsNotFreedWithoutAFence)
{
    auto other = std::make_unique<Host>(card, short_limits);
    ASSERT_TRUE(other->power_up());
    const auto blocks = card.blocks();
    other.reset();
    EXPECT_EQ(card.blocks(), blocks) << "the card may still write there";
    other = std::make_unique<Host>(card, short_limits);
    ASSERT_TRUE(other->power_up());
    ASSERT_TRUE(other->shutdown());
    other.reset();
    EXPECT_EQ(card.blocks(), blocks);
}

TEST_F(MhiHost, OutOfMemoryAtEveryAllocation)
{
    for (unsigned n = 0; n < 12; ++n) {
        ScriptedCard poor;
        Host poor_host(poor, short_limits);
        poor.allocations_left = n;
        auto all = poor_host.power_up().map([](ExecEnv) {});
        if (all) all = poor_host.start_pair(10, {});
        if (all) all = poor_host.post(11, 4096);
        if (all) all = poor_host.send(10, Bytes(100));
        EXPECT_EQ(all.has_value(), n >= 7) << n;
        if (!all) {
            EXPECT_EQ(all.error().code, Code::E_NOMEM) << all.error().message();
        }
        poor_host.fenced();
    }
}

TEST_F(MhiHost, WaitExecEnvWantsEventAndRegister)
{
    card.env = ExecEnv::SBL;
    power_up();
    start(2);
    card.post(make_event(EventType::EXEC_ENV, 0, 2, 0, 0));
    const auto lied = host.wait_exec_env(ExecEnv::AMSS, 50ms); // EXECENV still says SBL
    ASSERT_FALSE(lied);
    EXPECT_EQ(lied.error().code, Code::E_RESET);
    host.fenced();
    power_up();
    start(2);
    const auto commands = card.commands.size();
    card.set(ScriptedCard::bhi + bhi_reg::EXECENV, 2);
    card.post(make_event(EventType::EXEC_ENV, 0, 2, 0, 0));
    ASSERT_TRUE(host.wait_exec_env(ExecEnv::AMSS, 50ms));
    EXPECT_FALSE(host.running(2) || host.running(3));
    EXPECT_EQ(card.commands.size(), commands) << "no RESET for SBL channels (2.14 step 14)";
}

TEST_F(MhiHost, MisuseIsRefused)
{
    EXPECT_EQ(host.send(10, Bytes(1)).error().code, Code::E_STATE);
    power_up();
    EXPECT_EQ(host.start_pair(11, {}).error().code, Code::E_INVAL);
    EXPECT_EQ(host.start_pair(26, {}).error().code, Code::E_INVAL);
    EXPECT_EQ(host.send(10, Bytes(1)).error().code, Code::E_STATE);
    start(10);
    EXPECT_EQ(host.send(10, {}).error().code, Code::E_INVAL);
    EXPECT_EQ(host.send(11, Bytes(1)).error().code, Code::E_STATE);
    EXPECT_EQ(host.post(10, 1).error().code, Code::E_STATE);
    EXPECT_EQ(host.post(11, 0).error().code, Code::E_INVAL);
    EXPECT_EQ(host.post(11, 65536).error().code, Code::E_INVAL);
}

} // namespace
} // namespace test
