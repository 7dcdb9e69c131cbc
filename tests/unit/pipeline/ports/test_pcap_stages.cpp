// SPDX-License-Identifier: BSD-3-Clause
#include "stage_rig.hpp"
#include <algorithm>
#include <sys/time.h>

using namespace stage_rig;
using namespace capture_files;

TEST(PcapFile, PlaysEveryPacketAndEnds)
{
    const Folder folder;
    const auto packets = some_packets(500);
    write(folder / "in.pcap", packets);
    const auto pool = pool_of();
    Stage source(stage_pcap_file, {{"path", "in.pcap"}}, pool.get(), folder.str());
    ASSERT_TRUE(source.made()) << source.error;
    const auto items = all_of(source);
    EXPECT_EQ(packets_of(items), packets);
    for (auto* m : items) {
        const auto& item = *qaic_pipe_item_of(m);
        EXPECT_EQ(item.free_off, m->data_off + m->data_len);
        EXPECT_EQ(item.tensor_bytes, 0u);
        EXPECT_EQ(item.weight, 1u);
        EXPECT_EQ(item.label, QAIC_PIPE_NO_LABEL);
        EXPECT_LE(m->data_len, source.room());
        rte_pktmbuf_free(m);
    }
    expect_whole(pool);
}

TEST(PcapFile, WaitsForItemsAndLosesNone)
{
    const Folder folder;
    const auto packets = some_packets(100);
    write(folder / "in.pcap", packets);
    const auto pool = pool_of(31);
    Stage source(stage_pcap_file, {{"path", "in.pcap"}, {"repeat", 2}}, pool.get(), folder.str());
    ASSERT_TRUE(source.made()) << source.error;
    std::vector<Packet> got;
    for (int k = 0; k < 100; ++k) {
        rte_mbuf* burst[64];
        const auto n = source.run(burst, 64, nullptr);
        if (n == QAIC_PIPE_END) break;
        EXPECT_LE(n, 31u);
        rte_mbuf* more[64];
        if (n == 31) {
            EXPECT_EQ(source.run(more, 64, nullptr), 0u); // none left: later
        }
        for (std::uint16_t i = 0; i < n; ++i) got.push_back(packet_of(burst[i])), rte_pktmbuf_free(burst[i]);
    }
    ASSERT_EQ(got.size(), 200u);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(got[i], packets[i]);
        EXPECT_EQ(got[100 + i].bytes, packets[i].bytes);
        EXPECT_EQ(got[100 + i].ns, packets[i].ns + 99'000 + 1'000'000);
    }
    EXPECT_GT(source.count("no_item"), 0u);
    expect_whole(pool);
}

TEST(PcapFile, WrongOptionsSayWhere)
{
    const Folder folder;
    write(folder / "in.pcap", some_packets(3));
    const auto pool = pool_of(31);
    const auto error = [&](Wishes wishes, unsigned replicas = 1) {
        Stage s(stage_pcap_file, std::move(wishes), pool.get(), folder.str(), replicas);
        EXPECT_FALSE(s.made());
        EXPECT_EQ(s.error.find("p.toml:"), 0u) << s.error;
        return s.error;
    };
    EXPECT_NE(error({}).find("needs the option path"), std::string::npos);
    EXPECT_NE(error({{"path", "none.pcap"}}).find("none.pcap"), std::string::npos);
    EXPECT_NE(error({{"path", "in.pcap"}, {"timing", "slow"}}).find("asap, capture"), std::string::npos);
    EXPECT_NE(error({{"path", "in.pcap"}, {"timing", "capture"}, {"rate", 5}}).find("rate"),
              std::string::npos);
    EXPECT_NE(error({{"path", "in.pcap"}}, 2).find("replicas = 1"), std::string::npos);
}

TEST(PcapFile, APacketLargerThanAnItemIsRefused)
{
    const Folder folder;
    write(folder / "in.pcap", {Packet{1, std::vector<std::uint8_t>(2049), 0}});
    const auto pool = pool_of(31);
    const Stage source(stage_pcap_file, {{"path", "in.pcap"}}, pool.get(), folder.str());
    EXPECT_FALSE(source.made());
    EXPECT_NE(source.error.find("packet 1: has 2049 bytes, an item holds 2048"), std::string::npos)
        << source.error;
}

