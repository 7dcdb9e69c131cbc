// SPDX-License-Identifier: BSD-3-Clause
// The driver's side of a served card that behaves, that dies, and that asks for what it must not have.
#include "aic100/regs/registers.hpp"
#include "leak_check.hpp"
#include "qaic/bus/vfio_user.hpp"
#include "vfio_server.hpp"
#include <atomic>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace test {
namespace {
using namespace qaic;
using namespace vfio_user;

class ServedBus : public ::testing::Test {
  protected:
    void open(VfioServer::Spoil spoil = {}, ServerFacts facts = {}, vfu::ClientLimits limits = {500ms, 20ms})
    {
        server = std::make_unique<VfioServer>(std::move(spoil), std::move(facts));
        auto opened = VfioUserLink::over(server->client_end(), "test", limits);
        ASSERT_TRUE(opened) << opened.error().message();
        link = std::move(*opened);
        link->on_lost([this](const Error& why) { lost = why.message(); });
        bus = std::make_unique<VfioUserBus>(*link, "aic0");
    }
    volatile std::uint32_t& doorbell(unsigned dbc, unsigned reg)
    {
        return *reinterpret_cast<volatile std::uint32_t*>(const_cast<std::byte*>(bus->dbc_window()) +
                                                          aic100::dbc_offset(dbc) + reg);
    }
    // Outlive the server's thread and the bus, which look at them.
    std::atomic<bool> flag{false};
    std::atomic<unsigned> refused{0};
    std::string lost;
    std::unique_ptr<VfioServer> server;
    std::unique_ptr<VfioUserLink> link;
    std::unique_ptr<VfioUserBus> bus;
};

TEST_F(ServedBus, RegistersAndDoorbells)
{
    open();
    bus->mhi_write32(0x38, 0x11223344);
    EXPECT_EQ(bus->mhi_read32(0x38), 0x11223344u);
    EXPECT_EQ(server->bar0(0x38), 0x11223344u);
    for (unsigned dbc = 0; dbc < aic100::dbc_count; ++dbc) {
        doorbell(dbc, aic100::dbc_reg::REQTP) = 0x100 + dbc;
        EXPECT_EQ(*server->doorbell(aic100::dbc_offset(dbc) + aic100::dbc_reg::REQTP), 0x100 + dbc);
    }
    const std::byte between = bus->dbc_window()[0x30000];
    EXPECT_EQ(between, std::byte{0}) << "between the areas: memory that means nothing";
    EXPECT_EQ(bus->dbc_bytes(), aic100::bar_dbc_bytes);
}

TEST_F(ServedBus, BusMasterIsReadBack)
{
    open([this](Exchange& x) {
        if (x.command() == Command::REGION_READ && flag && x.answer.size() == sizeof(RegionAccess) + 2)
            x.answer_as<le16>(sizeof(RegionAccess)) = 4;
    });
    EXPECT_TRUE(bus->set_bus_master(true));
    EXPECT_EQ(server->command_register(), 6u);
    EXPECT_TRUE(bus->set_bus_master(false));
    EXPECT_EQ(server->command_register(), 2u);
    flag = true;
    const auto off = bus->set_bus_master(false);
    ASSERT_FALSE(off);
    EXPECT_EQ(off.error().code, Code::E_PROTO) << off.error().message();
}

TEST_F(ServedBus, DmaMemoryIsSharedUntilItIsFreed)
{
    open();
    const auto before = Holdings::now();
    {
        auto a = bus->dma_alloc(100, 64, "a"), b = bus->dma_alloc(3 << 20, 1 << 20, "b");
        ASSERT_TRUE(a && b) << (a ? b : a).error().message();
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b->data()) % (1 << 20), 0u);
        EXPECT_EQ(server->maps(), (std::map<std::uint64_t, std::uint64_t>{{a->iova().value, 4096},
                                                                          {b->iova().value, 3 << 20}}));
        EXPECT_EQ(Holdings::now().fds, before.fds) << "no descriptor stays open for memory";
        EXPECT_EQ(bus->dma_bytes(), 100u + (3 << 20));
    }
    EXPECT_TRUE(server->maps().empty());
    EXPECT_EQ(Holdings::now().memory_files, before.memory_files);
    EXPECT_FALSE(bus->dma_alloc(0, 64, "none"));
    EXPECT_FALSE(bus->dma_alloc(64, 48, "none"));
}

