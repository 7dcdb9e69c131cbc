// SPDX-License-Identifier: BSD-3-Clause
#include "capture_files.hpp"
#include "pipeline/ports/capture.hpp"

using namespace capture_files;
using pipeline::ports::load_capture;
using qaic::Code;

TEST(Capture, HoldsWhatTheFileHolds)
{
    const Folder folder;
    const auto packets = some_packets(200);
    write(folder / "a.pcap", packets);
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_TRUE(capture) << capture.error().message();
    ASSERT_EQ(capture->records.size(), packets.size());
    std::size_t largest = 0;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const auto bytes = capture->bytes(capture->records[i]);
        ASSERT_EQ(bytes.size(), packets[i].bytes.size());
        EXPECT_EQ(std::memcmp(bytes.data(), packets[i].bytes.data(), bytes.size()), 0) << i;
        EXPECT_EQ(capture->records[i].ns, packets[i].ns);
        largest = std::max(largest, packets[i].bytes.size());
    }
    EXPECT_EQ(capture->largest, largest);
    EXPECT_EQ(capture->span_ns, 199'000u);
}

TEST(Capture, SpanIsFromTheEarliestToTheLatest)
{
    const Folder folder;
    auto packets = some_packets(3);
    packets[0].ns += 5000;
    write(folder / "a.pcap", packets);
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_TRUE(capture);
    EXPECT_EQ(capture->span_ns, 4000u); // from packet 2 (+1000) to packet 1 (+5000)
}

TEST(Capture, EmptyIsNoError)
{
    const Folder folder;
    write(folder / "a.pcap", {});
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_TRUE(capture) << capture.error().message();
    EXPECT_TRUE(capture->records.empty());
}

TEST(Capture, KeepsTheBytesOfARecordThatWasCut)
{
    const Folder folder;
    auto packets = some_packets(1);
    packets[0].original = 1500;
    write(folder / "a.pcap", packets);
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_TRUE(capture);
    EXPECT_EQ(capture->records[0].bytes, packets[0].bytes.size());
}

// Every length a file may be cut to: whole packets, or an error that names the packet.
TEST(Capture, CutAnywhere)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(3, 1));
    const auto whole = file_bytes(folder / "a.pcap");
    ASSERT_EQ(whole.size(), 24u + 3 * (16 + 60));
    for (std::size_t n = 0; n < whole.size(); ++n) {
        put_bytes(folder / "cut.pcap", {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)});
        const auto capture = load_capture(folder / "cut.pcap");
        if (n >= 24 && (n - 24) % 76 == 0) {
            ASSERT_TRUE(capture) << n << ": " << capture.error().message();
            EXPECT_EQ(capture->records.size(), (n - 24) / 76);
            continue;
        }
        ASSERT_FALSE(capture) << n;
        EXPECT_EQ(capture.error().code, n < 24 ? Code::E_INVAL : Code::E_FORMAT);
        EXPECT_NE(capture.error().text.find("cut.pcap"), std::string::npos) << capture.error().text;
        if (n > 24) {
            const auto packet = fmt::format("packet {}", (n - 24) / 76 + 1);
            EXPECT_NE(capture.error().text.find(packet), std::string::npos) << capture.error().text;
        }
    }
}

TEST(Capture, AnImpossibleLengthIsDamage)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(2, 1));
    auto bytes = file_bytes(folder / "a.pcap");
    for (std::size_t i = 0; i < 4; ++i) bytes[24 + 76 + 8 + i] = 0xff; // the second record's caplen
    put_bytes(folder / "a.pcap", bytes);
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_FALSE(capture);
    EXPECT_EQ(capture.error().code, Code::E_FORMAT);
    EXPECT_NE(capture.error().text.find("packet 2"), std::string::npos) << capture.error().text;
}

TEST(Capture, AnImpossibleTimeIsDamage)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(2, 1));
    auto bytes = file_bytes(folder / "a.pcap");
    for (std::size_t i = 4; i < 8; ++i) bytes[24 + 76 + i] = 0xff; // nanoseconds of the second record
    put_bytes(folder / "a.pcap", bytes);
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_FALSE(capture);
    EXPECT_EQ(capture.error().code, Code::E_FORMAT);
    EXPECT_NE(capture.error().text.find("packet 2"), std::string::npos) << capture.error().text;
}

TEST(Capture, Limits)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(10, 1));
    EXPECT_TRUE(load_capture(folder / "a.pcap", {600, 60}));
    const auto many = load_capture(folder / "a.pcap", {599, 60});
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, Code::E_LIMIT);
    EXPECT_NE(many.error().text.find("packet 10"), std::string::npos) << many.error().text;
    const auto large = load_capture(folder / "a.pcap", {600, 59});
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, Code::E_LIMIT);
    EXPECT_NE(large.error().text.find("packet 1: "), std::string::npos) << large.error().text;
}

TEST(Capture, OnlyEthernet)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(1), DLT_LINUX_SLL);
    const auto capture = load_capture(folder / "a.pcap");
    ASSERT_FALSE(capture);
    EXPECT_NE(capture.error().text.find("LINUX_SLL"), std::string::npos) << capture.error().text;
}

TEST(Capture, NoSuchFile)
{
    const Folder folder;
    const auto capture = load_capture(folder / "none.pcap");
    ASSERT_FALSE(capture);
    EXPECT_EQ(capture.error().code, Code::E_INVAL);
    EXPECT_NE(capture.error().text.find("none.pcap"), std::string::npos);
}
