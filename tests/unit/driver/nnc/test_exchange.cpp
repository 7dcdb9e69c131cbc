// SPDX-License-Identifier: BSD-3-Clause
// Matching, time-outs, late and foreign replies, CRC learning (aic100-device.md 4.1, 4.3, 4.11; N-SEQ).
#include <gtest/gtest.h>

#include "fakes.hpp"

namespace qaic::nnc {
namespace {
using namespace aic100;

/// Answers STATUS with `flags` and lets `then` answer everything else.
FakeChannel::Card with_hello(std::uint64_t flags, FakeChannel::Card then = {})
{
    return [=](FakeChannel& ch, ConstSpan m) {
        if (read_at<le32>(m, 32)->get() == 15) return ch.reply(status_reply(header_of(m).sequence, flags));
        if (then) then(ch, m);
    };
}
FakeChannel::Card resources_answer(bool crc = true)
{
    return [=](FakeChannel& ch, ConstSpan m) {
        ResourceInfoResp r{};
        r.type = 33;
        r.block.nsp_total = 16;
        ch.reply(card_message(header_of(m).sequence, {passthrough(r)}, crc));
    };
}

TEST(NncExchange, HelloIsTheFirstMessageAndCarriesACrc)
{
    Bench b(with_hello(1));
    const auto s = b.client->hello();
    ASSERT_TRUE(s) << s.error().message();
    EXPECT_EQ(b.channel->starts, 1u);
    ASSERT_EQ(b.channel->sent.size(), 1u);
    EXPECT_EQ(b.channel->sent[0],
              hex("bda539f7 51414943 00000000 28000000 01000000 00000000 ffffffff 00000000"
                  "0f000000 08000000"));
}

TEST(NncExchange, CrcIsLearnedFromTheFirstStatus)
{
    for (const bool in_use : {true, false}) {
        Bench b(with_hello(in_use ? 1 : 0, resources_answer(in_use)));
        ASSERT_TRUE(b.client->hello());
        ASSERT_TRUE(b.client->resources());
        EXPECT_EQ(header_of(b.channel->sent[1]).crc != 0, in_use);
        EXPECT_EQ(header_of(b.channel->sent[1]).sequence, 1u);
        // After a new start the first message has a CRC again, and the sequence goes on (4.12).
        ASSERT_TRUE(b.client->hello());
        EXPECT_NE(header_of(b.channel->sent[2]).crc, 0u);
        EXPECT_EQ(header_of(b.channel->sent[2]).sequence, 2u);
    }
}

TEST(NncExchange, OtherMajorVersionIsRefused)
{
    Bench b([](FakeChannel& ch, ConstSpan m) { ch.reply(status_reply(header_of(m).sequence, 1, 6)); });
    EXPECT_EQ(b.client->hello().error().code, Code::E_UNSUPP);
    Bench c([](FakeChannel& ch, ConstSpan m) {
        NncStatusFromDev s{};
        s.major = 5, s.status = 3;
        ch.reply(card_message(header_of(m).sequence, {transaction(NncType::STATUS_FROM_DEV, s)}));
    });
    EXPECT_FALSE(c.client->hello());
}

TEST(NncExchange, NoReplyTimesOutWithinTheLimit)
{
    Limits limits;
    limits.nnc = 60s;
    Bench b({}, limits);
    const auto before = b.bus.clock().now();
    const auto s = b.client->hello();
    ASSERT_FALSE(s);
    EXPECT_EQ(s.error().code, Code::E_TIMEOUT);
    EXPECT_NE(s.error().text.find("STATUS"), std::string::npos);
    EXPECT_NE(s.error().text.find("60000 ms"), std::string::npos);
    EXPECT_LE(b.bus.clock().now() - before, limits.nnc + 10ms);
}

TEST(NncExchange, CardGoneEndsTheWaitAtOnce)
{
    Bench b([](FakeChannel& ch, ConstSpan) { ch.dead = Code::E_REMOVED; });
    const auto before = b.bus.clock().now();
    EXPECT_EQ(b.client->hello().error().code, Code::E_REMOVED);
    EXPECT_LT(b.bus.clock().now() - before, 10ms);
}

TEST(NncExchange, FullRingIsRetriedThenGivenUp)
{
    Bench b(with_hello(1));
    b.channel->full = 100;
    EXPECT_TRUE(b.client->hello());
    b.channel->full = ~0u;
    EXPECT_EQ(b.client->resources().error().code, Code::E_AGAIN);
    EXPECT_EQ(b.client->counters().requests, 1u);
    b.channel->full = 0;
    EXPECT_EQ(b.channel->posted, 1u) << "the buffer of the failed send is used again";
}

TEST(NncExchange, LateReplyIsCountedOnceAndDoesNotAnswerTheNext)
{
    std::optional<std::uint32_t> held;
    bool hold = true;
    Bench b(with_hello(1, [&](FakeChannel& ch, ConstSpan m) {
        ResourceInfoResp r{};
        r.type = 33;
        if (hold) return void(held = header_of(m).sequence);
        r.block.nsp_free = 1;
        ResourceInfoResp stale{};
        stale.type = 33;
        stale.block.nsp_free = 99;
        if (held) ch.reply(card_message(*held, {passthrough(stale)}));
        held.reset();
        ch.reply(card_message(header_of(m).sequence, {passthrough(r)}));
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_EQ(b.client->resources().error().code, Code::E_TIMEOUT);
    hold = false;
    const auto r = b.client->resources();
    ASSERT_TRUE(r) << r.error().message();
    EXPECT_EQ(r->nsp_free, 1);
    EXPECT_EQ(b.client->counters().late, 1u);
    EXPECT_EQ(b.client->counters().n_seq, 0u);
    EXPECT_EQ(b.channel->posted, 0u) << "one buffer per reply owed";
}

TEST(NncExchange, ForeignSequenceIsCountedAndDropped)
{
    Bench b(with_hello(1, [](FakeChannel& ch, ConstSpan m) {
        NncStatusWord d{};
        d.value = 5; // names a DBC nobody asked about
        ch.reply(card_message(0x12345678, {transaction(NncType::DEACTIVATE_FROM_DEV, d)}));
        resources_answer()(ch, m);
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_TRUE(b.client->resources());
    EXPECT_EQ(b.client->counters().n_seq, 1u);
}

TEST(NncExchange, GarbageDoesNotEatTheReceiveBuffer)
{
    Bench b(with_hello(1, [](FakeChannel& ch, ConstSpan m) {
        for (int i = 0; i < 10; ++i) ch.reply(Bytes(40, std::byte{0x5a}));
        resources_answer()(ch, m);
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_TRUE(b.client->resources());
    EXPECT_EQ(b.client->counters().n_hdr, 10u);
}

TEST(NncExchange, EndlessGarbageEndsTheWait)
{
    Bench b(with_hello(1, [](FakeChannel& ch, ConstSpan) {
        for (int i = 0; i < 1000; ++i) ch.reply(Bytes(40, std::byte{0x5a}));
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_EQ(b.client->resources().error().code, Code::E_PROTO);
}

TEST(NncExchange, WrongCrcOfOurReplyIsTold)
{
    Bench b(with_hello(1, [](FakeChannel& ch, ConstSpan m) {
        auto packet = card_message(header_of(m).sequence, {passthrough(ResourceInfoResp{})});
        packet.back() ^= std::byte{1};
        ch.reply(std::move(packet));
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_EQ(b.client->resources().error().code, Code::E_CRC);
    EXPECT_EQ(b.client->counters().n_crc, 1u);
}

TEST(NncExchange, MessageOverSeveralBuffersIsRefused)
{
    Bench b(with_hello(1));
    ASSERT_TRUE(b.client->hello());
    b.channel->more = true;
    for (int i = 0; i < 100; ++i) b.channel->reply(Bytes(4096));
    EXPECT_EQ(b.client->resources().error().code, Code::E_PROTO);
    EXPECT_GE(b.client->counters().n_hdr, 64u);
}

TEST(NncExchange, UnansweredRequestsAreBounded)
{
    Limits limits;
    limits.nnc = 1ms;
    Bench b(with_hello(1), limits);
    ASSERT_TRUE(b.client->hello());
    for (int i = 0; i < 64; ++i) EXPECT_EQ(b.client->resources().error().code, Code::E_TIMEOUT);
    EXPECT_EQ(b.client->resources().error().code, Code::E_STATE);
    b.client->card_fenced();
    EXPECT_EQ(b.client->resources().error().code, Code::E_TIMEOUT);
}

TEST(NncExchange, InformationBlockVersionsAreChecked)
{
    InfoBlock info{};
    Bench b(with_hello(1, [&](FakeChannel& ch, ConstSpan m) {
        StatusQueryResp r{};
        r.type = 14;
        r.info = info;
        ch.reply(card_message(header_of(m).sequence, {passthrough(r)}));
    }));
    ASSERT_TRUE(b.client->hello());
    info.format = 12, info.metadata_major = 1, info.nnc_cmd_major = 17;
    EXPECT_TRUE(b.client->info());
    info.nnc_cmd_major = 18;
    EXPECT_EQ(b.client->info().error().code, Code::E_UNSUPP);
    info.nnc_cmd_major = 17, info.metadata_major = 2;
    EXPECT_EQ(b.client->info().error().code, Code::E_UNSUPP);
    info.metadata_major = 1, info.format = 11;
    EXPECT_EQ(b.client->info().error().code, Code::E_UNSUPP);
}

TEST(NncExchange, ResponseOfAnotherCommandIsRefused)
{
    Bench b(with_hello(1, [](FakeChannel& ch, ConstSpan m) {
        PerformanceInfoResp r{};
        r.type = 35;
        ch.reply(card_message(header_of(m).sequence, {passthrough(r)}));
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_EQ(b.client->resources().error().code, Code::E_PROTO);
    EXPECT_TRUE(b.client->performance());
    EXPECT_EQ(b.client->counters().n_trx, 1u);
}

TEST(NncExchange, TerminateHasNoPartition)
{
    Bench b(with_hello(1, [](FakeChannel& ch, ConstSpan m) {
        ch.reply(
            card_message(header_of(m).sequence, {transaction(NncType::TERMINATE_FROM_DEV, NncStatusWord{})}));
    }));
    ASSERT_TRUE(b.client->hello());
    EXPECT_TRUE(b.client->terminate());
    EXPECT_EQ(header_of(b.channel->sent[1]).partition, 0);
    EXPECT_EQ(header_of(b.channel->sent[1]).handle, 7u);
}

} // namespace
} // namespace qaic::nnc