TEST(PcapOut, WritesPacketsWithTheirTime)
{
    const Folder folder;
    const auto packets = some_packets(300);
    const auto pool = pool_of();
    Stage sink(stage_pcap_out, {{"path", "out.pcap"}}, pool.get(), folder.str());
    ASSERT_TRUE(sink.made()) << sink.error;
    std::vector<rte_mbuf*> items;
    for (const auto& p : packets) items.push_back(item_of(pool.get(), p));
    for (const auto v : give(sink, items)) EXPECT_EQ(v, QAIC_PIPE_PASS);
    EXPECT_EQ(sink.finish(), 0) << sink.error;
    EXPECT_EQ(read(folder / "out.pcap"), packets);
    EXPECT_EQ(sink.count("file_bytes"), std::filesystem::file_size(folder / "out.pcap"));
    expect_whole(pool);
}

TEST(PcapOut, WithoutATimeOfCaptureItIsThatOfBirth)
{
    const Folder folder;
    const auto pool = pool_of(31);
    Stage sink(stage_pcap_out, {{"path", "out.pcap"}}, pool.get(), folder.str());
    const auto now = [] {
        timespec t{};
        ::clock_gettime(CLOCK_REALTIME, &t);
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
    };
    const auto before = now();
    auto* const m = item_of(pool.get(), Packet{0, std::vector<std::uint8_t>(60), 0});
    const auto after = now();
    give(sink, {m});
    ASSERT_EQ(sink.finish(), 0) << sink.error;
    const auto got = read(folder / "out.pcap");
    ASSERT_EQ(got.size(), 1u);
    // Two clocks, one of them measured by EAL to some parts in a million: a millisecond is more than they
    // differ.
    EXPECT_GE(got[0].ns + 1'000'000, before);
    EXPECT_LE(got[0].ns, after + 1'000'000);
}

TEST(PcapOut, ChainsAndItemsWithoutPackets)
{
    const Folder folder;
    const auto pool = pool_of(31);
    Stage sink(stage_pcap_out, {{"path", "out.pcap"}}, pool.get(), folder.str());
    const auto packets = some_packets(2);
    auto* const head = item_of(pool.get(), packets[0]);
    ASSERT_EQ(rte_pktmbuf_chain(head, item_of(pool.get(), packets[1])), 0);
    const auto verdicts = give(sink, {head, item_of(pool.get(), Packet{})});
    EXPECT_EQ(verdicts, (std::vector<std::uint8_t>{QAIC_PIPE_PASS, QAIC_PIPE_DROP}));
    ASSERT_EQ(sink.finish(), 0);
    auto both = packets[0].bytes;
    both.insert(both.end(), packets[1].bytes.begin(), packets[1].bytes.end());
    const auto got = read(folder / "out.pcap");
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].bytes, both);
    expect_whole(pool);
}

TEST(PcapOut, TheLimitAndAFullDiskAreDrops)
{
    const Folder folder;
    const auto pool = pool_of(2047);
    const Packet packet{1, std::vector<std::uint8_t>(1500), 0};
    std::vector<rte_mbuf*> items;
    for (int k = 0; k < 1000; ++k) items.push_back(item_of(pool.get(), packet));
    {
        Stage sink(stage_pcap_out, {{"path", "out.pcap"}, {"limit_mib", 1}}, pool.get(), folder.str());
        const auto verdicts = give(sink, items);
        const auto fit = ((1u << 20) - 24) / 1516;
        EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), QAIC_PIPE_PASS), fit);
        EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), QAIC_PIPE_DROP + 1), 1000 - fit);
        EXPECT_EQ(sink.finish(), 0);
    }
    for (auto& m : items) m = item_of(pool.get(), packet);
    Stage sink(stage_pcap_out, {{"path", "/dev/full"}}, pool.get(), folder.str());
    const auto verdicts = give(sink, items);
    EXPECT_EQ(verdicts.back(), QAIC_PIPE_DROP + 2);
    EXPECT_LT(sink.finish(), 0);
    EXPECT_NE(sink.error.find("No space left"), std::string::npos) << sink.error;
    expect_whole(pool);
}

TEST(PcapOut, OnlyCheckedItMakesNoFile)
{
    const Folder folder;
    const Stage good(stage_pcap_out, {{"path", "out.pcap"}}, nullptr, folder.str());
    EXPECT_TRUE(good.made()) << good.error;
    EXPECT_FALSE(std::filesystem::exists(folder / "out.pcap"));
    const Stage bad(stage_pcap_out, {{"path", "none/out.pcap"}}, nullptr, folder.str());
    EXPECT_FALSE(bad.made());
    EXPECT_NE(bad.error.find("folder that exists"), std::string::npos) << bad.error;
}
