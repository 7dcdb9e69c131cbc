// SPDX-License-Identifier: BSD-3-Clause
// reliability.md 5 (d), rows S07 and S08: the client's memory map against a model, and a client that takes
// its memory away. The card reads and writes through the same path as its DMA engines.
#include "served_fixture.hpp"
#include "vfio_user/session.hpp"
#include "vfio_user/socket_channel.hpp"
#include <map>
#include <random>
#include <sys/mman.h>
#include <sys/socket.h>

namespace vfio_test {
namespace {

class Memory : public Served {
  protected:
    void SetUp() override
    {
        Served::SetUp();
        client = attached();
    }
    TestClient client;
};

TEST_F(Memory, ImpossibleMapsAreRefusedAndNothingIsMapped)
{
    const auto file = memory_file(1 << 20);
    struct Case {
        std::uint64_t address, size, offset;
        std::uint32_t flags;
    };
    const Case bad[] = {
        {0, 0, 0, 3},        // empty
        {~0ull, 4096, 0, 3}, // wraps
        {1ull << 63, (1ull << 63) + 1, 0, 3},
        {0, (1 << 20) + 1, 0, 3}, // past the file
        {0, 4096, 1 << 20, 3},
        {0, 4096, ~0ull - 4095, 3}, // offset + size wraps
        {0, 4096, 1ull << 63, 3},
        {0, ~0ull, 0, 3},
        {0, 4096, 0, 0}, // no right at all
        {0, 4096, 0, 4},
        {0, 4096, 0, 0x80000003},
    };
    const auto before = open_fds();
    for (const auto& one : bad)
        EXPECT_EQ(client.map(one.address, one.size, file.get(), one.offset, one.flags), EINVAL)
            << (&one - bad);
    EXPECT_EQ(mapped_files(), 0u);
    EXPECT_EQ(open_fds(), before);
}

TEST_F(Memory, OverlapsAreRefused)
{
    const auto file = memory_file(1 << 20);
    ASSERT_EQ(client.map(0x10000, 0x10000, file.get()), 0);
    for (const auto& [at, size] :
         {std::pair{0x10000, 0x10000}, {0xf000, 0x1001}, {0x1ffff, 1}, {0x18000, 0x1000}, {0, 0x40000}}) {
        EXPECT_EQ(client.map(static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(size), file.get()),
                  EEXIST);
        EXPECT_EQ(client.map(static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(size)), EEXIST);
    }
    EXPECT_EQ(client.map(0xf000, 0x1000, file.get()), 0);
    EXPECT_EQ(client.map(0x20000, 0x1000, file.get()), 0);
    EXPECT_EQ(client.map(~0ull - 0xfff, 0x1000, file.get()), 0); // the very top
    EXPECT_EQ(mapped_files(), 4u);
}

TEST_F(Memory, UnmapOfTheUnknownSucceedsAndOfAPartIsRefused)
{
    const auto file = memory_file(1 << 20);
    ASSERT_EQ(client.map(0x10000, 0x10000, file.get()), 0);
    ASSERT_EQ(client.map(0x30000, 0x10000, file.get()), 0);
    EXPECT_EQ(client.unmap(0x50000, 0x1000), 0);
    EXPECT_EQ(client.unmap(0x10000, 0x8000), EINVAL);
    EXPECT_EQ(client.unmap(0x18000, 0x8000), EINVAL);
    EXPECT_EQ(client.unmap(0x12000, 0x1000), EINVAL);
    EXPECT_EQ(client.unmap(0, 0x38000), EINVAL); // one whole, one half: neither goes
    EXPECT_EQ(client.unmap(0, 0), EINVAL);
    EXPECT_EQ(client.unmap(~0ull, 2), EINVAL);
    EXPECT_EQ(client.unmap(0x10000, 0x10000, 1), EINVAL); // dirty bitmap
    EXPECT_EQ(client.unmap(0x10000, 0x10000, 2), EINVAL); // ALL has no range
    EXPECT_EQ(mapped_files(), 2u);
    EXPECT_EQ(client.unmap(0, 2ull << 30), 0); // as QEMU does
    EXPECT_EQ(mapped_files(), 0u);
    ASSERT_EQ(client.map(0, 4096, file.get()), 0);
    EXPECT_EQ(client.unmap(0, 0, unmap_flag::ALL), 0);
    EXPECT_EQ(mapped_files(), 0u);
}

TEST_F(Memory, TableIsFullAtItsLimit)
{
    const auto before = open_fds();
    for (std::uint64_t i = 0; i < max_dma_maps; ++i) {
        const DmaMap map{32u, 3u, 0ull, i * 4096, 4096ull};
        ASSERT_TRUE(client.send(Command::DMA_MAP, bytes_of(map), {}, header_flag::NO_REPLY));
    }
    EXPECT_EQ(client.map(1ull << 40, 4096), ENOSPC);
    EXPECT_EQ(client.unmap(0, 4096), 0);
    EXPECT_EQ(client.map(1ull << 40, 4096), 0);
    EXPECT_EQ(client.unmap(0, 0, unmap_flag::ALL), 0);
    EXPECT_EQ(open_fds(), before);
}

// ---- the table alone, against a model of pages
class NoRemote final : public RemoteMemory {
    bool read(std::uint64_t, MutSpan) override { return false; }
    bool write(std::uint64_t, ConstSpan) override { return false; }
};

TEST(DmaTableModel, TenThousandRandomStepsLeaveTheMappedSetAsTheModelSays)
{
    constexpr std::uint64_t page = 4096, pages = 64;
    NoRemote remote;
    DmaTable table(remote);
    const auto file = memory_file(pages * page);
    std::mt19937 random(42);
    std::map<std::uint64_t, std::uint64_t> model; // first page -> number of pages
    const auto hits = [&](std::uint64_t first, std::uint64_t n, bool cut_only) {
        for (const auto& [at, m] : model) {
            const bool meets = first < at + m && at < first + n, inside = at >= first && at + m <= first + n;
            if (meets && !(cut_only && inside)) return true;
        }
        return false;
    };
    for (int step = 0; step < 10'000; ++step) {
        const std::uint64_t first = random() % pages, n = 1 + random() % (pages - first);
        if (random() % 2 == 0) {
            const bool clash = hits(first, n, false);
            const DmaMap map{32u, 3u, first * page, first * page, n * page};
            ASSERT_EQ(table.map(map, Fd(::dup(file.get()))), clash ? EEXIST : 0);
            if (!clash) model[first] = n;
        } else {
            const bool cut = hits(first, n, true);
            ASSERT_EQ(table.unmap(first * page, n * page), cut ? EINVAL : 0);
            if (!cut)
                std::erase_if(model, [&](const auto& one) {
                    return one.first >= first && one.first + one.second <= first + n;
                });
        }
        ASSERT_EQ(table.size(), model.size());
        std::byte one{};
        const std::uint64_t probe = random() % pages;
        bool mapped = false;
        for (const auto& [at, m] : model) mapped |= probe >= at && probe < at + m;
        ASSERT_EQ(table.read(probe * page + 5, {&one, 1}), mapped) << step;
    }
    EXPECT_EQ(mapped_files(), model.size());
    table.clear();
    EXPECT_EQ(mapped_files(), 0u);
}

TEST(DmaTable, ReadsAndWritesCrossMappingsAndKeepRights)
{
    NoRemote remote;
    DmaTable table(remote);
    const auto file = memory_file(0x4000);
    ASSERT_EQ(table.map({32u, 3u, 0x2001ull, 0x1000ull, 0xfffull}, Fd(::dup(file.get()))),
              0); // odd offset and end
    ASSERT_EQ(table.map({32u, 3u, 0x0ull, 0x1fffull, 0x1000ull}, Fd(::dup(file.get()))), 0);
    ASSERT_EQ(table.map({32u, 1u, 0x1000ull, 0x2fffull, 0x1000ull}, Fd(::dup(file.get()))), 0); // read only
    Bytes pattern(0x1800), back(0x1800);
    for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<std::byte>(i * 7 + i / 256);
    ASSERT_TRUE(table.write(0x1000, pattern));
    ASSERT_TRUE(table.read(0x1000, back));
    EXPECT_EQ(back, pattern);
    Bytes in_file(0xfff);
    ASSERT_EQ(::pread(file.get(), in_file.data(), in_file.size(), 0x2001), 0xfff);
    EXPECT_TRUE(std::equal(in_file.begin(), in_file.end(), pattern.begin()));
    EXPECT_TRUE(table.read(0x2fff, MutSpan(back).first(0x1000)));
    EXPECT_FALSE(table.write(0x2fff, ConstSpan(back).first(1)));
    const Bytes ones(0x1800, std::byte{0xff});
    EXPECT_FALSE(table.write(0x2000, ones)) << "runs into the read-only range";
    ASSERT_TRUE(table.read(0x1000, back));
    EXPECT_EQ(back, pattern) << "of a refused write nothing is done";
    EXPECT_FALSE(table.read(0x0fff, MutSpan(back).first(2)));
    EXPECT_FALSE(table.read(0x3fff, MutSpan(back).first(1)));
    EXPECT_FALSE(table.read(~0ull, MutSpan(back).first(2)));
}

// ---- S08
class Shrunk : public testing::TestWithParam<bool> {};

TEST_P(Shrunk, ShrunkenFileEndsThatClientAndNothingElse)
{
    const bool huge = GetParam();
    const std::uint64_t bytes = huge ? 4u << 20 : 1u << 20;
    const auto file = memory_file(bytes, huge);
    if (!file) GTEST_SKIP() << "no huge pages here";
    NoRemote remote;
    DmaTable table(remote);
    if (table.map({32u, 3u, 0ull, 0ull, bytes}, Fd(::dup(file.get()))) == ENOMEM)
        GTEST_SKIP() << "no free huge page here";
    Bytes some(4096, std::byte{1});
    ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    EXPECT_FALSE(table.write(bytes - 8192, some));
    EXPECT_TRUE(table.broken());
    EXPECT_FALSE(table.read(0, some)) << "no more of it, not even zeros";
    table.clear();
    EXPECT_EQ(mapped_files(), 0u);
}
INSTANTIATE_TEST_SUITE_P(DmaTable, Shrunk, testing::Bool());

TEST_F(Memory, ShrunkenFileUnderTheCardsOwnDmaDropsTheClient)
{
    const auto file = memory_file(1 << 20);
    ASSERT_EQ(client.map(0, 1 << 20, file.get()), 0);
    client.write16(region_config, 4, 6); // bus master
    ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    // PBL fetches an image from the address given (aic100-device.md 2.4).
    client.write32(0, 0x100 + 0x0c, 0);
    client.write32(0, 0x100 + 0x08, 0x1000);
    client.write32(0, 0x100 + 0x10, 0x10000);
    client.write32(0, 0x100 + 0x18, 5);
    EXPECT_TRUE(client.hung_up());
    EXPECT_TRUE(logged("a file that the client mapped has shrunk"));
    EXPECT_TRUE(detached());
    EXPECT_EQ(mapped_files(), 0u);
    expect_alive();
}

} // namespace
} // namespace vfio_test
