// SPDX-License-Identifier: BSD-3-Clause
// Messages that are not as they should be, and the table of commands. aic100-device.md 4.3, 4.11, 8.6
#include "rig.hpp"

namespace qsm_test {
namespace {
using aic100::NncType;

Bytes status_transaction() { return Rig::bare(15); }
aic100::NncStatusFromDev failing(const std::optional<Bytes>& reply)
{
    EXPECT_TRUE(reply);
    return reply ? read_at<aic100::NncStatusFromDev>(*reply, 32).value() : aic100::NncStatusFromDev{};
}
Bytes plain_command(std::uint32_t type, std::size_t bytes)
{
    Bytes c(bytes);
    const le32 t = type;
    std::memcpy(c.data(), &t, 4);
    return c;
}

TEST(NncProtocol, FirstMessageIsStatusWithCrc)
{
    Rig rig;
    EXPECT_FALSE(rig.send(rig.message({status_transaction()}, 0, -1, false)));
    EXPECT_FALSE(rig.send(rig.message({Rig::passthrough(plain_command(13, 8))})));
    EXPECT_TRUE(rig.send(rig.message({status_transaction()}, 0)));
    EXPECT_TRUE(rig.send(rig.message({Rig::passthrough(plain_command(13, 8))})));
    rig.qsm->control_started();
    EXPECT_FALSE(rig.send(rig.message({Rig::passthrough(plain_command(13, 8))})));
    rig.handshake();
}

TEST(NncProtocol, WithoutCrcInUseOnlyTheFirstMessageNeedsOne)
{
    card::CardConfig config;
    config.crc_in_use = false;
    Rig rig(config);
    EXPECT_FALSE(rig.send(rig.message({status_transaction()}, 0, -1, false)));
    const auto first = rig.call({status_transaction()}, 0); // its CRC field must be 0: checked in there
    EXPECT_EQ(first.as<aic100::NncStatusFromDev>(0).flags, 0u);
    EXPECT_TRUE(rig.send(rig.message({status_transaction()}, 0, -1, false)));
    auto spoilt = rig.message({status_transaction()}, 0);
    spoilt[0] ^= std::byte{1};
    EXPECT_FALSE(rig.send(spoilt)); // one that is there has to be right
}

TEST(NncProtocol, EverySingleBitErrorIsNoticed)
{
    Rig rig;
    rig.handshake();
    const auto good = rig.message({Rig::passthrough(plain_command(34, 8))});
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto bad = good;
        bad[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        ASSERT_FALSE(rig.send(bad)) << bit;
    }
    EXPECT_TRUE(rig.send(good));
}

TEST(NncProtocol, DamagedMessagesAreAnsweredWhenConfigured)
{
    card::CardConfig config;
    config.answer_bad_crc = true;
    Rig rig(config);
    rig.handshake();
    auto bad = rig.message({Rig::passthrough(plain_command(34, 8))});
    bad[40] ^= std::byte{1};
    const auto t = failing(rig.send(bad));
    EXPECT_EQ(t.head.type, 14u);
    EXPECT_NE(t.status, 0u);
    auto shorter = rig.message({Rig::passthrough(plain_command(34, 8))});
    shorter.pop_back();
    EXPECT_NE(failing(rig.send(shorter)).status, 0u);
    EXPECT_FALSE(rig.send(Bytes(31)));
    EXPECT_FALSE(rig.send(Bytes(64))); // no magic: nobody to answer to
}

TEST(NncProtocol, LengthsThatDoNotAddUp)
{
    Rig rig;
    rig.handshake();
    for (const std::uint32_t length : {0u, 7u, 9u, 24u, 0xffffffffu}) {
        Bytes t = status_transaction();
        const le32 wire = length;
        std::memcpy(t.data() + 4, &wire, 4);
        EXPECT_NE(failing(rig.send(rig.message({t}))).status, 0u) << length;
    }
    Bytes trailing = status_transaction(); // bytes no transaction owns
    trailing.resize(16);
    EXPECT_NE(failing(rig.send(rig.message({trailing}))).status, 0u);
    auto m = rig.message({status_transaction()});
    const le32 many = 0xffffffff;
    std::memcpy(m.data() + 0x10, &many, 4);
    const le32 zero = 0;
    std::memcpy(m.data(), &zero, 4);
    const le32 crc = crc_of(m);
    std::memcpy(m.data(), &crc, 4);
    EXPECT_NE(failing(rig.send(m)).status, 0u);
}

TEST(NncProtocol, UnknownTransactionFailsTheMessage)
{
    Rig rig;
    rig.handshake();
    for (const std::uint32_t type :
         {0u, 1u, 3u, 5u, 7u, 8u, 10u, 12u, 14u, 16u, 18u, 19u, 21u, 0x80000004u}) {
        const auto reply = rig.send(rig.message({Rig::bare(type, 16)}));
        EXPECT_EQ(static_cast<std::int32_t>(failing(reply).status.get()), -3) << type;
    }
}

TEST(NncProtocol, EmptyMessageHasAnEmptyReply)
{
    Rig rig;
    rig.handshake();
    const auto reply = rig.call({});
    EXPECT_EQ(reply.header.count, 0u);
    EXPECT_EQ(reply.header.length, 32u);
}

TEST(NncProtocol, RepliesNeverExceedFourKilobytes)
{
    Rig rig;
    rig.handshake();
    const std::vector<Bytes> fit(7, Rig::passthrough(plain_command(13, 8)));
    EXPECT_EQ(rig.call(fit).transactions.size(), 7u);
    const std::vector<Bytes> too_many(8, Rig::passthrough(plain_command(13, 8)));
    EXPECT_EQ(rig.call(too_many).as<aic100::NncStatusFromDev>(0).head.type, 14u);
}

struct Known {
    std::uint32_t type;
    std::size_t request, response, status_at;
};
constexpr Known known[] = {
    {1, 88, 16, 8},  {3, 96, 16, 8},  {5, 8, 8, 4},    {7, 8, 8, 4},  {9, 48, 88, 4},   {11, 16, 8, 4},
    {13, 8, 504, 4}, {15, 80, 16, 8}, {16, 32, 16, 8}, {17, 8, 8, 4}, {19, 32, 40, 4},  {22, 8, 8, 4},
    {24, 48, 16, 4}, {26, 8, 8, 4},   {28, 64, 16, 4}, {30, 8, 8, 4}, {32, 16, 56, 48}, {34, 8, 64, 4},
    {36, 72, 8, 4},  {38, 16, 8, 4},  {44, 24, 8, 4},
};

TEST(NncProtocol, EveryCommandInBothLengthsAndTooShort)
{
    Rig rig;
    rig.handshake();
    for (const auto& k : known) {
        SCOPED_TRACE(k.type);
        for (const bool trailing : {false, true}) {
            const auto reply = rig.call({Rig::passthrough(plain_command(k.type, k.request), trailing)});
            ASSERT_EQ(reply.transactions.size(), 1u);
            const auto& bytes = reply.transactions[0].second;
            EXPECT_EQ(bytes.size(), 8 + k.response);
            EXPECT_EQ(read_at<le32>(bytes, 8).value(), aic100::nnc_response_of(k.type));
            if (k.type != 15) { // whose descriptor is missing here
                EXPECT_NE(read_at<les32>(bytes, 8 + k.status_at).value(), -17);
            }
        }
        if (k.request <= 8) continue;
        const auto reply = rig.call({Rig::passthrough(plain_command(k.type, k.request - 8), false)});
        ASSERT_EQ(reply.transactions.size(), 1u);
        EXPECT_EQ(reply.transactions[0].second.size(), 8 + k.response);
        EXPECT_EQ(read_at<les32>(reply.transactions[0].second, 8 + k.status_at).value(), -17);
    }
}

TEST(NncProtocol, UnknownCommands)
{
    Rig rig;
    rig.handshake();
    for (const std::uint32_t type : {0u, 2u, 4u, 21u, 50u, 0xffffffffu}) {
        const auto reply = rig.call({Rig::passthrough(plain_command(type, 8))});
        const auto r = reply.response<aic100::StatusResp>();
        EXPECT_EQ(reply.transactions[0].second.size(), 16u);
        EXPECT_EQ(r.type, type + 1);
        EXPECT_EQ(r.status, -3);
    }
}

TEST(NncProtocol, StatusCommandReportsWhatTheRuntimeInsistsOn)
{
    card::CardConfig config;
    config.board_serial = std::string(100, 'x');
    Rig rig(config);
    rig.handshake();
    const auto r = rig.command<aic100::StatusQueryResp>(aic100::StatusQuery{13u, 0, {}});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.info.format, 12);
    EXPECT_EQ(r.info.metadata_major, 1);
    EXPECT_EQ(r.info.metadata_minor, 0);
    EXPECT_EQ(r.info.nnc_cmd_major, 17);
    EXPECT_EQ(r.info.hw_version, 0x00020000u);
    EXPECT_EQ(r.info.board_serial[31], '\0');
    EXPECT_EQ(r.info.resources.nsp_free, 16);
    EXPECT_EQ(r.info.resources.vc_total, 16);
    EXPECT_EQ(r.info.resources.semaphore_total, 512u);
    EXPECT_EQ(r.info.resources.dram_total_mb, 32768u);
    EXPECT_EQ(r.info.resources.fragmentation_percent, 0u);
}

TEST(NncProtocol, MutedFirmwareAnswersNothing)
{
    Rig rig;
    rig.handshake();
    rig.qsm->mute(true);
    EXPECT_FALSE(rig.send(rig.message({status_transaction()})));
    rig.qsm->mute(false);
    EXPECT_TRUE(rig.send(rig.message({status_transaction()})));
}

TEST(NncProtocol, ConfiguredMinorVersion)
{
    card::CardConfig config;
    config.nnc_minor = 5;
    Rig rig(config);
    EXPECT_EQ(rig.call({status_transaction()}, 0).as<aic100::NncStatusFromDev>(0).minor, 5);
}

} // namespace
} // namespace qsm_test
