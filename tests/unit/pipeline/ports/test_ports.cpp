// SPDX-License-Identifier: BSD-3-Clause
// Stages `port` and `port-out` on DPDK's software ports.
#include "pipeline/ports/port_table.hpp"
#include "stage_rig.hpp"
#include <rte_eth_ring.h>

using namespace stage_rig;
using namespace capture_files;

namespace {

bool exists(const char* port)
{
    std::uint16_t id = 0;
    return rte_eth_dev_get_port_by_name(port, &id) == 0;
}

/// net_pcap tells microseconds.
std::vector<Packet> in_microseconds(std::vector<Packet> packets)
{
    for (auto& p : packets) p.ns -= p.ns % 1000;
    return packets;
}

} // namespace

TEST(PortNames, FilesStartFromTheFolder)
{
    using pipeline::ports::with_folder;
    EXPECT_EQ(*with_folder("net_pcap0,rx_pcap=a.pcap,tx_pcap=/b.pcap,iface=lo", "/f"),
              "net_pcap0,rx_pcap=/f/a.pcap,tx_pcap=/b.pcap,iface=lo");
    EXPECT_EQ(*with_folder("net_null0", "/f"), "net_null0");
    EXPECT_FALSE(with_folder("net_pcap0,rx_pcap=a.pcap", "/a,b"));
}

TEST(Ports, FromFileToFilePacketForPacket)
{
    const Folder folder;
    const auto packets = some_packets(700);
    write(folder / "in.pcap", packets);
    const auto pool = pool_of();
    {
        // One port for both ways: the same text is the same port.
        const std::string device = "net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap";
        Stage source(stage_port, {{"device", device}}, pool.get(), folder.str());
        ASSERT_TRUE(source.made()) << source.error;
        Stage sink(stage_port_out, {{"device", device}}, pool.get(), folder.str());
        ASSERT_TRUE(sink.made()) << sink.error;
        ASSERT_TRUE(pipeline::ports::start_all());
        const auto items = all_of(source);
        EXPECT_EQ(packets_of(items), in_microseconds(packets));
        for (auto* m : items) EXPECT_EQ(qaic_pipe_item_of(m)->free_off, m->data_off + m->data_len);
        for (const auto v : give(sink, items)) EXPECT_EQ(v, QAIC_PIPE_TAKEN);
        EXPECT_EQ(sink.count("sent"), 700u);
        EXPECT_EQ(source.finish(), 0) << source.error;
        EXPECT_EQ(sink.finish(), 0) << sink.error;
    }
    EXPECT_FALSE(exists("net_pcap0"));
    const auto got = read(folder / "out.pcap");
    ASSERT_EQ(got.size(), packets.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].bytes, packets[i].bytes) << i;
    expect_whole(pool);
}

TEST(Ports, AFileLosesNothingWhileItemsAreShort)
{
    const Folder folder;
    const auto packets = some_packets(300);
    write(folder / "in.pcap", packets);
    const auto pool = pool_of(63);
    Stage source(stage_port, {{"device", "net_pcap1,rx_pcap=in.pcap"}, {"end_when_idle_ms", 20}}, pool.get(),
                 folder.str());
    ASSERT_TRUE(source.made()) << source.error;
    std::vector<Packet> got;
    std::vector<rte_mbuf*> kept;
    const auto limit = rte_rdtsc() + 10 * rte_get_tsc_hz();
    while (rte_rdtsc() < limit) {
        rte_mbuf* burst[32];
        const auto n = source.run(burst, 32, nullptr);
        if (n == QAIC_PIPE_END) break;
        kept.insert(kept.end(), burst, burst + n);
        if (n != 0) continue;
        // Longer than end_when_idle_ms without an item: not the end, since none could come.
        rte_delay_ms(30);
        for (auto* m : kept) got.push_back(packet_of(m)), rte_pktmbuf_free(m);
        kept.clear();
    }
    EXPECT_EQ(got, in_microseconds(packets));
    EXPECT_EQ(source.count("no_mbuf"), 0u);
    EXPECT_GT(source.count("no_item"), 0u);
    expect_whole(pool);
}

TEST(Ports, AnEmptyFileEnds)
{
    const Folder folder;
    write(folder / "in.pcap", {});
    const auto pool = pool_of(63);
    Stage source(stage_port, {{"device", "net_pcap2,rx_pcap=in.pcap"}}, pool.get(), folder.str());
    ASSERT_TRUE(source.made()) << source.error;
    EXPECT_TRUE(all_of(source).empty());
}

