// SPDX-License-Identifier: BSD-3-Clause
// reliability.md 5 (d), row S14: accesses outside, across, misaligned and of odd sizes have no effect.
#include "served_fixture.hpp"

namespace vfio_test {
namespace {

class Regions : public Served {
  protected:
    void SetUp() override
    {
        Served::SetUp();
        client = attached();
    }
    int read(unsigned region, std::uint64_t offset, std::uint32_t count)
    {
        return client.error_of(Command::REGION_READ, bytes_of(RegionAccess{offset, region, count}));
    }
    int write(unsigned region, std::uint64_t offset, std::uint32_t count, std::size_t data)
    {
        auto body = to_bytes(RegionAccess{offset, region, count});
        body.resize(body.size() + data, std::byte{0xff});
        return client.error_of(Command::REGION_WRITE, body);
    }
    TestClient client;
};

TEST_F(Regions, ReadsOutsideAreRefused)
{
    for (const unsigned region : {1u, 3u, 5u, region_rom, region_vga, 9u, 0xffffffffu})
        EXPECT_EQ(read(region, 0, 4), EINVAL) << region;
    const std::pair<unsigned, std::uint64_t> ends[] = {
        {0, 4096}, {2, 2 << 20}, {4, 64 << 10}, {region_config, 4096}};
    for (const auto& [region, end] : ends) {
        EXPECT_EQ(read(region, end, 4), EINVAL);
        EXPECT_EQ(read(region, end - 4, 8), EINVAL);
        EXPECT_EQ(read(region, ~0ull - 3, 4), EINVAL);
        EXPECT_EQ(read(region, ~0ull, 8), EINVAL);
        EXPECT_EQ(read(region, end - 4, 4), 0);
        for (const std::uint32_t count : {0u, 1u << 31, 0xffffffffu, max_transfer + 1})
            EXPECT_EQ(read(region, 0, count), EINVAL);
    }
}

TEST_F(Regions, BarsTakeAlignedWordsOnly)
{
    for (const unsigned region : {0u, 2u, 4u}) {
        for (const std::uint32_t count : {3u, 5u, 6u, 7u, 9u, 16u, 64u}) {
            EXPECT_EQ(read(region, 0, count), EINVAL);
            EXPECT_EQ(write(region, 0, count, count), EINVAL);
        }
        for (const auto& [offset, count] : {std::pair{1, 2}, {2, 4}, {1, 4}, {4, 8}, {3, 2}}) {
            EXPECT_EQ(read(region, static_cast<std::uint64_t>(offset), static_cast<std::uint32_t>(count)),
                      EINVAL);
            EXPECT_EQ(write(region, static_cast<std::uint64_t>(offset), static_cast<std::uint32_t>(count),
                            static_cast<std::size_t>(count)),
                      EINVAL);
        }
        for (const std::uint32_t count : {1u, 2u, 4u, 8u}) EXPECT_EQ(read(region, 8, count), 0);
    }
}

TEST_F(Regions, AWriteWhoseDataDoesNotMatchItsCountDoesNothing)
{
    constexpr std::uint64_t bar0_low = 0x10;
    const auto before = client.read32(region_config, bar0_low);
    for (const auto& [count, data] : {std::pair{4, 0}, {4, 3}, {4, 5}, {4, 8}, {0, 0}, {0, 4}, {1 << 30, 4}})
        EXPECT_EQ(
            write(region_config, bar0_low, static_cast<std::uint32_t>(count), static_cast<std::size_t>(data)),
            EINVAL);
    EXPECT_EQ(write(region_config, 4095, 4, 4), EINVAL);
    EXPECT_EQ(client.read32(region_config, bar0_low), before);
}

TEST_F(Regions, AListOfWritesIsDoneAsAWholeOrNotAtAll)
{
    const auto list = [](std::vector<MultiWrite> writes, std::uint64_t count) {
        auto body = to_bytes(le64{count});
        for (const auto& one : writes) append(body, one);
        return body;
    };
    const MultiWrite good{0x10ull, region_config, 4u, {0xff, 0xff, 0xff, 0xff}}; // size of BAR 0
    const MultiWrite bad[] = {
        {0x10ull, region_config, 0u, {}},
        {0x10ull, region_config, 9u, {}},
        {4096ull, region_config, 1u, {}},
        {0ull, 1u, 4u, {}},
        {2ull, 0u, 4u, {}},
        {0ull, 0u, 3u, {}},
        {~0ull, region_config, 4u, {}},
        {0ull, 99u, 4u, {}},
    };
    const auto before = client.read32(region_config, 0x10);
    for (const auto& one : bad)
        EXPECT_EQ(client.error_of(Command::REGION_WRITE_MULTI, list({good, one}, 2)), EINVAL);
    for (const std::uint64_t count : {0ull, 1ull, 3ull, 1ull << 61, ~0ull})
        EXPECT_EQ(client.error_of(Command::REGION_WRITE_MULTI, list({good, good}, count)), EINVAL) << count;
    EXPECT_EQ(client.read32(region_config, 0x10), before);
    const auto reply = client.call(Command::REGION_WRITE_MULTI, list({good, good}, 2));
    EXPECT_EQ(reply.error(), 0);
    EXPECT_EQ(read_at<le64>(reply.body)->get(), 2u);
    EXPECT_EQ(client.read32(region_config, 0x10), 0xfffff004u);
}

TEST_F(Regions, InfoOfUnknownIndicesIsRefused)
{
    for (const std::uint32_t index : {9u, 10u, 0x80000000u, 0xffffffffu}) {
        EXPECT_EQ(client.error_of(Command::DEVICE_GET_REGION_INFO,
                                  bytes_of(RegionInfo{32u, 0u, index, 0u, 0ull, 0ull})),
                  EINVAL);
        EXPECT_EQ(client.error_of(Command::DEVICE_GET_IRQ_INFO, bytes_of(IrqInfo{16u, 0u, index, 0u})),
                  EINVAL);
    }
}

} // namespace
} // namespace vfio_test