TEST_F(ServedBus, ARefusedMapIsAnErrorAndTheConnectionLives)
{
    open([](Exchange& x) {
        if (x.command() == Command::DMA_MAP) x.fail(ENOSPC);
    });
    const auto before = Holdings::now();
    const auto a = bus->dma_alloc(4096, 64, "a");
    ASSERT_FALSE(a);
    EXPECT_EQ(a.error().code, Code::E_IOVA);
    EXPECT_NE(a.error().text.find("DMA_MAP: server refuses: No space left"), std::string::npos)
        << a.error().text;
    EXPECT_EQ(Holdings::now().memory_files, before.memory_files);
    EXPECT_EQ(link->shares().size(), 0u);
    EXPECT_NE(bus->mhi_read32(0), aic100::all_ones);
}

TEST_F(ServedBus, TheServersLimitOfMapsHolds)
{
    ServerFacts facts;
    facts.version = R"({"capabilities":{"max_dma_maps":2}})";
    open({}, facts);
    auto a = bus->dma_alloc(4096, 64, "a"), b = bus->dma_alloc(4096, 64, "b"),
         c = bus->dma_alloc(4096, 64, "c");
    ASSERT_TRUE(a && b);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.error().code, Code::E_LIMIT) << c.error().message();
    *a = DmaMemory();
    EXPECT_TRUE(bus->dma_alloc(4096, 64, "c"));
}

TEST_F(ServedBus, ForeignMemoryNeedsAFile)
{
    open();
    Bytes heap(8192);
    const auto private_memory = bus->dma_map(heap.data(), Iova{0x1000}, heap.size());
    ASSERT_FALSE(private_memory);
    EXPECT_EQ(private_memory.error().code, Code::E_IOVA);
    EXPECT_NE(private_memory.error().text.find("private to this process"), std::string::npos)
        << private_memory.error().text;

    const vfu::Fd file(::memfd_create("app", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), 16384), 0);
    void* at = ::mmap(nullptr, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    ASSERT_NE(at, MAP_FAILED);
    ASSERT_TRUE(bus->dma_map(static_cast<std::byte*>(at) + 4096, Iova{0x100000}, 8192));
    EXPECT_EQ(server->maps(), (std::map<std::uint64_t, std::uint64_t>{{0x100000, 8192}}));
    EXPECT_EQ(bus->dma_map(at, Iova{0x101000}, 4096).error().code, Code::E_IOVA) << "overlap";
    EXPECT_EQ(bus->dma_unmap(Iova{0x100000}, 4096).error().code, Code::E_IOVA) << "a part";
    EXPECT_TRUE(bus->dma_unmap(Iova{0x100000}, 8192));
    EXPECT_TRUE(server->maps().empty());
    ::munmap(at, 16384);
    EXPECT_FALSE(bus->dma_map(at, Iova{0x100000}, 4096)) << "nothing is mapped there";
}

TEST_F(ServedBus, ServersDeathIsAllOnesAndRemoved)
{
    open();
    auto memory = bus->dma_alloc(4096, 64, "a");
    ASSERT_TRUE(memory);
    doorbell(3, aic100::dbc_reg::RSPTP) = 5;
    server->stop();
    EXPECT_EQ(bus->mhi_read32(0), aic100::all_ones);
    bus->mhi_write32(0, 1);
    EXPECT_EQ(bus->mhi_read32(0), aic100::all_ones);
    EXPECT_TRUE(link->client().lost());
    EXPECT_NE(lost.find("E_REMOVED"), std::string::npos) << lost;
    EXPECT_EQ(doorbell(3, aic100::dbc_reg::RSPTP), aic100::all_ones) << "a dead link, not an old value";
    doorbell(3, aic100::dbc_reg::REQTP) = 7; // goes nowhere, kills nobody
    EXPECT_EQ(bus->set_bus_master(false).error().code, Code::E_REMOVED);
    EXPECT_EQ(bus->dma_alloc(4096, 64, "b").error().code, Code::E_REMOVED);
    EXPECT_EQ(bus->dma_map(memory->data(), Iova{0x1000}, 4096).error().code, Code::E_REMOVED);
    EXPECT_EQ(bus->dma_unmap(memory->iova(), 4096).error().code, Code::E_REMOVED);
}

