// SPDX-License-Identifier: BSD-3-Clause
// The decoder: vectors of 4.3 and appendix D, and each way to break a rule (guards N-HDR, N-CRC, N-TRX).
#include <gtest/gtest.h>

#include "fakes.hpp"
#include "qaic/nnc/reply.hpp"

namespace qaic::nnc {
namespace {
using namespace aic100;

Bytes activate_reply()
{
    return hex(
        "bf7bd65a 51414943 03000000 98000000 02000000 07000000 ffffffff 00000000"
        "03000000 60000000 0a000000 00000000 01000000 03000000 00000000 01000000 00000000 00000000 00000000"
        "02000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
        "03000100 00000000 08000000 18000000 00000000 03000000 00000000 00000000");
}

TEST(NncReply, StatusVector)
{
    const auto packet = hex("e3aabcc7 51414943 00000000 38000000 01000000 00000000 ffffffff 00000000"
                            "0e000000 18000000 05000000 00000000 01000000 00000000");
    for (const auto use : {CrcUse::LEARN, CrcUse::ON}) {
        const auto r = decode_reply(packet, use);
        ASSERT_TRUE(r) << r.error().text;
        const auto s = r->only<NncStatusFromDev>(NncType::STATUS_FROM_DEV);
        ASSERT_TRUE(s);
        EXPECT_EQ(s->major, 5);
        EXPECT_EQ(s->flags, 1u);
    }
}

TEST(NncReply, ActivateVector)
{
    const auto r = decode_reply(activate_reply(), CrcUse::ON);
    ASSERT_TRUE(r) << r.error().text;
    EXPECT_EQ(r->sequence(), 3u);
    EXPECT_EQ(r->handle(), 7u);
    ASSERT_EQ(r->transactions().size(), 2u);
    const auto response = read_at<ActivateResp>(r->response());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->activation_id, 1u);
    EXPECT_EQ(response->vc_id, 3u);
    EXPECT_EQ(response->ddr_base, 0x100000000u);
    EXPECT_EQ(response->mcid_base, 0x200000000u);
    EXPECT_EQ(response->nsp_mask, 1u);
    const auto vc = r->only<NncActivateFromDev>(NncType::ACTIVATE_FROM_DEV);
    ASSERT_TRUE(vc);
    EXPECT_EQ(vc->dbc, 3u);
}

TEST(NncReply, DeactivateAndTerminateVectors)
{
    const auto d =
        decode_reply(hex("82d5f9a3 51414943 04000000 40000000 02000000 07000000 ffffffff 00000000"
                         "03000000 10000000 0c000000 00000000 0b000000 10000000 00000000 03000000"),
                     CrcUse::ON);
    ASSERT_TRUE(d) << d.error().text;
    EXPECT_EQ(d->only<NncStatusWord>(NncType::DEACTIVATE_FROM_DEV)->value, 3u);
    const auto t = decode_reply(hex("3e3ce930 51414943 05000000 30000000 01000000 07000000 00000000 00000000"
                                    "10000000 10000000 00000000 00000000"),
                                CrcUse::ON);
    ASSERT_TRUE(t) << t.error().text;
    EXPECT_TRUE(t->only<NncStatusWord>(NncType::TERMINATE_FROM_DEV));
}

TEST(NncReply, ContinuationVector)
{
    const auto packet = card_message(9, {hex("12000000 18000000 01000000 00000000 00c0fb00 00000000")});
    const auto r = decode_reply(packet, CrcUse::ON);
    ASSERT_TRUE(r) << r.error().text;
    EXPECT_EQ(r->only<NncDmaCont>(NncType::DMA_XFER_CONT)->transferred, 4028u * 4096);
}

struct Broken {
    const char* name;
    Guard guard;
    std::function<void(Bytes&)> breakage; ///< applied to the ACTIVATE reply; its CRC is made right afterwards
    bool sequence_known;
};
void put32(Bytes& b, std::size_t at, std::uint32_t v) { std::memcpy(b.data() + at, &v, 4); }

const Broken breakages[] = {
    {"empty", Guard::N_HDR, [](Bytes& b) { b.clear(); }, false},
    {"half_header", Guard::N_HDR, [](Bytes& b) { b.resize(31); }, false},
    {"beyond_4096", Guard::N_HDR, [](Bytes& b) { b.resize(4104); }, false},
    {"magic", Guard::N_HDR, [](Bytes& b) { put32(b, 4, 0x43494152); }, false},
    {"length_beyond_received", Guard::N_HDR, [](Bytes& b) { put32(b, 12, 0x99); }, false},
    {"length_below_header", Guard::N_HDR, [](Bytes& b) { put32(b, 12, 31); }, false},
    {"length_all_ones", Guard::N_HDR, [](Bytes& b) { put32(b, 12, ~0u); }, false},
    {"padding", Guard::N_HDR, [](Bytes& b) { put32(b, 28, 1); }, false},
    {"count_beyond_bytes", Guard::N_HDR, [](Bytes& b) { put32(b, 16, 16); }, true},
    {"count_too_small", Guard::N_TRX, [](Bytes& b) { put32(b, 16, 1); }, true},
    {"count_too_large", Guard::N_TRX, [](Bytes& b) { put32(b, 16, 3); }, true},
    {"unknown_type", Guard::N_TRX, [](Bytes& b) { put32(b, 32, 10); }, true},
    {"host_type", Guard::N_TRX, [](Bytes& b) { put32(b, 32, 4); }, true},
    {"zero_length", Guard::N_TRX, [](Bytes& b) { put32(b, 36, 0); }, true},
    {"header_only_passthrough", Guard::N_TRX, [](Bytes& b) { put32(b, 36, 8); }, true},
    {"odd_length", Guard::N_TRX, [](Bytes& b) { put32(b, 36, 0x5c); }, true},
    {"length_into_next", Guard::N_TRX, [](Bytes& b) { put32(b, 36, 0x58); }, true},
    {"second_beyond_end", Guard::N_TRX, [](Bytes& b) { put32(b, 0x84, 0x20); }, true},
    {"second_shorter_than_struct", Guard::N_TRX, [](Bytes& b) { put32(b, 0x84, 0x10); }, true},
    {"length_wraps", Guard::N_TRX, [](Bytes& b) { put32(b, 36, 0xfffffff8); }, true},
    {"continuation_not_alone", Guard::N_TRX, [](Bytes& b) { put32(b, 0x80, 18); }, true},
};

class NncReplyBroken : public testing::TestWithParam<Broken> {};

TEST_P(NncReplyBroken, IsRefusedByItsGuard)
{
    auto packet = activate_reply();
    GetParam().breakage(packet);
    if (packet.size() >= 32 && packet.size() <= 4096) {
        const auto length = std::min<std::size_t>(header_of(packet).length, packet.size());
        if (length >= 32) put32(packet, 0, message_crc(ConstSpan(packet).first(length)));
    }
    const auto r = decode_reply(packet, CrcUse::ON);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().guard, GetParam().guard) << r.error().text;
    EXPECT_EQ(r.error().sequence.has_value(), GetParam().sequence_known);
    EXPECT_EQ(r.error().text.find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(Rules, NncReplyBroken, testing::ValuesIn(breakages),
                         [](const auto& p) { return p.param.name; });

TEST(NncReply, EveryFlippedBitFailsTheCrc)
{
    const auto good = activate_reply();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto packet = good;
        packet[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        EXPECT_FALSE(decode_reply(packet, CrcUse::ON)) << bit;
    }
}

TEST(NncReply, CrcIsLookedAtOnlyWhenInUse)
{
    auto packet = activate_reply();
    put32(packet, 0, 0);
    EXPECT_TRUE(decode_reply(packet, CrcUse::OFF));
    EXPECT_EQ(decode_reply(packet, CrcUse::ON).error().guard, Guard::N_CRC);
    // The first STATUS decides for itself (4.3).
    EXPECT_TRUE(decode_reply(status_reply(0, 0, 5, false), CrcUse::LEARN));
    EXPECT_EQ(decode_reply(status_reply(0, 1, 5, false), CrcUse::LEARN).error().guard, Guard::N_CRC);
}

TEST(NncReply, BytesBehindTheMessageAreNotLookedAt)
{
    auto packet = activate_reply();
    packet.resize(4096, std::byte{0xff});
    const auto r = decode_reply(packet, CrcUse::ON);
    ASSERT_TRUE(r) << r.error().text;
    EXPECT_EQ(r->transactions().size(), 2u);
}

TEST(NncReply, TwoOfAKindAreNotOne)
{
    const auto t = transaction(NncType::DEACTIVATE_FROM_DEV, NncStatusWord{});
    const auto r = decode_reply(card_message(0, {t, t}), CrcUse::ON);
    ASSERT_TRUE(r);
    EXPECT_FALSE(r->only<NncStatusWord>(NncType::DEACTIVATE_FROM_DEV));
    EXPECT_TRUE(r->response().empty());
}

} // namespace
} // namespace qaic::nnc
