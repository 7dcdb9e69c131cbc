// SPDX-License-Identifier: BSD-3-Clause
// Missing, truncated and altered firmware, and the crash dump that may come first. aic100-device.md 3.2 - 3.4
#include "stages.hpp"

namespace test {
namespace {

using card::ImageFault;
using Images = std::map<unsigned, Bytes>;

constexpr std::size_t elf = 64, note = 64 + 2 * 56, payload = note + 68;

/// Loads a changed sbl.bin; ERRCODE, or 0 when it was accepted.
unsigned errcode_of(const std::function<void(Bytes&)>& change)
{
    Bench b;
    auto image = built_images().at(0);
    change(image);
    const auto status = b.mini.load_sbl(image);
    EXPECT_TRUE(status == 2 || (status == 3 && b.mini.bhi(0x30) != 0));
    EXPECT_EQ(b.host.msis, std::vector<unsigned>{0});
    if (status == 3) {
        // PBL goes on and takes a good one afterwards.
        EXPECT_EQ(b.mini.exec_env(), 0u);
        const auto code = b.mini.bhi(0x30);
        EXPECT_EQ(b.mini.load_sbl(built_images().at(0)), 2u);
        EXPECT_EQ(b.mini.bhi(0x30), 0u);
        return code;
    }
    return 0;
}

TEST(CardFirmware, EveryBuiltImageIsAcceptedAndSmall)
{
    std::size_t total = 0;
    for (const auto& [id, image] : built_images()) {
        total += image.size();
        card::ImageReader reader(id, 4096);
        while (const auto want = reader.want())
            reader.feed(ConstSpan(image).subspan(want->offset, want->bytes));
        EXPECT_TRUE(reader.complete()) << id;
        EXPECT_EQ(reader.end(), image.size());
    }
    EXPECT_LT(total, 4u << 20);
    EXPECT_GT(built_images().at(1).size(), 2u * 0x80000);
    EXPECT_EQ(built_images().at(2).size() % 2, 1u);
}

TEST(CardFirmware, SblRefusalsByErrcode)
{
    const auto code = [](ImageFault fault) { return static_cast<unsigned>(fault); };
    EXPECT_EQ(errcode_of([](Bytes&) {}), 0u);
    EXPECT_EQ(errcode_of([](Bytes& i) { i[0] ^= std::byte{1}; }), code(ImageFault::NOT_ELF));
    EXPECT_EQ(errcode_of([](Bytes& i) { i[56] = std::byte{3}; }), code(ImageFault::HEADERS));
    EXPECT_EQ(errcode_of([](Bytes& i) { i[elf] = std::byte{9}; }), code(ImageFault::HEADERS));
    EXPECT_EQ(errcode_of([](Bytes& i) { i[note + 20] ^= std::byte{1}; }), code(ImageFault::NOTE));
    EXPECT_EQ(errcode_of([](Bytes& i) { i[note + 24] = std::byte{1}; }), code(ImageFault::WRONG_ID));
    EXPECT_EQ(errcode_of([](Bytes& i) { i[note + 28] ^= std::byte{1}; }), code(ImageFault::SIZE));
    EXPECT_EQ(errcode_of([](Bytes& i) { i[payload + 77] ^= std::byte{0x80}; }), code(ImageFault::CRC));
    EXPECT_EQ(errcode_of([](Bytes& i) { i.pop_back(); }), code(ImageFault::TRUNCATED));
    EXPECT_EQ(errcode_of([](Bytes& i) { i.resize(10); }), code(ImageFault::TRUNCATED));
    EXPECT_EQ(errcode_of([](Bytes& i) { i.push_back(std::byte{0}); }), code(ImageFault::SIZE));
    EXPECT_EQ(errcode_of([](Bytes& i) { i = built_images().at(1); }), code(ImageFault::WRONG_ID));
}

TEST(CardFirmware, SblThatCannotBeReadAndInjectedError)
{
    Bench b;
    b.mini.w(0x100 + 0x08, 0x77000000);
    b.mini.w(0x100 + 0x10, 100'000);
    b.mini.w(0x100 + 0x18, 1);
    b.mini.settle();
    EXPECT_EQ(b.mini.bhi(0x2c) >> 30, 3u);
    EXPECT_EQ(b.mini.bhi(0x30), static_cast<unsigned>(ImageFault::UNREADABLE));

    b.core.faults().fail_bhi(0x4711);
    EXPECT_EQ(b.mini.load_sbl(built_images().at(0)), 3u);
    EXPECT_EQ(b.mini.bhi(0x30), 0x4711u);
    b.core.faults().stall_bhi(true);
    EXPECT_EQ(b.mini.load_sbl(built_images().at(0)), 0u) << "in progress for ever";
    b.core.faults().stall_bhi(false);
    b.mini.settle();
    EXPECT_EQ(b.mini.bhi(0x2c) >> 30, 2u);
}

TEST(CardFirmware, SessionZeroStartsNothing)
{
    Bench b;
    EXPECT_EQ(b.mini.load_sbl(built_images().at(0), 0xc0000000), 0u);
    EXPECT_EQ(b.core.stage(), card::Stage::PBL);
}

/// Boots with one image changed (or removed); the END_OF_IMAGE {id, status} that ended it.
std::pair<unsigned, unsigned> refusal(Bench& b, const std::function<void(Images&)>& change)
{
    auto images = built_images();
    change(images);
    EXPECT_TRUE(bring(b, card::Stage::SBL_M0));
    std::pair<unsigned, unsigned> end{0, 0};
    b.host.on_write = [&](std::uint64_t, ConstSpan bytes) {
        if (bytes.size() == 16 && word(bytes, 0) == 4 && word(bytes, 4) == 16)
            end = {word(bytes, 8), word(bytes, 12)};
    };
    EXPECT_FALSE(b.mini.serve_sbl(images));
    b.host.on_write = nullptr;
    EXPECT_TRUE(b.core.faults().boot_failed());
    EXPECT_EQ(b.core.stage(), card::Stage::SBL_M0);
    EXPECT_EQ(b.mini.exec_env(), 1u);
    EXPECT_NE(b.mini.log_text.find("boot stops"), std::string::npos) << b.mini.log_text;
    return end;
}

using End = std::pair<unsigned, unsigned>;

TEST(CardFirmware, SaharaRefusalsByStatus)
{
    const auto of = [](const std::function<void(Images&)>& change) {
        Bench b;
        return refusal(b, change);
    };
    EXPECT_EQ(of([](Images& i) { i.erase(1); }), End(1, 0x0d));
    EXPECT_EQ(of([](Images& i) { i.erase(10); }), End(10, 0x0d));
    EXPECT_EQ(of([](Images& i) { i[4].resize(100'000); }), End(4, 0x0d));
    EXPECT_EQ(of([](Images& i) { i[2].resize(30); }), End(2, 0x0d));
    EXPECT_EQ(of([](Images& i) { i[5][0] = std::byte{0}; }), End(5, 0x14));
    EXPECT_EQ(of([](Images& i) { i[5][56] = std::byte{7}; }), End(5, 0x13));
    EXPECT_EQ(of([](Images& i) { i[6][note + 8] ^= std::byte{1}; }), End(6, 0x13));
    EXPECT_EQ(of([](Images& i) { i[8] = i[9]; }), End(8, 0x09));
    EXPECT_EQ(of([](Images& i) { i[9][note + 28] ^= std::byte{2}; }), End(9, 0x08));
    EXPECT_EQ(of([](Images& i) { i[1].back() ^= std::byte{1}; }), End(1, 0x0d));
}

TEST(CardFirmware, FailedBootIsRetriedOnlyAfterAReset)
{
    Bench b;
    EXPECT_EQ(refusal(b, [](Images& i) { i.erase(5); }), End(5, 0x0d));
    EXPECT_EQ(b.mini.command(0x10, 3), 1u);
    EXPECT_EQ(b.mini.command(0x10, 2), 1u);
    ASSERT_TRUE(b.mini.start_pair(2));
    b.mini.post(3, 65535);
    EXPECT_EQ(b.mini.receive(3), std::nullopt) << "no second HELLO";
    b.mini.reset();
    ASSERT_TRUE(b.mini.wait_ready());
    b.mini.program();
    b.mini.request_m0();
    b.mini.drain();
    EXPECT_TRUE(b.mini.serve_sbl(built_images()));
}

TEST(CardFirmware, OptionalImageMayBeMissingButNotAltered)
{
    Bench b;
    b.core.faults().image_optional(6);
    auto images = built_images();
    images.erase(6);
    EXPECT_TRUE(b.mini.boot(images)) << b.mini.log_text;
    EXPECT_NE(b.mini.log_text.find("fw6.bin is optional and missing"), std::string::npos);

    Bench c;
    c.core.faults().image_optional(6);
    EXPECT_EQ(refusal(c, [](Images& i) { i[6].back() ^= std::byte{1}; }), End(6, 0x0d));
}

TEST(CardFirmware, BadHelloResponseStopsTheBoot)
{
    Bench b;
    ASSERT_TRUE(bring(b, card::Stage::SBL_M0));
    ASSERT_TRUE(b.mini.start_pair(2));
    b.mini.post(3, 65535);
    ASSERT_TRUE(b.mini.receive(3));
    b.mini.post(3, 65535);
    b.mini.send(2, from_hex("0200000030000000030000000200000000000000"));
    EXPECT_EQ(b.mini.receive(3), from_hex("04000000100000000100000015000000"));
    EXPECT_TRUE(b.core.faults().boot_failed());
}

TEST(CardFirmware, MutedSaharaSpeaksWhenLetGo)
{
    Bench b;
    b.core.faults().mute_sahara(true);
    ASSERT_TRUE(bring(b, card::Stage::SBL_M0));
    EXPECT_FALSE(b.mini.serve_sbl(built_images()));
    b.core.faults().mute_sahara(false);
    EXPECT_TRUE(b.mini.receive(3));
}

TEST(CardFirmware, CrashDumpIsOfferedBeforeTheImages) // 3.4
{
    Bench b;
    b.core.faults().offer_crash_dump(card::default_dump());
    ASSERT_TRUE(bring(b, card::Stage::SBL_M0));
    auto& h = b.mini;
    ASSERT_TRUE(h.start_pair(2));
    const auto exchange = [&](const char* hex) {
        h.post(3, 65535);
        h.send(2, from_hex(hex));
        return h.receive(3);
    };
    h.post(3, 65535);
    auto hello = h.receive(3);
    ASSERT_TRUE(hello);
    EXPECT_EQ(word(*hello, 0x14), 2u) << "memory debug";
    const auto offer = exchange("020000003000000002000000020000000000000002000000"
                                "000000000000000000000000000000000000000000000000");
    EXPECT_EQ(offer, from_hex("100000001800000000000010000000008000000000000000"));
    const auto table = exchange("110000001800000000000010000000008000000000000000");
    ASSERT_TRUE(table && table->size() == 128);
    EXPECT_EQ(word(*table, 64 + 0x10), 200'001u);
    const auto chunk = exchange("11000000180000000000003000000000f0ff000000000000");
    ASSERT_TRUE(chunk && chunk->size() == 0xfff0);
    EXPECT_TRUE(std::equal(chunk->begin(), chunk->end(), card::default_dump().regions()[1].data.begin()));
    EXPECT_EQ(exchange("110000001800000000000099000000000800000000000000"), // nothing there
              from_hex("04000000100000000000000019000000"));
    EXPECT_EQ(exchange("0700000008000000"), from_hex("0800000008000000"));
    h.post(3, 65535);
    hello = h.receive(3);
    ASSERT_TRUE(hello);
    EXPECT_EQ(word(*hello, 0x14), 0u) << "images next";
}

} // namespace
} // namespace test
