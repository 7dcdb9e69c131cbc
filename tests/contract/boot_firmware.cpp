// SPDX-License-Identifier: BSD-3-Clause
// Firmware files that are missing, spoilt or no files at all: E_FW names the file and the rule, and the card
// boots once the file is good. reliability.md D33, D36, D38, C-rows of 5 (c)
#include "boot_fixture.hpp"
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace test {
namespace {
using ::testing::HasSubstr;

class BootFirmware : public BootTest {
  protected:
    Result<BootReport> boot(std::vector<std::string> path)
    {
        auto config = boot_config();
        config.firmware_path = std::move(path);
        Driver d(link, clock, config);
        auto report = d.controller.boot();
        EXPECT_EQ(d.bus.bus_master(), report.has_value());
        return report;
    }
    void refused(std::string_view file, const std::vector<std::string>& parts)
    {
        const auto report = boot({copy.dir()});
        ASSERT_FALSE(report) << file;
        EXPECT_EQ(report.error().code, Code::E_FW) << report.error().message();
        EXPECT_THAT(report.error().text, HasSubstr(file));
        for (const auto& part : parts) EXPECT_THAT(report.error().text, HasSubstr(part));
        EXPECT_EQ(report.error().text.find('\n'), std::string::npos) << "one line";
        const auto good = boot({firmware_dir()});
        EXPECT_TRUE(good) << good.error().message();
    }
    FirmwareCopy copy;
};

TEST_F(BootFirmware, FilesDirectlyInTheDirectory) { EXPECT_TRUE(boot({"/nonexistent", copy.dir()})); }

TEST_F(BootFirmware, SblMissing)
{
    std::filesystem::remove(copy.file("sbl.bin"));
    refused("sbl.bin", {"no such file in [" + copy.dir() + "]"});
}

TEST_F(BootFirmware, SblEmpty)
{
    copy.resize("sbl.bin", 0);
    refused(copy.dir() + "/sbl.bin", {"empty file"});
}

TEST_F(BootFirmware, SblIsADirectory)
{
    std::filesystem::remove(copy.file("sbl.bin"));
    std::filesystem::create_directory(copy.file("sbl.bin"));
    refused(copy.dir() + "/sbl.bin", {"not a regular file"});
}

TEST_F(BootFirmware, SblIsAFifo)
{
    std::filesystem::remove(copy.file("sbl.bin"));
    ASSERT_EQ(::mkfifo(copy.file("sbl.bin").c_str(), 0600), 0);
    refused(copy.dir() + "/sbl.bin", {"not a regular file"});
}

TEST_F(BootFirmware, SblTooLong)
{
    copy.resize("sbl.bin", (256u << 20) + 1); // sparse
    refused(copy.dir() + "/sbl.bin", {"file too long got=268435457 limit=268435456"});
}

TEST_F(BootFirmware, SblTruncated)
{
    copy.resize("sbl.bin", std::filesystem::file_size(copy.file("sbl.bin")) - 1);
    refused(copy.dir() + "/sbl.bin", {"refused by the PBL", "BHI status=3", "errcode=0x7"});
}

TEST_F(BootFirmware, SblAltered)
{
    copy.flip_last_byte("sbl.bin");
    refused(copy.dir() + "/sbl.bin", {"refused by the PBL", "BHI status=3", "errcode=0x6"});
}

TEST_F(BootFirmware, ImageMissing)
{
    std::filesystem::remove(copy.file("fw2.bin"));
    const auto began = clock.now();
    refused("fw2.bin", {"no such file in"});
    EXPECT_LT(clock.now() - began, 3s);
}

TEST_F(BootFirmware, OptionalImageMissing)
{
    std::filesystem::remove(copy.file("fw6.bin"));
    faults().image_optional(6);
    const auto report = boot({copy.dir()});
    EXPECT_TRUE(report) << report.error().message();
}

TEST_F(BootFirmware, ImageEmpty)
{
    copy.resize("fw1.bin", 0);
    refused(copy.dir() + "/fw1.bin", {"empty file"});
}

TEST_F(BootFirmware, ImageIsADirectory)
{
    std::filesystem::remove(copy.file("fw10.bin"));
    std::filesystem::create_directory(copy.file("fw10.bin"));
    refused(copy.dir() + "/fw10.bin", {"not a regular file"});
}

// The note promises more bytes than the file has: the card asks for them and is told where the file ends.
TEST_F(BootFirmware, ImageTruncated)
{
    copy.resize("fw5.bin", std::filesystem::file_size(copy.file("fw5.bin")) - 1);
    refused(copy.dir() + "/fw5.bin", {"S-RD READ_DATA beyond image", "image=5"});
}

TEST_F(BootFirmware, ImageAltered)
{
    copy.flip_last_byte("fw1.bin");
    refused(copy.dir() + "/fw1.bin",
            {"refused by the SBL", "END_OF_IMAGE status=0xd (read-data error)", "image=1"});
}

TEST_F(BootFirmware, ImageIsAnother)
{
    std::filesystem::copy_file(copy.file("fw1.bin"), copy.file("fw2.bin"),
                               std::filesystem::copy_options::overwrite_existing);
    refused(copy.dir() + "/fw2.bin", {"refused by the SBL", "bad image type", "image=2"});
}

TEST_F(BootFirmware, CrashDumpIsDeclinedAndTheBootGoesOn)
{
    faults().offer_crash_dump(card::default_dump());
    const auto report = boot({firmware_dir()});
    EXPECT_TRUE(report) << report.error().message();
}

} // namespace
} // namespace test