TEST(Ports, EndsAfterSoManyPackets)
{
    const auto pool = pool_of();
    Stage source(stage_port, {{"device", "net_null0,size=100"}, {"packets", 100}}, pool.get());
    ASSERT_TRUE(source.made()) << source.error;
    const auto items = all_of(source);
    ASSERT_EQ(items.size(), 100u);
    for (auto* m : items) {
        EXPECT_EQ(m->pkt_len, 100u);
        EXPECT_EQ(qaic_pipe_item_of(m)->captured_ns, 0u);
    }
    Stage sink(stage_port_out, {{"device", "net_null1"}}, pool.get());
    ASSERT_TRUE(sink.made()) << sink.error;
    auto with_empty = items;
    with_empty.insert(with_empty.begin() + 10, item_of(pool.get(), Packet{}));
    const auto verdicts = give(sink, with_empty);
    for (std::size_t i = 0; i < verdicts.size(); ++i)
        EXPECT_EQ(verdicts[i], i == 10 ? QAIC_PIPE_DROP : QAIC_PIPE_TAKEN) << i;
    expect_whole(pool);
}

TEST(Ports, AFullRingDropsWhatItDoesNotTake)
{
    rte_ring* const ring = rte_ring_create("loop", 64, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    ASSERT_NE(ring, nullptr);
    ASSERT_GE(rte_eth_from_ring(ring), 0);
    const std::string name = "net_ring_loop";
    ASSERT_TRUE(exists(name.c_str()));
    const auto pool = pool_of();
    const auto packets = some_packets(100);
    {
        Stage sink(stage_port_out, {{"port", name}, {"tries", 3}}, pool.get());
        ASSERT_TRUE(sink.made()) << sink.error;
        Stage source(stage_port, {{"port", name}}, pool.get());
        ASSERT_TRUE(source.made()) << source.error;
        std::vector<rte_mbuf*> items;
        for (const auto& p : packets) items.push_back(item_of(pool.get(), p));
        const auto verdicts = give(sink, items);
        for (std::size_t i = 0; i < 100; ++i)
            EXPECT_EQ(verdicts[i], i < 63 ? QAIC_PIPE_TAKEN : QAIC_PIPE_DROP + 1) << i;
        EXPECT_EQ(sink.count("sent"), 63u);
        EXPECT_GT(sink.count("offered_again"), 0u);
        const auto got = all_of(source, 63);
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(packet_of(got[i]).bytes, packets[i].bytes) << i;
            EXPECT_EQ(qaic_pipe_item_of(got[i])->captured_ns, 0u); // of this port, not of the sender
            rte_pktmbuf_free(got[i]);
        }
    }
    EXPECT_TRUE(exists(name.c_str())); // not ours to remove
    expect_whole(pool);
    std::uint16_t id = 0;
    ASSERT_EQ(rte_eth_dev_get_port_by_name(name.c_str(), &id), 0);
    EXPECT_EQ(rte_eth_dev_close(id), 0);
    rte_ring_free(ring);
}

TEST(Ports, QueuesAreCountedOverStages)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(40));
    write(folder / "b.pcap", some_packets(60));
    const auto pool = pool_of();
    const std::string device = "net_pcap3,rx_pcap=a.pcap,rx_pcap=b.pcap,tx_pcap=c.pcap";
    Stage a(stage_port, {{"device", device}}, pool.get(), folder.str());
    Stage b(stage_port, {{"device", device}}, pool.get(), folder.str());
    ASSERT_TRUE(a.made() && b.made()) << a.error << b.error;
    const Stage c(stage_port, {{"device", device}}, pool.get(), folder.str());
    EXPECT_FALSE(c.made());
    EXPECT_NE(c.error.find("has 2 receive queues, 3 are wanted"), std::string::npos) << c.error;
    const auto from_a = all_of(a), from_b = all_of(b);
    EXPECT_EQ(from_a.size(), 40u);
    EXPECT_EQ(from_b.size(), 60u);
    const Stage late(stage_port_out, {{"device", device}}, pool.get(), folder.str());
    EXPECT_FALSE(late.made());
    EXPECT_NE(late.error.find("runs already"), std::string::npos) << late.error;
    for (auto* m : from_a) rte_pktmbuf_free(m);
    for (auto* m : from_b) rte_pktmbuf_free(m);
}

TEST(Ports, OneStageTakesAllItsQueuesInTurn)
{
    const Folder folder;
    write(folder / "a.pcap", some_packets(40));
    write(folder / "b.pcap", some_packets(60));
    const auto pool = pool_of();
    Stage source(stage_port, {{"device", "net_pcap4,rx_pcap=a.pcap,rx_pcap=b.pcap"}, {"queues", 2}},
                 pool.get(), folder.str());
    ASSERT_TRUE(source.made()) << source.error;
    const auto items = all_of(source);
    EXPECT_EQ(items.size(), 100u);
    for (auto* m : items) rte_pktmbuf_free(m);
    expect_whole(pool);
}

