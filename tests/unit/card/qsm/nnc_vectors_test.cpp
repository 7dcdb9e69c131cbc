// SPDX-License-Identifier: BSD-3-Clause
// Byte-exact NNC vectors of aic100-device.md 4.3 and Appendix D.
#include "rig.hpp"
#include <sstream>

namespace qsm_test {
namespace {

Bytes hex(const char* text)
{
    Bytes out;
    std::istringstream in(text);
    for (std::string word; in >> word;) out.push_back(static_cast<std::byte>(std::stoul(word, nullptr, 16)));
    return out;
}

constexpr auto status_request =
    "bd a5 39 f7 51 41 49 43 00 00 00 00 28 00 00 00 01 00 00 00 00 00 00 00 ff ff ff ff "
    "00 00 00 00 0f 00 00 00 08 00 00 00";
constexpr auto status_reply =
    "e3 aa bc c7 51 41 49 43 00 00 00 00 38 00 00 00 01 00 00 00 00 00 00 00 ff ff ff ff "
    "00 00 00 00 0e 00 00 00 18 00 00 00 05 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00";
constexpr auto activate_alone =
    "0a ab a8 18 51 41 49 43 01 00 00 00 48 00 00 00 01 00 00 00 07 00 00 00 ff ff ff ff "
    "00 00 00 00 09 00 00 00 28 00 00 00 00 00 00 00 01 00 00 00 00 88 00 00 01 00 00 00 "
    "00 02 00 00 00 02 00 00 00 90 00 00 00 00 00 00";
constexpr auto terminate_seq2 =
    "e1 57 79 6e 51 41 49 43 02 00 00 00 30 00 00 00 01 00 00 00 07 00 00 00 00 00 00 00 "
    "00 00 00 00 11 00 00 00 10 00 00 00 07 00 00 00 00 00 00 00";
constexpr auto activate_request =
    "16 06 e7 60 51 41 49 43 03 00 00 00 88 00 00 00 02 00 00 00 07 00 00 00 ff ff ff ff 00 00 00 00 "
    "04 00 00 00 40 00 00 00 09 00 00 00 d2 04 00 00 00 00 00 00 01 00 00 00 00 00 00 00 ff ff ff ff "
    "01 00 00 00 ff ff ff ff 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "09 00 00 00 28 00 00 00 00 00 00 00 01 00 00 00 00 88 00 00 01 00 00 00 00 02 00 00 00 02 00 00 "
    "00 90 00 00 00 00 00 00";
constexpr auto activate_reply =
    "bf 7b d6 5a 51 41 49 43 03 00 00 00 98 00 00 00 02 00 00 00 07 00 00 00 ff ff ff ff 00 00 00 00 "
    "03 00 00 00 60 00 00 00 0a 00 00 00 00 00 00 00 01 00 00 00 03 00 00 00 00 00 00 00 01 00 00 00 "
    "00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03 00 01 00 00 00 00 00 "
    "08 00 00 00 18 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00";
constexpr auto deactivate_request =
    "0c 74 3f ce 51 41 49 43 04 00 00 00 40 00 00 00 01 00 00 00 07 00 00 00 ff ff ff ff 00 00 00 00 "
    "04 00 00 00 20 00 00 00 0b 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
constexpr auto deactivate_reply =
    "82 d5 f9 a3 51 41 49 43 04 00 00 00 40 00 00 00 02 00 00 00 07 00 00 00 ff ff ff ff 00 00 00 00 "
    "03 00 00 00 10 00 00 00 0c 00 00 00 00 00 00 00 0b 00 00 00 10 00 00 00 00 00 00 00 03 00 00 00";
constexpr auto terminate_reply =
    "3e 3c e9 30 51 41 49 43 05 00 00 00 30 00 00 00 01 00 00 00 07 00 00 00 00 00 00 00 "
    "00 00 00 00 10 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00";
constexpr auto two_pairs =
    "06 00 00 00 38 00 00 00 64 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 30 00 00 00 "
    "00 00 00 10 00 00 00 00 00 00 00 00 50 00 00 00 00 00 00 08 00 00 00 00 00 00";

TEST(NncVectors, StatusExchange)
{
    Rig rig;
    EXPECT_EQ(rig.send(hex(status_request)), hex(status_reply));
}

TEST(NncVectors, BuildersOfTheTestsMakeTheSameBytes)
{
    Rig rig;
    EXPECT_EQ(rig.message({Rig::bare(15)}, 0), hex(status_request));
    EXPECT_EQ(rig.message({Rig::activate_to_dev(0x1'0000'0000, 512)}, 7), hex(activate_alone));
    aic100::NncTerminateToDev t{};
    t.handle = 7;
    EXPECT_EQ(rig.message({Rig::transaction(aic100::NncType::TERMINATE_TO_DEV, t)}, 7, 0),
              hex(terminate_seq2));
    EXPECT_EQ(rig.message({Rig::passthrough(bytes_of(Rig::activate_command(1))),
                           Rig::activate_to_dev(0x1'0000'0000, 512)}),
              hex(activate_request));
    EXPECT_EQ(Rig::dma_xfer(100, {{0x300000, 0x1000}, {0x500000, 0x800}}), hex(two_pairs));
}

TEST(NncVectors, ActivateAloneThenTerminate)
{
    Rig rig;
    rig.handshake();
    const auto reply = rig.send(hex(activate_alone));
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->size(), 56u);
    const auto t = read_at<aic100::NncActivateFromDev>(*reply, 32).value();
    EXPECT_EQ(t.head.type, 8u);
    EXPECT_EQ(t.status, 0u);
    EXPECT_EQ(t.dbc, 0u);
    EXPECT_TRUE(rig.qsm->dbc(0).active);
    const auto ended = rig.send(hex(terminate_seq2));
    ASSERT_TRUE(ended);
    auto expected = hex(terminate_reply); // only the sequence number and with it the CRC differ
    expected[8] = std::byte{2};
    const le32 crc = crc_of(expected);
    std::memcpy(expected.data(), &crc, sizeof crc);
    EXPECT_EQ(*ended, expected);
    EXPECT_FALSE(rig.qsm->dbc(0).active);
}

/// The exchange of Appendix D on a card whose channels 0 to 2 are taken, so that it gets channel 3.
TEST(NncVectors, ActivateDeactivateTerminateOfAppendixD)
{
    Rig rig;
    rig.handshake();
    auto spec = echo_program(64);
    ASSERT_EQ(rig.load_elf(elf_of(spec)).id, 1u);
    for (unsigned i = 0; i < 3; ++i) {
        aic100::ReserveVc c{};
        c.type = 19;
        c.source_group = -1;
        EXPECT_EQ(rig.command<aic100::ReserveVcResp>(c).vc_id, i);
    }
    auto got = rig.send(hex(activate_request));
    ASSERT_TRUE(got);
    ASSERT_EQ(got->size(), hex(activate_reply).size());
    EXPECT_EQ(read_at<le32>(*got).value(), crc_of(*got));
    // Only the place of the windows is the model's choice: compare with the vector's own.
    const le64 mcid_base = 0x2'0000'0000;
    const auto ours = read_at<le64>(*got, 40 + 0x20).value();
    EXPECT_EQ(ours % (128u << 20), 0u);
    std::memcpy(got->data() + 40 + 0x20, &mcid_base, 8);
    const le32 crc = crc_of(*got);
    std::memcpy(got->data(), &crc, 4);
    EXPECT_EQ(*got, hex(activate_reply));
    EXPECT_EQ(rig.send(hex(deactivate_request)), hex(deactivate_reply));

    auto terminate = hex(terminate_seq2);
    terminate[8] = std::byte{5};
    const le32 sum = crc_of(terminate);
    std::memcpy(terminate.data(), &sum, 4);
    EXPECT_EQ(rig.send(terminate), hex(terminate_reply));
}

TEST(NncVectors, DmaXferPairsOfAppendixD)
{
    Rig rig({}, 8u << 20);
    rig.handshake();
    // The vector's addresses are below the fake host's memory: the card must try them and fail, not crash.
    aic100::LoadElf c{};
    c.type = 3;
    c.tag = 100;
    c.data_length = 0x1800;
    EXPECT_EQ(rig.call({Rig::passthrough(bytes_of(c)), hex(two_pairs)}).response<aic100::LoadResp>().status,
              -1);
}

} // namespace
} // namespace qsm_test
