// SPDX-License-Identifier: BSD-3-Clause
// Sahara host side, packet by packet: bytes of appendix D, guards S-HDR and S-RD, faults D35 - D38.
#include "qaic/boot/sahara.hpp"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qaic::boot {
namespace {
using namespace aic100;
using ::testing::HasSubstr;

constexpr std::size_t image_bytes = 600'000;

class SaharaTest : public ::testing::Test {
  protected:
    SaharaTest()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "qaic_sahara_XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        dir = pattern;
        for (const char* name : {"fw1.bin", "fw2.bin"}) {
            std::ofstream out(dir + "/" + name, std::ios::binary);
            for (std::size_t i = 0; i < image_bytes; ++i) out.put(static_cast<char>(i * 31));
        }
        firmware.emplace(std::vector{dir});
        sahara.emplace(*firmware, [this](ConstSpan p) -> Result<void> {
            sent.emplace_back(p.begin(), p.end());
            return {};
        });
    }
    ~SaharaTest() override { std::filesystem::remove_all(dir); }

    static Bytes words(std::initializer_list<std::uint32_t> list)
    {
        Bytes out;
        for (const auto v : list) append(out, le32{v});
        return out;
    }
    static Bytes hello(std::uint32_t mode = 0, std::uint32_t version = 2, std::uint32_t length = 0x30)
    {
        return words({1, length, version, 1, 0x10000, mode, 0, 0, 0, 0, 0, 0});
    }
    static Bytes read(std::uint32_t image, std::uint32_t offset, std::uint32_t bytes)
    {
        return words({3, 0x14, image, offset, bytes});
    }
    static Bytes end(std::uint32_t image, std::uint32_t status) { return words({4, 0x10, image, status}); }
    static Bytes done_resp(std::uint32_t status) { return words({6, 0xc, status}); }

    void good(const Bytes& packet)
    {
        const auto r = sahara->handle(packet);
        ASSERT_TRUE(r) << r.error().message();
    }
    void bad(const Bytes& packet, std::string_view text)
    {
        const auto r = sahara->handle(packet);
        ASSERT_FALSE(r) << text;
        EXPECT_EQ(r.error().code, Code::E_FW);
        EXPECT_THAT(r.error().text, HasSubstr(text));
    }
    const Bytes reset = words({7, 8}), done = words({5, 8});
    std::string dir;
    std::optional<FirmwareSet> firmware;
    std::optional<Sahara> sahara;
    std::vector<Bytes> sent;
};

TEST_F(SaharaTest, AWholeSession)
{
    good(hello());
    EXPECT_EQ(sent.back(), words({2, 0x30, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0}));
    good(read(1, 0, 64));
    EXPECT_EQ(sent.back().size(), 64u);
    good(read(1, 64, 0x80000));
    EXPECT_EQ(sent.back().size(), 0x80000u);
    EXPECT_EQ(sent.back()[5], static_cast<std::byte>(69 * 31));
    good(read(1, image_bytes - 1, 1));
    good(end(1, 0));
    EXPECT_EQ(sent.back(), done);
    good(done_resp(0));
    EXPECT_FALSE(sahara->complete());
    good(hello());
    good(read(2, 0, 16));
    good(end(2, 0));
    good(done_resp(1));
    EXPECT_TRUE(sahara->complete());
    EXPECT_EQ(sahara->bytes_served(), 64u + 0x80000u + 1u + 16u);
}

TEST_F(SaharaTest, UnknownAndMissingImagesGetReset)
{
    good(hello());
    good(read(3, 0, 64));
    EXPECT_EQ(sent.back(), reset);
    EXPECT_THAT(sahara->missing(), HasSubstr("image 3"));
    good(end(3, 0x0d)); // the card does without
    EXPECT_TRUE(sahara->declined());
    good(read(4, 0, 64));
    EXPECT_EQ(sent.back(), reset);
    EXPECT_THAT(sahara->missing(), HasSubstr("fw4.bin: no such file"));
    EXPECT_FALSE(sahara->declined());
    good(end(4, 0)); // or skips it politely
    EXPECT_EQ(sent.back(), done);
    good(done_resp(0));
    good(read(1, 0, 64));
    EXPECT_EQ(sent.back().size(), 64u);
}

TEST_F(SaharaTest, HelloRules)
{
    bad(hello(0, 3), "S-HDR HELLO version got=3");
    bad(hello(3), "S-HDR HELLO mode got=3");
    bad(hello(0, 2, 0x2f), "S-HDR HELLO length got=47");
    auto longer = hello();
    longer.push_back({});
    bad(longer, "S-HDR HELLO length got=48 received=49");
    EXPECT_TRUE(sent.empty());
}

TEST_F(SaharaTest, EveryTruncationOfEveryPacketIsRefused)
{
    for (const auto& packet : {hello(), read(1, 0, 64), end(1, 0), done_resp(0)})
        for (std::size_t n = 0; n < packet.size(); ++n)
            bad(Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(n)), "S-HDR");
}