// The server here is this process, which does not end: memory it may still write to is not given back.
TEST_F(ServedBus, MemoryOfALostServerThatLivesIsRetired)
{
    open();
    auto memory = bus->dma_alloc(4096, 64, "a");
    ASSERT_TRUE(memory);
    auto* const at = memory->data();
    server->stop();
    EXPECT_EQ(bus->mhi_read32(0), aic100::all_ones);
    *memory = DmaMemory();
    *at = std::byte{1}; // still mapped
    EXPECT_EQ(::munmap(at, 4096), 0);
}

TEST_F(ServedBus, ASilentServerIsGivenUpAfterTheLimit)
{
    open([this](Exchange& x) { x.silent = flag.load(); }, {}, {50ms, 20ms});
    flag = true;
    const auto began = vfu::monotonic();
    EXPECT_EQ(bus->mhi_read32(0), aic100::all_ones);
    EXPECT_LT(vfu::monotonic() - began, 1s);
    EXPECT_NE(lost.find("server does not answer within 50 ms"), std::string::npos) << lost;
    const auto again = vfu::monotonic();
    EXPECT_EQ(bus->mhi_read32(0), aic100::all_ones);
    EXPECT_LT(vfu::monotonic() - again, 20ms) << "only once";
}

Bytes command_of_server(Command c, std::size_t tail, std::uint16_t id, std::uint32_t flags = 0)
{
    Bytes out;
    Header h{};
    h.id = id, h.command = static_cast<std::uint16_t>(c), h.flags = flags;
    h.size = static_cast<std::uint32_t>(sizeof h + sizeof(DmaAccess) + tail);
    append(out, h);
    append(out, DmaAccess{std::uint64_t{0x1000}, tail});
    out.resize(out.size() + tail);
    return out;
}

TEST_F(ServedBus, CommandsOfTheServerAreRefusedAndTakenOffTheStream)
{
    open([this](Exchange& x) {
        if ((x.request.flags & header_flag::TYPE_MASK) == header_flag::REPLY) {
            if ((x.request.flags & header_flag::ERROR) != 0 && x.request.error == EOPNOTSUPP &&
                x.request.id == 77 && x.body.empty())
                ++refused;
            return;
        }
        if (x.command() != Command::REGION_READ) return;
        for (const auto& part :
             {command_of_server(Command::DMA_READ, 0, 77), command_of_server(Command::DMA_WRITE, 60'000, 77),
              command_of_server(Command::DMA_WRITE, 8, 78, header_flag::NO_REPLY)})
            x.before.insert(x.before.end(), part.begin(), part.end());
    });
    bus->mhi_write32(0x40, 0xabcd);
    EXPECT_EQ(bus->mhi_read32(0x40), 0xabcdu);
    EXPECT_EQ(bus->mhi_read32(0x40), 0xabcdu);
    server->stop();
    EXPECT_GE(refused, 4u) << "two of them for each read";
}

TEST_F(ServedBus, ARefusedReadIsAllOnesAndTheConnectionLives)
{
    open([this](Exchange& x) {
        if (flag && x.command() == Command::REGION_READ) x.fail(EIO);
    });
    flag = true;
    EXPECT_EQ(bus->mhi_read32(0), aic100::all_ones);
    EXPECT_FALSE(link->client().lost());
    flag = false;
    EXPECT_EQ(bus->mhi_read32(0), 0u);
}

TEST_F(ServedBus, ManyThreadsShareOneConnection)
{
    open();
    std::atomic<unsigned> wrong{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (unsigned i = 0; i < 200; ++i) {
                bus->mhi_write32(t * 4, i);
                if (bus->mhi_read32(t * 4) != i) ++wrong;
                const vfu::Fd file(::memfd_create("t", MFD_CLOEXEC));
                if (::ftruncate(file.get(), 4096) != 0) ++wrong;
                const Iova at{(t + 1) * 0x10000000ull};
                if (!link->shares().add(at, 4096, file.get(), 0) || !link->shares().remove(at, 4096)) ++wrong;
            }
        });
    for (auto& t : threads) t.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_TRUE(server->maps().empty());
}

} // namespace
} // namespace test