TEST(Ports, ChainsStayChains)
{
    const Folder folder;
    const std::vector<Packet> packets{{1'000'000'000, std::vector<std::uint8_t>(5000, 7), 0}};
    write(folder / "in.pcap", packets);
    const auto pool = pool_of();
    Stage source(stage_port, {{"device", "net_pcap5,rx_pcap=in.pcap"}}, pool.get(), folder.str());
    ASSERT_TRUE(source.made()) << source.error;
    const auto items = all_of(source);
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0]->nb_segs, 3u);
    EXPECT_EQ(packets_of(items), packets);
    rte_pktmbuf_free(items[0]);
    expect_whole(pool);
}

TEST(Ports, WrongOptionsSayWhere)
{
    const auto pool = pool_of(63);
    const auto error = [&](Wishes wishes) {
        const Stage s(stage_port, std::move(wishes), pool.get());
        EXPECT_FALSE(s.made());
        EXPECT_EQ(s.error.find("p.toml:"), 0u) << s.error;
        return s.error;
    };
    EXPECT_NE(error({}).find("one of the options port"), std::string::npos);
    EXPECT_NE(error({{"port", "a"}, {"device", "b"}}).find("one of the options port"), std::string::npos);
    EXPECT_NE(error({{"port", "net_none"}}).find("EAL has no port net_none"), std::string::npos);
    EXPECT_NE(error({{"device", "net_nosuchdriver0"}}).find("driver is not loaded"), std::string::npos);
    EXPECT_NE(error({{"device", "net_null0"}, {"queues", 0}}).find("queues takes"), std::string::npos);
    EXPECT_FALSE(exists("net_null0"));
}

TEST(Ports, TheSameNameMadeOtherwiseIsRefused)
{
    const auto pool = pool_of(63);
    const Stage one(stage_port, {{"device", "net_null7,size=100"}}, pool.get());
    ASSERT_TRUE(one.made()) << one.error;
    const Stage other(stage_port_out, {{"device", "net_null7,size=64"}}, pool.get());
    EXPECT_FALSE(other.made());
    EXPECT_NE(other.error.find("made otherwise (net_null7,size=100)"), std::string::npos) << other.error;
}

TEST(Ports, OnlyCheckedTheyMakeNothing)
{
    const Stage source(stage_port, {{"device", "net_null8"}}, nullptr);
    EXPECT_TRUE(source.made()) << source.error;
    EXPECT_FALSE(exists("net_null8"));
    const Stage sink(stage_port_out, {{"port", "0000:03:00.0"}}, nullptr);
    EXPECT_TRUE(sink.made()) << sink.error;
}

TEST(Ports, OneThatDoesNotStartIsTold)
{
    const Folder folder;
    write(folder / "in.pcap", some_packets(1));
    const auto pool = pool_of(63);
    Stage source(stage_port, {{"device", "net_pcap6,rx_pcap=in.pcap,tx_pcap=out.pcap"}}, pool.get(),
                 folder.str());
    Stage sink(stage_port_out, {{"device", "net_pcap6,rx_pcap=in.pcap,tx_pcap=out.pcap"}}, pool.get(),
               folder.str());
    ASSERT_TRUE(source.made() && sink.made()) << source.error << sink.error;
    // A stop closes its files, and the next start opens them again: one of them is gone by then.
    std::uint16_t id = 0;
    ASSERT_EQ(rte_eth_dev_get_port_by_name("net_pcap6", &id), 0);
    std::filesystem::remove(folder / "in.pcap");
    rte_eth_conf conf{};
    ASSERT_EQ(rte_eth_dev_configure(id, 1, 1, &conf), 0);
    ASSERT_EQ(rte_eth_rx_queue_setup(id, 0, 64, 0, nullptr, pool.get()), 0);
    ASSERT_EQ(rte_eth_tx_queue_setup(id, 0, 64, 0, nullptr), 0);
    ASSERT_EQ(rte_eth_dev_start(id), 0);
    ASSERT_EQ(rte_eth_dev_stop(id), 0);
    const auto started = pipeline::ports::start_all();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text.find("net_pcap6"), std::string::npos) << started.error().text;
    rte_mbuf* burst[4];
    EXPECT_EQ(source.run(burst, 4, nullptr), QAIC_PIPE_END);
    EXPECT_LT(source.finish(), 0);
    EXPECT_NE(source.error.find("does not start"), std::string::npos) << source.error;
    EXPECT_EQ(give(sink, {item_of(pool.get(), some_packets(1)[0])}),
              (std::vector<std::uint8_t>{QAIC_PIPE_DROP + 2}));
    EXPECT_LT(sink.finish(), 0);
}
