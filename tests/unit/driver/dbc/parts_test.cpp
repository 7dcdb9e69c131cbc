// SPDX-License-Identifier: BSD-3-Clause
// Request ids, deadlines, the small ring.
#include "qaic/dbc/deadlines.hpp"
#include "qaic/dbc/request_ids.hpp"
#include "qaic/dbc/spsc_ring.hpp"
#include <gtest/gtest.h>
#include <random>
#include <thread>

namespace {
using namespace qaic::dbc;

TEST(RequestIds, NoIdIsThePoison)
{
    for (const std::uint32_t slots : {1u, 2u, 64u, 1000u, max_slots}) {
        const IdFormat f(slots);
        ASSERT_GE(f.generations(), 15u);
        for (std::uint32_t slot = 0; slot < slots; ++slot) {
            const auto id = f.make(slot, f.generations() - 1);
            ASSERT_NE(id, 0xffff) << slots;
            ASSERT_EQ(f.slot(id), slot);
        }
        EXPECT_EQ(f.next(static_cast<std::uint16_t>(f.generations() - 1)), 0);
    }
}

TEST(RequestIds, GenerationsOfASlotDiffer)
{
    const IdFormat f(1024);
    std::uint16_t g = 0;
    std::vector<bool> seen(65536);
    for (std::uint32_t i = 0; i < f.generations(); ++i, g = f.next(g)) {
        const auto id = f.make(7, g);
        EXPECT_FALSE(seen[id]);
        seen[id] = true;
    }
    EXPECT_EQ(g, 0);
}

TEST(Deadlines, FindsEveryLateOperationAndNoOther)
{
    constexpr std::uint64_t limit = 1'000'000;
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        Deadlines d;
        std::uint64_t now = random() >> 8;
        d.reset(limit, now);
        for (int i = 0; i < 500; ++i) { // quick ones, with idle gaps in between
            const auto b = d.issue(now, 1);
            now += random() % (limit / 2);
            d.done(b);
            ASSERT_FALSE(d.late(now)) << round;
            now += random() % (i % 50 == 0 ? limit * 40 : 1000);
        }
        const auto slow = d.issue(now, 1);
        EXPECT_FALSE(d.late(now + limit - 1));
        EXPECT_FALSE(d.late(slow, now + limit - 1));
        EXPECT_TRUE(d.late(now + limit + 2 * d.tick() + 1)) << "tick " << d.tick();
        for (const auto age : {limit + 2 * d.tick() + 1, 3 * limit, 10 * limit, 60 * limit})
            EXPECT_TRUE(d.late(slow, now + age)) << age; // also for who looks after a long pause
        d.done(slow);
        EXPECT_FALSE(d.late(now + 3 * limit));
    }
}

TEST(Deadlines, TickIsAFractionOfTheLimit)
{
    for (const std::uint64_t limit : {1ull, 2ull, 1024ull, 1025ull, 10'000'000'000ull, 156'000'000'000ull}) {
        Deadlines d;
        d.reset(limit, 0);
        EXPECT_LE(d.tick(), std::max<std::uint64_t>(1, limit / 500)) << limit;
    }
}

TEST(SpscRing, KeepsOrderAcrossThreads)
{
    SpscRing<std::uint32_t> ring;
    ring.reset(16);
    constexpr std::uint32_t count = 200'000;
    std::thread producer([&] {
        for (std::uint32_t i = 0; i < count;)
            if (ring.push(i))
                ++i;
            else
                std::this_thread::yield();
    });
    for (std::uint32_t expect = 0; expect < count;) {
        const auto n = ring.available(8);
        for (std::uint32_t i = 0; i < n; ++i) ASSERT_EQ(ring.peek(i), expect++);
        ring.consume(n);
        if (n == 0) std::this_thread::yield();
    }
    producer.join();
}

TEST(SpscRing, RefusesWhenFull)
{
    SpscRing<int> ring;
    ring.reset(4);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
    EXPECT_FALSE(ring.push(4));
    EXPECT_EQ(ring.available(9), 4u);
    ring.consume(1);
    EXPECT_TRUE(ring.push(4));
}
} // namespace
