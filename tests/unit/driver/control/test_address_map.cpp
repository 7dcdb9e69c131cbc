// SPDX-License-Identifier: BSD-3-Clause
// What an in-process card may reach, and that changing it is neither starved by the poller nor seen half
// done.
#include "qaic/bus/in_process_stepped.hpp"
#include "support/std_thread.hpp"
#include <gtest/gtest.h>
#include <random>

namespace qaic {
namespace {

using Pieces = std::vector<std::pair<std::byte*, std::uint64_t>>;

class AddressMapTest : public ::testing::Test {
  protected:
    std::optional<Pieces> pieces(std::uint64_t iova, std::uint64_t bytes)
    {
        Pieces p;
        if (!map.visit(iova, bytes, [&](std::byte* va, std::uint64_t n) { p.emplace_back(va, n); })) {
            EXPECT_TRUE(p.empty()) << "nothing is touched when any byte is missing";
            return std::nullopt;
        }
        return p;
    }
    AddressMap map;
    std::array<std::byte, 64> a{}, b{};
};

TEST_F(AddressMapTest, StraddlesNeighboursOnly)
{
    ASSERT_TRUE(map.add(1000, a.data(), 64));
    ASSERT_TRUE(map.add(1064, b.data(), 64));
    EXPECT_EQ(pieces(1000, 64), (Pieces{{a.data(), 64}}));
    EXPECT_EQ(pieces(1060, 8), (Pieces{{a.data() + 60, 4}, {b.data(), 4}}));
    EXPECT_EQ(pieces(1127, 1), (Pieces{{b.data() + 63, 1}}));
    EXPECT_EQ(pieces(1000, 128)->size(), 2u);
    EXPECT_FALSE(pieces(999, 1));
    EXPECT_FALSE(pieces(999, 2));
    EXPECT_FALSE(pieces(1128, 1));
    EXPECT_FALSE(pieces(1127, 2));
    EXPECT_FALSE(pieces(1000, 129));
    EXPECT_FALSE(pieces(~0ull, 2));
    EXPECT_FALSE(pieces(1000, ~0ull));
}

TEST_F(AddressMapTest, OverlapAndNonsenseAreRefused)
{
    ASSERT_TRUE(map.add(1000, a.data(), 64));
    for (const auto& [iova, bytes] :
         {std::pair<std::uint64_t, std::uint64_t>{1000, 64}, {999, 2}, {1063, 1}, {900, 300}, {1010, 4}}) {
        const auto r = map.add(iova, b.data(), bytes);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error().code, Code::E_IOVA);
        EXPECT_NE(r.error().text.find("overlap"), std::string::npos);
    }
    EXPECT_FALSE(map.add(2000, b.data(), 0));
    EXPECT_FALSE(map.add(~0ull - 3, b.data(), 64));
    EXPECT_TRUE(map.add(999, b.data(), 1));
    EXPECT_TRUE(map.add(1064, b.data(), 1));
}

TEST_F(AddressMapTest, RemoveWantsWholeMapsPunchDoesNot)
{
    ASSERT_TRUE(map.add(1000, a.data(), 64) && map.add(1064, b.data(), 64));
    EXPECT_FALSE(map.remove(1000, 32));
    EXPECT_FALSE(map.remove(1001, 63));
    EXPECT_FALSE(map.remove(1000, 100));
    EXPECT_TRUE(map.remove(1000, 128));
    EXPECT_EQ(map.size(), 0u);
    ASSERT_TRUE(map.add(1000, a.data(), 64));
    map.punch(1010, 4);
    EXPECT_EQ(map.size(), 2u);
    EXPECT_TRUE(pieces(1000, 10) && pieces(1014, 50));
    EXPECT_FALSE(pieces(1009, 2));
    EXPECT_EQ(pieces(1014, 1)->front().first, a.data() + 14);
    map.punch(0, 5000);
    EXPECT_EQ(map.size(), 0u);
}

// Against the simplest model there is: one optional address a byte.
TEST_F(AddressMapTest, RandomWalkEqualsAModel)
{
    std::mt19937 random(7);
    std::vector<std::byte> memory(400);
    std::array<std::byte*, 200> model{};
    for (int step = 0; step < 20'000; ++step) {
        const std::uint64_t iova = random() % 200,
                            bytes = 1 + random() % std::min<std::uint64_t>(20, 200 - iova);
        auto* va = memory.data() + random() % 380;
        if (random() % 3 != 0) {
            const bool free = std::all_of(model.begin() + iova, model.begin() + iova + bytes,
                                          [](auto* p) { return p == nullptr; });
            EXPECT_EQ(map.add(iova, va, bytes).has_value(), free);
            for (std::uint64_t i = 0; free && i < bytes; ++i) model[iova + i] = va + i;
        } else {
            map.punch(iova, bytes);
            std::fill_n(model.begin() + iova, bytes, nullptr);
        }
        const std::uint64_t at = random() % 200, n = 1 + random() % (200 - at);
        const bool all =
            std::all_of(model.begin() + at, model.begin() + at + n, [](auto* p) { return p != nullptr; });
        std::vector<std::byte*> seen;
        EXPECT_EQ(map.visit(at, n,
                            [&](std::byte* p, std::uint64_t k) {
                                for (std::uint64_t i = 0; i < k; ++i) seen.push_back(p + i);
                            }),
                  all);
        if (all) {
            EXPECT_TRUE(std::equal(seen.begin(), seen.end(), model.begin() + at));
        }
        if (HasFailure()) return;
    }
}

TEST(InProcess, MapChangesAreNotStarvedByABusyPoller)
{
    SteadyClock clock;
    InProcessLink link({}, clock);
    ASSERT_TRUE(link.start(test::std_thread_starter(), {.spins = ~0u, .sleep = Nanos{0}}));
    EXPECT_EQ(link.start(test::std_thread_starter()).error().code, Code::E_BUSY);
    InProcessBus bus(link, "aic0");
    const auto began = clock.now();
    for (int i = 0; i < 1000; ++i) {
        auto memory = bus.dma_alloc(4096, 4096, "test");
        ASSERT_TRUE(memory);
        EXPECT_NE(memory->iova().value, reinterpret_cast<std::uint64_t>(memory->data()));
        EXPECT_EQ(memory->iova().value % 4096, 0u);
    }
    EXPECT_LT(clock.now() - began, 20s);
    EXPECT_EQ(link.maps(), 0u);
    link.stop();
    link.stop();
}

TEST(InProcess, ForeignMapsAndABusThatDies)
{
    ManualClock clock;
    InProcessLink link({}, clock);
    std::vector<std::byte> mine(8192);
    {
        SteppedBus bus(link, clock);
        ASSERT_TRUE(bus.dma_map(mine.data(), Iova{0x5000}, 4096));
        EXPECT_EQ(bus.dma_map(mine.data(), Iova{0x5fff}, 4096).error().code, Code::E_IOVA);
        ASSERT_TRUE(bus.dma_map(mine.data() + 4096, Iova{0x6000}, 4096));
        std::array<std::byte, 16> sixteen{};
        sixteen.fill(std::byte{9});
        EXPECT_TRUE(link.write(0x5ff8, sixteen));
        EXPECT_EQ(mine[4095 - 7], std::byte{9});
        EXPECT_EQ(mine[4096 + 7], std::byte{9});
        EXPECT_FALSE(link.write(0x6ff8, sixteen));
        EXPECT_EQ(mine[8191], std::byte{0}) << "nothing of a refused write is done";
        EXPECT_EQ(link.refused(), 1u);
        EXPECT_FALSE(bus.dma_unmap(Iova{0x5000}, 100));
        ASSERT_TRUE(bus.dma_unmap(Iova{0x5000}, 4096));
        EXPECT_FALSE(bus.dma_alloc(0, 64, "none"));
        EXPECT_FALSE(bus.dma_alloc(64, 48, "crooked"));
        auto kept = bus.dma_alloc(64, 64, "kept").value();
        kept.retire();
        EXPECT_EQ(link.maps(), 2u);
    }
    EXPECT_EQ(link.maps(), 0u)
        << "maps vanish with the bus; retired memory too, now that no DMA can reach it";
}

} // namespace
} // namespace qaic
