// SPDX-License-Identifier: BSD-3-Clause
#include "capture_files.hpp"
#include "pipeline/ports/capture_writer.hpp"

using namespace capture_files;
using pipeline::ports::CaptureWriter;
using qaic::Code;
using Wrote = CaptureWriter::Wrote;

namespace {
std::span<const std::byte> bytes_of(const Packet& p) { return std::as_bytes(std::span(p.bytes)); }
} // namespace

TEST(CaptureWriter, WritesWhatLibpcapReads)
{
    const Folder folder;
    auto packets = some_packets(3000); // more than the buffer holds
    for (std::size_t i = 0; i < packets.size(); ++i) packets[i].ns += i % 1000;
    auto writer = CaptureWriter::open(folder / "a.pcap", 0);
    ASSERT_TRUE(writer) << writer.error().message();
    for (const auto& p : packets) ASSERT_EQ((*writer)->write(p.ns, bytes_of(p)), Wrote::YES);
    ASSERT_TRUE((*writer)->flush());
    EXPECT_EQ((*writer)->bytes(), std::filesystem::file_size(folder / "a.pcap"));
    EXPECT_EQ(read(folder / "a.pcap"), packets);
}

TEST(CaptureWriter, StopsAtTheLimit)
{
    const Folder folder;
    const auto packets = some_packets(3, 1);
    auto writer = CaptureWriter::open(folder / "a.pcap", 24 + 2 * 76);
    ASSERT_TRUE(writer);
    EXPECT_EQ((*writer)->write(1, bytes_of(packets[0])), Wrote::YES);
    EXPECT_EQ((*writer)->write(2, bytes_of(packets[1])), Wrote::YES);
    EXPECT_EQ((*writer)->write(3, bytes_of(packets[2])), Wrote::FULL);
    ASSERT_TRUE((*writer)->flush());
    EXPECT_EQ(std::filesystem::file_size(folder / "a.pcap"), 24u + 2 * 76);
}

TEST(CaptureWriter, AFullDiskIsTold)
{
    auto writer = CaptureWriter::open("/dev/full", 0);
    ASSERT_TRUE(writer) << writer.error().message();
    const auto packets = some_packets(1, 1);
    EXPECT_EQ((*writer)->write(1, bytes_of(packets[0])), Wrote::YES); // in the buffer
    const auto flushed = (*writer)->flush();
    ASSERT_FALSE(flushed);
    EXPECT_NE(flushed.error().text.find("/dev/full"), std::string::npos) << flushed.error().text;
    EXPECT_NE(flushed.error().text.find("No space left"), std::string::npos) << flushed.error().text;
    EXPECT_EQ((*writer)->write(2, bytes_of(packets[0])), Wrote::ERROR);
}

TEST(CaptureWriter, AFullDiskEndsWritingWhenTheBufferIsFull)
{
    auto writer = CaptureWriter::open("/dev/full", 0);
    ASSERT_TRUE(writer);
    const std::vector<std::byte> packet(1000);
    std::size_t n = 0;
    while (n < 5000 && (*writer)->write(n, packet) == Wrote::YES) ++n;
    EXPECT_LT(n, 1100u); // the buffer has 1 MiB
    EXPECT_EQ((*writer)->write(n, packet), Wrote::ERROR);
    const auto flushed = (*writer)->flush();
    ASSERT_FALSE(flushed);
    EXPECT_NE(flushed.error().text.find("No space left"), std::string::npos) << flushed.error().text;
}

TEST(CaptureWriter, NoSuchFolder)
{
    const Folder folder;
    const auto writer = CaptureWriter::open(folder / "none/a.pcap", 0);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, Code::E_INVAL);
}