TEST_F(SaharaTest, UnknownCommandsAndPhases)
{
    bad(words({0x99, 8}), "S-HDR unknown command got=0x99");
    bad(words({0x12, 8}), "S-HDR unknown command got=0x12");
    bad(read(1, 0, 64), "S-HDR READ_DATA of fw1.bin (image 1) while waiting for Sahara HELLO");
    bad(end(1, 0), "S-HDR END_OF_IMAGE");
    bad(done_resp(1), "S-HDR DONE_RESP");
    bad(words({8, 8}), "S-HDR command 0x8");
    good(hello());
    bad(end(1, 0), "while waiting for Sahara READ_DATA"); // before any read
    good(read(1, 0, 64));
    bad(hello(), "S-HDR HELLO while waiting for next Sahara READ_DATA or END_OF_IMAGE");
    bad(end(2, 0), "END_OF_IMAGE of fw2.bin (image 2) while fw1.bin (image 1) is being read");
    bad(read(2, 0, 64), "S-RD READ_DATA of fw2.bin (image 2) while fw1.bin (image 1) is being read");
    good(end(1, 0));
    bad(read(1, 0, 64), "while waiting for Sahara DONE_RESP");
}

TEST_F(SaharaTest, ReadDataRange)
{
    good(hello());
    bad(read(1, 0, 0), "S-RD READ_DATA of nothing at offset 0");
    bad(read(1, 0, 0x80001), "S-RD READ_DATA too long got=524289 limit=524288");
    bad(read(1, image_bytes, 1), "S-RD READ_DATA beyond image got=0x927c0+1 limit=0x927c0 image=1");
    bad(read(1, image_bytes - 1, 2), "S-RD READ_DATA beyond image");
    bad(read(1, 0xffffffff, 0x80000), "S-RD READ_DATA beyond image");
    bad(read(1, 0xfffffff0, 0x10), "S-RD READ_DATA beyond image");
    EXPECT_EQ(sent.size(), 1u);
}

TEST_F(SaharaTest, TheSameRangeForEver)
{
    good(hello());
    unsigned served = 0;
    for (; served < 100; ++served)
        if (!sahara->handle(read(1, 0, 0x80000))) break;
    EXPECT_EQ(served, 4u) << "4 x 524288 is within 4 x 600000, the next is not";
    bad(read(1, 0, 0x80000), "S-RD read again and again");
}

TEST_F(SaharaTest, HelloForEver)
{
    for (unsigned i = 0; i < 64; ++i) good(hello());
    bad(hello(), "HELLO sent too often");
}

TEST_F(SaharaTest, ImageRefusedByTheCard)
{
    good(hello());
    good(read(1, 0, 64));
    bad(end(1, 0x14),
        dir + "/fw1.bin: refused by the SBL, END_OF_IMAGE status=0x14 (bad ELF header) image=1");
    EXPECT_EQ(sent.size(), 2u) << "non-zero status: nothing is sent";
}

TEST_F(SaharaTest, MemoryDebugIsDeclined)
{
    good(hello(2));
    EXPECT_EQ(sent.back()[0x14], std::byte{2}) << "the mode is echoed";
    good(words({0x10, 0x18, 0x80000000, 0, 64, 0}));
    EXPECT_EQ(sent.back(), reset);
    good(words({8, 8}));
    good(hello(0));
}

TEST_F(SaharaTest, AFileThatIsThereButBrokenIsNotAMissingOne)
{
    std::filesystem::create_directory(dir + "/fw5.bin");
    good(hello());
    good(read(5, 0, 64));
    EXPECT_EQ(sent.back(), reset);
    EXPECT_THAT(sahara->missing(), HasSubstr("fw5.bin: not a regular file"));
}

TEST(FirmwareSetTest, ReadOncePerSet)
{
    std::string pattern = (std::filesystem::temp_directory_path() / "qaic_fwset_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    std::filesystem::create_directories(pattern + "/qcom/aic100");
    std::ofstream(pattern + "/qcom/aic100/a.bin") << "first";
    std::ofstream(pattern + "/a.bin") << "other";
    FirmwareSet set({pattern}, 5);
    const auto image = set.get("a.bin");
    ASSERT_TRUE(image);
    EXPECT_EQ((*image)->path, pattern + "/qcom/aic100/a.bin") << "the kernel's place wins";
    std::ofstream(pattern + "/qcom/aic100/a.bin") << "changed and longer";
    EXPECT_EQ((*set.get("a.bin"))->bytes.size(), 5u);
    EXPECT_THAT(FirmwareSet({pattern}, 5).get("a.bin").error().text,
                HasSubstr("file too long got=18 limit=5"));
    EXPECT_THAT(FirmwareSet({}).get("a.bin").error().text, HasSubstr("no such file in []"));
    std::filesystem::remove_all(pattern);
}

} // namespace
} // namespace qaic::boot
