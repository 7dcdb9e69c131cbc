// SPDX-License-Identifier: BSD-3-Clause
// The register file as a host sees it. aic100-device.md 1.6, 2.1 - 2.5, 8.2
#include "stages.hpp"
#include <thread>

namespace test {
namespace {

struct Constant {
    std::uint32_t offset, value;
};

TEST(CardRegisters, ConstantsAndTheirWritesIgnored)
{
    constexpr Constant constants[] = {{0x00, 0x1000}, {0x08, 0x01000000},  {0x18, 0x300}, {0x20, 0x700},
                                      {0x28, 0x100},  {0x2c, 0x280},       {0x48, 0},     {0x224, 0x60110200},
                                      {0x128, 0},     {0x140, 0x0a1c0001}, {0x144, 1},    {0xb0, 0}};
    Bench b;
    for (const auto& c : constants) {
        EXPECT_EQ(b.mini.r(c.offset), c.value) << std::hex << c.offset;
        if (c.offset != 0xb0) b.mini.w(c.offset, 0x12345678);
        EXPECT_EQ(b.mini.r(c.offset), c.value) << std::hex << c.offset;
    }
}

TEST(CardRegisters, StoredRegistersReadBackWhatWasWritten)
{
    Bench b;
    for (const std::uint32_t offset :
         {0x58, 0x5c, 0x60, 0x64, 0x68, 0x6c, 0x80, 0x84, 0x88, 0x8c, 0x98, 0x9c, 0xa0, 0xa4}) {
        b.mini.w(offset, 0xa5a50000 + offset);
        EXPECT_EQ(b.mini.r(offset), 0xa5a50000 + offset);
    }
    b.mini.w(0x10, 0x03020100);
    EXPECT_EQ(b.mini.r(0x10), 0x03020080u) << "NCH and NHWCH are the card's";
    b.mini.w(0x38, 0x0000ff00);
    EXPECT_EQ(b.mini.r(0x38), 0x0000ff00u);
    b.mini.w(0x120, 3);
    EXPECT_EQ(b.mini.bhi(0x20), 3u);
    b.mini.w(0x12c, 0xc0000001);
    EXPECT_EQ(b.mini.bhi(0x2c), 0xc0000000u);
}

TEST(CardRegisters, NothingReadsAllOnesWhateverIsWritten)
{
    card::CardConfig config;
    config.serial = 0xffffffff;
    Bench b(config);
    constexpr std::uint32_t limits[] = {0x58, 0x5c, 0x60, 0x64, 0x68, 0x6c, 0x80,
                                        0x84, 0x88, 0x8c, 0x98, 0x9c, 0xa0, 0xa4};
    for (std::uint32_t offset = 0; offset < 0x1000; offset += 4) {
        if (offset != 0xb0 && offset != 0x38) b.mini.w(offset, 0xffffffff);
        // Addresses and limits are plain storage; no host reads them (2.15).
        if (std::find(std::begin(limits), std::end(limits), offset) == std::end(limits)) {
            EXPECT_NE(b.mini.r(offset), 0xffffffffu) << std::hex << offset;
        }
    }
    EXPECT_EQ(b.mini.bhi(0x40), 0xfffffffeu);
}

TEST(CardRegisters, ReservedOffsetsReadZero)
{
    Bench b;
    for (const std::uint64_t offset :
         {0x04ull, 0x3cull, 0x200ull, 0xffcull, 0x1000ull, 0x2000ull, 0x29ull, ~0ull}) {
        b.core.write32(0, offset, 0x55);
        EXPECT_EQ(b.core.read32(0, offset), 0u) << std::hex << offset;
    }
    EXPECT_EQ(b.core.read64(0, 0xffc), 0u);
    EXPECT_EQ(b.core.read32(4, 0), 0u);
    EXPECT_EQ(b.core.read32(1, 0x28), 0u) << "no such BAR";
}

TEST(CardRegisters, QtimerCountsAt19MhzAndDoesNotTear)
{
    Bench b;
    b.clock.advance(std::chrono::hours(1));
    EXPECT_EQ(b.core.read64(0, 0xa28), 3600ull * 19'200'000);
    // Just before the low word wraps: 2^32 ticks are 223.696 s.
    const std::uint64_t wrap = (3600ull * 19'200'000 / (1ull << 32) + 1) << 32;
    const auto ticks_left = wrap - 1 - 3600ull * 19'200'000;
    b.clock.advance(Nanos(ticks_left * 625 / 12 + 1));
    const std::uint64_t low = b.mini.r(0xa28);
    b.clock.advance(1s); // the counter goes on between the two reads
    const std::uint64_t high = b.mini.r(0xa2c);
    EXPECT_LE(high << 32 | low, wrap);
    EXPECT_GE(high << 32 | low, wrap - 2);
    EXPECT_GT(b.core.read64(0, 0xa28), wrap);
    b.mini.w(0xa28, 0), b.mini.w(0xa2c, 0);
    EXPECT_GT(b.core.read64(0, 0xa28), wrap) << "not writable";
}

TEST(CardRegisters, DbcWindowIsTheSameMemoryAsTheRegisters)
{
    Bench b;
    auto window = b.core.window().bytes();
    ASSERT_EQ(window.size(), 2u << 20);
    for (unsigned dbc = 0; dbc < 16; ++dbc) {
        const std::uint32_t base = 0x20000 + dbc * 0x1000;
        b.core.write32(2, base + 4, 0x100 + dbc);
        b.core.write32(2, base + 8, 0x200 + dbc);
        b.core.write32(2, base + 0, 7), b.core.write32(2, base + 0xc, 7); // the card's own
        std::uint32_t words[4];
        std::memcpy(words, window.data() + base, 16);
        EXPECT_EQ(words[0], 0u);
        EXPECT_EQ(words[1], 0x100 + dbc);
        EXPECT_EQ(words[2], 0x200 + dbc);
        EXPECT_EQ(words[3], 0u);
        EXPECT_EQ(b.core.read32(2, base + 4), 0x100 + dbc);
    }
    b.core.write32(2, 0x1fffffc, 1), b.core.write32(2, 0x30004, 1), b.core.write32(2, 0x20014, 1);
    EXPECT_EQ(b.core.read32(2, 0x30004), 0u);
    EXPECT_EQ(b.core.read32(2, 0x20014), 0u);
    EXPECT_GE(b.core.window().fd(), 0);
}

TEST(CardRegisters, CountersAndOverrides)
{
    Bench b;
    auto& faults = b.core.faults();
    const auto before = faults.register_reads(0x48);
    (void)b.mini.r(0x48), (void)b.mini.r(0x48);
    b.mini.w(0x58, 1);
    EXPECT_EQ(faults.register_reads(0x48), before + 2);
    EXPECT_EQ(faults.register_writes(0x58), 1u);
    faults.override_register(0x18, 0xffffffff, 2);
    EXPECT_EQ(b.mini.r(0x18), 0xffffffffu);
    EXPECT_EQ(b.mini.r(0x18), 0xffffffffu);
    EXPECT_EQ(b.mini.r(0x18), 0x300u);
    faults.override_register(0x18, 0xf00);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(b.mini.r(0x18), 0xf00u);
    faults.restore_registers();
    EXPECT_EQ(b.mini.r(0x18), 0x300u);
}

TEST(CardRegisters, AnyThreadWhileAnotherPolls)
{
    Bench b;
    ASSERT_TRUE(b.mini.boot(built_images()));
    ASSERT_TRUE(b.mini.start_pair(0));
    std::atomic<bool> end{false};
    std::thread engine([&] {
        while (!end.load()) b.core.poll();
    });
    for (int i = 0; i < 20'000; ++i) {
        b.mini.w(0x5c, static_cast<std::uint32_t>(i));
        ASSERT_EQ(b.mini.r(0x5c), static_cast<std::uint32_t>(i)) << "a read sees the write before it";
        b.mini.ring(0), b.mini.ring_events();
        ASSERT_EQ(b.mini.state(), 2u);
    }
    end.store(true);
    engine.join();
}

} // namespace
} // namespace test
