// SPDX-License-Identifier: BSD-3-Clause
// flow-features and mark over items in plain memory: no EAL, no pool.
#include "flow/features.hpp"
#include "pipeline/stages/flow_features.hpp"
#include "pipeline/stages/mark.hpp"
#include "unit/flow/frames.hpp"
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <memory>

namespace {
using namespace frames;

/// A packet as an item: mbuf, private area and buffer in one piece, as a pool lays them out.
struct PacketItem {
    struct alignas(64) Memory {
        rte_mbuf mbuf;
        qaic_pipe_item item;
        std::uint8_t buffer[1024];
    };
    std::unique_ptr<Memory> memory = std::make_unique<Memory>();

    explicit PacketItem(const Frame& frame, std::uint64_t captured_ns = 0)
    {
        std::memset(static_cast<void*>(memory.get()), 0, sizeof(Memory));
        auto& m = memory->mbuf;
        m.buf_addr = memory->buffer, m.buf_len = sizeof(Memory::buffer), m.priv_size = sizeof(qaic_pipe_item);
        m.data_off = 64, m.data_len = static_cast<std::uint16_t>(frame.size()), m.pkt_len = m.data_len;
        m.nb_segs = 1, m.refcnt = 1;
        if (!frame.empty()) std::memcpy(memory->buffer + 64, frame.data(), frame.size());
        item().captured_ns = captured_ns, item().label = QAIC_PIPE_NO_LABEL, item().weight = 1;
        item().free_off = 64 + m.data_len, item().room = sizeof(Memory::buffer);
    }
    qaic_pipe_item& item() { return memory->item; }
    rte_mbuf* mbuf() { return &memory->mbuf; }
    [[nodiscard]] Frame packet() const
    {
        const auto* const from = memory->buffer + memory->mbuf.data_off;
        return {from, from + memory->mbuf.data_len};
    }
    std::span<const float> tensor()
    {
        return {static_cast<const float*>(qaic_pipe_tensor(mbuf())), item().tensor_bytes / sizeof(float)};
    }
};

qaic_pipe_option text(const char* name, const char* value)
{
    return {name, "p.toml:3:1", QAIC_PIPE_TEXT, 0, 0, value};
}
qaic_pipe_option number(const char* name, std::int64_t v)
{
    return {name, "p.toml:3:1", QAIC_PIPE_INTEGER, v, static_cast<double>(v), nullptr};
}
qaic_pipe_option flag(const char* name, bool v)
{
    return {name, "p.toml:3:1", QAIC_PIPE_BOOL, v, 0, nullptr};
}

class StageUnderTest {
  public:
    StageUnderTest(const qaic_pipe_stage& kind, std::vector<qaic_pipe_option> options, unsigned replicas = 1)
        : kind_(kind)
    {
        qaic_pipe_setup setup{};
        setup.stage = "s", setup.place = "p.toml:1:1", setup.folder = ".", setup.replicas = replicas,
        setup.batch = 32;
        setup.tsc_hz = 2'000'000'000, setup.options = options.data();
        setup.n_options = static_cast<unsigned>(options.size());
        self_ = kind_.create(&setup, error, sizeof(error));
    }
    StageUnderTest(const StageUnderTest&) = delete;
    StageUnderTest& operator=(const StageUnderTest&) = delete;
    ~StageUnderTest()
    {
        if (self_ != nullptr) kind_.destroy(self_);
    }
    [[nodiscard]] bool made() const { return self_ != nullptr; }
    std::vector<std::uint8_t> run(std::vector<PacketItem>& items)
    {
        std::vector<rte_mbuf*> mbufs;
        for (auto& i : items) mbufs.push_back(i.mbuf());
        std::vector<std::uint8_t> verdict(items.size(), 0);
        kind_.run(self_, mbufs.data(), static_cast<std::uint16_t>(items.size()), verdict.data());
        return verdict;
    }
    std::uint8_t run(PacketItem& item)
    {
        auto* m = item.mbuf();
        std::uint8_t verdict = 0;
        kind_.run(self_, &m, 1, &verdict);
        return verdict;
    }
    std::map<std::string, std::uint64_t> counts()
    {
        qaic_pipe_count all[32];
        const auto n = kind_.counts(self_, all, 32);
        std::map<std::string, std::uint64_t> out;
        for (std::uint32_t i = 0; i < n; ++i) out[all[i].name] = all[i].value;
        return out;
    }
    [[nodiscard]] std::uint32_t room() const { return kind_.room(self_); }
    char error[256] = "";

