// SPDX-License-Identifier: BSD-3-Clause
// What a host finds behind the socket: configuration space, regions, interrupts, counters. aic100-device.md 1
#include "aic100/regs/registers.hpp"
#include "card/faults.hpp"
#include "served_fixture.hpp"
#include <sys/mman.h>

namespace vfio_test {
namespace {
using card_server::CardDevice;

class Function : public Served {
  protected:
    void SetUp() override
    {
        Served::SetUp();
        client = attached();
    }
    std::uint32_t config(std::uint64_t offset) { return client.read32(region_config, offset); }
    Received region(unsigned index, std::uint32_t argsz = 256)
    {
        return client.call(Command::DEVICE_GET_REGION_INFO,
                           bytes_of(RegionInfo{argsz, 0u, index, 0u, 0ull, 0ull}));
    }
    template<class T>
    T on_card(std::function<T(card::Card&, CardDevice&)> what)
    {
        T out{};
        EXPECT_TRUE(served->run([&](card::Card& card, CardDevice& device) { out = what(card, device); }));
        return out;
    }
    unsigned msi_count(unsigned vector)
    {
        return on_card<unsigned>([vector](card::Card&, CardDevice& device) {
            return static_cast<unsigned>(device.counters().msi()[vector]);
        });
    }
    TestClient client;
};
class Trapped : public Function {
    void adjust(card_server::Options& options) override { options.trap = true; }
};
class NoReset : public Function {
    void adjust(card_server::Options& options) override { options.reset = card_server::ResetKind::NONE; }
};

TEST_F(Function, IdentityIsThatOfACloudAi100)
{
    EXPECT_EQ(config(0x00), 0xa10017cbu);
    EXPECT_EQ(config(0x08) >> 8, 0x120000u);
    EXPECT_EQ(config(0x2c), 0xa10017cbu);
    EXPECT_EQ(config(0x04), 0x00100000u) << "nothing enabled, a capability list";
    EXPECT_EQ(config(0x3c), 0u) << "no INTx";
}

TEST_F(Function, BarsAreThreeOf64BitsWithTheRightSizes)
{
    const std::pair<std::uint64_t, std::uint32_t> sizes[] = {{0x10, 4096}, {0x18, 2 << 20}, {0x20, 64 << 10}};
    for (const auto& [at, size] : sizes) {
        EXPECT_EQ(config(at), 4u);
        client.write32(region_config, at, 0xffffffff);
        client.write32(region_config, at + 4, 0xffffffff);
        EXPECT_EQ(config(at), ~(size - 1) | 4u);
        EXPECT_EQ(config(at + 4), 0xffffffffu);
        client.write32(region_config, at, 0xfebf0004);
        EXPECT_EQ(config(at), (0xfebf0000 & ~(size - 1)) | 4u);
    }
}

TEST_F(Function, CapabilitiesArePowerMsiAndExpressAndNoMsix)
{
    std::map<std::uint32_t, std::uint32_t> found; // id -> place
    for (auto at = config(0x34) & 0xff; at != 0; at = config(at) >> 8 & 0xff) {
        ASSERT_LT(found.size(), 8u);
        found[config(at) & 0xff] = at;
    }
    ASSERT_EQ(found.size(), 3u);
    ASSERT_TRUE(found.contains(1) && found.contains(5) && found.contains(0x10));
    EXPECT_EQ(config(found[5]) >> 16, 0x8au) << "64-bit, 32 messages, disabled";
    EXPECT_EQ(config(found[0x10] + 4) & 1u << 28, 0u) << "no FLR";
    EXPECT_EQ(config(found[0x10] + 0xc) & 0x3ffu, 0x84u) << "Gen4 x8";
    EXPECT_EQ(config(0x100), 0u) << "no extended capability";
}

TEST_F(Function, DeviceRegionsAndInterrupts)
{
    const auto info = client.call(Command::DEVICE_GET_INFO, bytes_of(DeviceInfo{16u, 0u, 0u, 0u}));
    const auto body = *read_at<DeviceInfo>(info.body);
    EXPECT_EQ(body.flags, device_flag::PCI | device_flag::RESET);
    EXPECT_EQ(body.regions, regions);
    EXPECT_EQ(body.irqs, irqs);
    const std::uint64_t sizes[regions] = {4096, 0, 2 << 20, 0, 64 << 10, 0, 0, 4096, 0};
    for (unsigned i = 0; i < regions; ++i) {
        const auto one = read_at<RegionInfo>(region(i).body);
        EXPECT_EQ(one->size, sizes[i]) << i;
        EXPECT_EQ((one->flags & 3u) != 0, sizes[i] != 0) << i;
    }
    for (std::uint32_t i = 0; i < irqs; ++i) {
        const auto reply = client.call(Command::DEVICE_GET_IRQ_INFO, bytes_of(IrqInfo{16u, 0u, i, 0u}));
        EXPECT_EQ(read_at<IrqInfo>(reply.body)->count, i == irq_msi ? 32u : 0u);
    }
}

TEST_F(Function, DoorbellPagesAreMappedAndTheCardSeesThem)
{
    const auto reply = region(2);
    const auto info = *read_at<RegionInfo>(reply.body);
    ASSERT_EQ(info.argsz, 32u + 16u + 16u);
    ASSERT_EQ(info.flags, 15u);
    ASSERT_EQ(reply.fds.size(), 1u);
    const auto area = *read_at<SparseArea>(reply.body, info.cap_offset + sizeof(SparseMmap));
    EXPECT_EQ(area.offset, 0x20000u);
    EXPECT_EQ(area.size, 0x10000u);
    void* at = ::mmap(nullptr, area.size, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fds[0].get(),
                      static_cast<off_t>(info.fd_offset + area.offset));
    ASSERT_NE(at, MAP_FAILED);
    auto* words = static_cast<volatile std::uint32_t*>(at);
    words[3 * 1024 + 1] = 17; // REQTP of DBC 3
    EXPECT_EQ(client.read32(2, 0x23004), 17u);
    client.write32(2, 0x23008, 5); // RSPHP
    EXPECT_EQ(words[3 * 1024 + 2], 5u);
    EXPECT_LT(::ftruncate(reply.fds[0].get(), 4096), 0) << "sealed: nobody can shrink it under the card";
    ::munmap(at, area.size);
}

TEST_F(Function, WithoutRoomForTheAreasNothingIsMappable)
{
    for (const std::uint32_t argsz : {32u, 63u}) {
        const auto reply = region(2, argsz);
        const auto info = *read_at<RegionInfo>(reply.body);
        EXPECT_EQ(reply.body.size(), 32u);
        EXPECT_EQ(info.argsz, 64u) << "so much it takes";
        EXPECT_EQ(info.flags, 3u);
        EXPECT_TRUE(reply.fds.empty());
    }
}

TEST_F(Trapped, NothingIsMappableAndEveryAccessIsCounted)
{
    const auto reply = region(2);
    EXPECT_EQ(read_at<RegionInfo>(reply.body)->flags, 3u);
    EXPECT_TRUE(reply.fds.empty());
    for (int i = 0; i < 3; ++i) (void)client.read32(0, 0x48);
    client.write32(0, 0x300 + 8 * 20, 64);
    client.write32(2, 0x20004, 1);
    client.write32(2, 0x2f008, 2);
    (void)client.read32(2, 0x2f00c);
    (void)client.read32(2, 0x1000);
    (void)client.read32(4, 0);
    const auto counters =
        on_card<card_server::Counters>([](card::Card&, CardDevice& device) { return device.counters(); });
    EXPECT_EQ(counters.bar(0).reads, 3u);
    EXPECT_EQ(counters.bar(0).writes, 1u);
    ASSERT_EQ(counters.bar0().size(), 2u);
    EXPECT_EQ(counters.bar0()[0].name, "MHISTATUS");
    EXPECT_EQ(counters.bar0()[1].name, "CHDB[20].LOW");
    EXPECT_EQ(counters.dbc(0)[1].writes, 1u);
    EXPECT_EQ(counters.dbc(15)[2].writes, 1u);
    EXPECT_EQ(counters.dbc(15)[3].reads, 1u);
    EXPECT_EQ(counters.bar2_other().reads, 1u);
    EXPECT_EQ(counters.bar(2).reads, 2u);
    EXPECT_EQ(counters.bar(2).writes, 2u);
    EXPECT_EQ(counters.bar(4).reads, 1u);
}

TEST(RegisterNames, ComeFromTheTables)
{
    const std::pair<std::uint32_t, const char*> names[] = {{0x00, "MHIREGLEN"},
                                                           {0xb0, "SOC_RESET_REQ"},
                                                           {0x128, "BHI_EXECENV"},
                                                           {0x14c, "BHI_MSMHWID"},
                                                           {0x150, "BHI_MSMHWID[1]"},
                                                           {0x164, "BHI_OEMPKHASH"},
                                                           {0x1c0, "BHI_OEMPKHASH[23]"},
                                                           {0x300, "CHDB[0].LOW"},
                                                           {0x6fc, "CHDB[127].HIGH"},
                                                           {0x700, "ERDB[0].LOW"},
                                                           {0x704, "ERDB[0].HIGH"},
                                                           {0x708, "0x0708"},
                                                           {0xffc, "0x0ffc"},
                                                           {0xa28, "QTIMER_LOW"}};
    for (const auto& [offset, name] : names) EXPECT_EQ(card_server::bar0_register(offset), name);
}

TEST_F(Function, MessagesFollowTheCapabilityOrElseTheEventfds)
{
    const auto raise = [this] {
        on_card<bool>([](card::Card& card, CardDevice&) {
            card.faults().sys_err(true); // says so by MSI 0
            return true;
        });
    };
    raise();
    EXPECT_EQ(msi_count(0), 0u) << "nothing enabled";
    client.write16(region_config, 4, 6);
    client.write16(region_config, 0x52, 5 << 4 | 1); // 32 messages
    client.error_of(Command::DEVICE_RESET);
    EXPECT_EQ(config(0x50) >> 16, 0x8au) << "a bus reset disables MSI";
    client.write16(region_config, 4, 6);
    client.write16(region_config, 0x52, 1);
    raise();
    EXPECT_EQ(msi_count(0), 1u);
    client.write16(region_config, 4, 2); // bus master off: not even an MSI (D57)
    raise();
    EXPECT_EQ(msi_count(0), 1u);
}

TEST_F(Function, SmallPartsOfARegisterReadRightAndWriteNothing)
{
    client.write32(0, 0x80, 0x11223344);
    const auto part = [this](std::uint64_t offset, std::uint32_t count) {
        return client.call(Command::REGION_READ, bytes_of(RegionAccess{offset, 0u, count})).body;
    };
    EXPECT_EQ(part(0x81, 1).back(), std::byte{0x33});
    EXPECT_EQ(read_at<le16>(part(0x82, 2), sizeof(RegionAccess))->get(), 0x1122);
    client.write16(0, 0x80, 0xffff);
    EXPECT_EQ(client.read32(0, 0x80), 0x11223344u);
    auto body = to_bytes(RegionAccess{0x80ull, 0u, 8u});
    append(body, le64{0xaabbccdd00112233});
    EXPECT_EQ(client.error_of(Command::REGION_WRITE, body), 0);
    EXPECT_EQ(client.read32(0, 0x84), 0xaabbccddu);
    EXPECT_EQ(read_at<le64>(part(0x80, 8), sizeof(RegionAccess))->get(), 0xaabbccdd00112233u);
}

TEST_F(Function, ACardThatWasPulledReadsAllOnesAndCannotBeReset)
{
    on_card<bool>([](card::Card& card, CardDevice&) {
        card.faults().surprise_remove();
        return true;
    });
    EXPECT_EQ(client.read32(0, 0x48), 0xffffffffu);
    EXPECT_EQ(client.read32(2, 0x20000), 0xffffffffu);
    EXPECT_EQ(client.error_of(Command::DEVICE_RESET), ENODEV);
    on_card<bool>([](card::Card&, CardDevice& device) {
        device.power_cycle();
        return true;
    });
    EXPECT_EQ(client.read32(0, 0x28), 0x100u);
}

TEST_F(NoReset, IsNeitherOfferedNorDone)
{
    const auto info = client.call(Command::DEVICE_GET_INFO, bytes_of(DeviceInfo{16u, 0u, 0u, 0u}));
    EXPECT_EQ(read_at<DeviceInfo>(info.body)->flags, device_flag::PCI);
    EXPECT_EQ(client.error_of(Command::DEVICE_RESET), ENOTSUP);
}

} // namespace
} // namespace vfio_test