  private:
    const qaic_pipe_stage& kind_;
    void* self_ = nullptr;
};

Frame datagram(unsigned from, unsigned to)
{
    return ether(0x0800) + ipv4(17, from, to, 128) + udp(5000, 53, 100);
}

TEST(FlowFeaturesStage, WritesTheTensorOfEachPacket)
{
    StageUnderTest stage(pipeline::stage_flow_features, {number("flows", 1024)});
    ASSERT_TRUE(stage.made()) << stage.error;
    EXPECT_EQ(stage.room(), 64u + 63u);
    std::vector<PacketItem> items;
    for (unsigned i = 0; i < 100; ++i)
        items.emplace_back(datagram(1, 2), 1'000'000'000 + i * 15'999u); // 15.999 us
    for (const auto verdict : stage.run(items)) EXPECT_EQ(verdict, QAIC_PIPE_PASS);
    for (auto& item : items) ASSERT_EQ(item.tensor().size(), flow::n_features);
    EXPECT_EQ(items[2].tensor()[0], 2.0f); // lg(3)
    EXPECT_EQ(items[1].tensor()[8], 4.0f); // 15 us
    EXPECT_EQ(items[99].tensor()[4], 128.0f);
    EXPECT_EQ(items[0].packet(), datagram(1, 2));
    EXPECT_EQ(stage.counts()["flows"], 1u);
}

TEST(FlowFeaturesStage, WithoutATimeOfCaptureTheTscIsTheTime)
{
    StageUnderTest stage(pipeline::stage_flow_features, {});
    PacketItem a(datagram(1, 2)), b(ether(0x0800) + ipv4(17, 2, 1, 128) + udp(53, 5000, 100));
    a.item().born = 2'000'000, b.item().born = 2'126'000; // 63 us at 2 GHz
    EXPECT_EQ(stage.run(a), QAIC_PIPE_PASS);
    EXPECT_EQ(stage.run(b), QAIC_PIPE_PASS);
    EXPECT_EQ(b.tensor()[8], 6.0f);
    EXPECT_EQ(b.tensor()[12], 1.0f);
}

TEST(FlowFeaturesStage, DropsWhatIsNoPacketAndSaysWhy)
{
    StageUnderTest stage(pipeline::stage_flow_features, {});
    PacketItem arp(ether(0x0806) + zeros(28)), cut(ether(0x0800) + zeros(4)), full(datagram(1, 2));
    EXPECT_EQ(stage.run(arp), QAIC_PIPE_DROP);
    EXPECT_STREQ(pipeline::stage_flow_features.drop_reasons[0], "malformed");
    EXPECT_EQ(arp.item().tensor_bytes, 0u);
    EXPECT_EQ(stage.run(cut), QAIC_PIPE_DROP);
    full.item().room = full.item().free_off + 40;
    EXPECT_EQ(stage.run(full), QAIC_PIPE_DROP + 1);
    EXPECT_STREQ(pipeline::stage_flow_features.drop_reasons[1], "no_room");
    auto counts = stage.counts();
    EXPECT_EQ(counts["refused_not_ip"], 1u);
    EXPECT_EQ(counts["refused_cut_short"], 1u);
    EXPECT_EQ(counts["flows"], 0u);
}

TEST(FlowFeaturesStage, OrLetsItPassWithZeros)
{
    StageUnderTest stage(pipeline::stage_flow_features, {flag("drop_unparsed", false)});
    PacketItem arp(ether(0x0806) + zeros(28));
    std::memset(arp.memory->buffer + 128, 0xff, 512);
    EXPECT_EQ(stage.run(arp), QAIC_PIPE_PASS);
    ASSERT_EQ(arp.tensor().size(), flow::n_features);
    for (const auto f : arp.tensor()) EXPECT_EQ(f, 0.0f);
}

TEST(FlowFeaturesStage, HeadersMustLieInTheFirstSegment)
{
    StageUnderTest stage(pipeline::stage_flow_features, {});
    PacketItem item(datagram(1, 2));
    item.mbuf()->nb_segs = 2, item.mbuf()->pkt_len = 142,
    item.mbuf()->data_len = 41; // one byte of UDP is missing
    EXPECT_EQ(stage.run(item), QAIC_PIPE_DROP);
    item.mbuf()->data_len = 42;
    EXPECT_EQ(stage.run(item), QAIC_PIPE_PASS);
}

TEST(FlowFeaturesStage, RefusesWhatCannotBe)
{
    StageUnderTest replicas(pipeline::stage_flow_features, {}, 2);
    EXPECT_FALSE(replicas.made());
    EXPECT_NE(std::string(replicas.error).find("replicas = 1"), std::string::npos) << replicas.error;
    StageUnderTest none(pipeline::stage_flow_features, {number("flows", 0)});
    EXPECT_STREQ(none.error, "p.toml:3:1: stage s: flows takes a whole number from 8 to 4194304");
}

TEST(MarkStage, WritesTheDscpOfTheLabel)
{
    StageUnderTest stage(pipeline::stage_mark, {text("dscp", "0, 46,10")});
    ASSERT_TRUE(stage.made()) << stage.error;
    PacketItem one(datagram(1, 2)), beyond(datagram(1, 2)), none(datagram(1, 2));
    one.item().label = 1, beyond.item().label = 3;
    for (auto* const item : {&one, &beyond, &none}) EXPECT_EQ(stage.run(*item), QAIC_PIPE_PASS);
    EXPECT_EQ(one.packet()[15], 46 << 2);
    EXPECT_EQ(beyond.packet(), datagram(1, 2));
    EXPECT_EQ(none.packet(), datagram(1, 2));
    EXPECT_EQ(stage.counts(), (std::map<std::string, std::uint64_t>{{"marked", 1}, {"unmarked", 2}}));
}

TEST(MarkStage, WithoutAListEightTimesTheLabel)
{
    StageUnderTest stage(pipeline::stage_mark, {});
    for (unsigned label = 0; label < 10; ++label) {
        PacketItem item(datagram(1, 2));
        item.item().label = label;
        stage.run(item);
        EXPECT_EQ(item.packet()[15], label < 8 ? label * 32 : 0) << label;
    }
    EXPECT_EQ(stage.counts()["marked"], 8u);
}

TEST(MarkStage, LeavesAloneWhatOthersHold)
{
    StageUnderTest stage(pipeline::stage_mark, {});
    PacketItem shared(datagram(1, 2));
    shared.item().label = 5, shared.mbuf()->refcnt = 2;
    stage.run(shared);
    EXPECT_EQ(shared.packet(), datagram(1, 2));
    EXPECT_EQ(stage.counts()["unmarked"], 1u);
}

TEST(MarkStage, OtherFields)
{
    StageUnderTest vlan(pipeline::stage_mark, {text("field", "vlan-pcp")});
    PacketItem tagged(ether(0x0800, {0x81000005}) + ipv4(17, 1, 2, 28)), bare(datagram(1, 2));
    tagged.item().label = bare.item().label = 5;
    vlan.run(tagged), vlan.run(bare);
    EXPECT_EQ(tagged.packet()[14], 0xa0);
    EXPECT_EQ(vlan.counts()["marked"], 1u);
    StageUnderTest mbuf(pipeline::stage_mark, {text("field", "mbuf")});
    mbuf.run(bare);
    EXPECT_EQ(bare.mbuf()->hash.fdir.hi, 5u);
    EXPECT_NE(bare.mbuf()->ol_flags & RTE_MBUF_F_RX_FDIR_ID, 0u);
    EXPECT_EQ(bare.packet(), datagram(1, 2));
}

TEST(MarkStage, RefusesListsThatAreNone)
{
    for (const auto* const list : {"64", "0,", ",1", "1;2", "x", "-1", "1,,2", "4294967296"}) {
        StageUnderTest stage(pipeline::stage_mark, {text("dscp", list)});
        EXPECT_FALSE(stage.made()) << list;
        EXPECT_EQ(std::string(stage.error).find("p.toml:3:1: stage s: dscp takes"), 0u) << stage.error;
    }
    StageUnderTest both(pipeline::stage_mark, {text("field", "mbuf"), text("dscp", "1")});
    EXPECT_FALSE(both.made());
}

} // namespace
