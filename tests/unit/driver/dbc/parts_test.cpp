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
        EXPECT_EQ(f.next(f.make(slots - 1, f.generations() - 1)), f.make(slots - 1, 0));
    }
}

TEST(RequestIds, GenerationsOfASlotDiffer)
{
    const IdFormat f(1024);
    const auto first = f.make(7, 0);
    auto id = first;
    std::vector<bool> seen(65536);
    for (std::uint32_t i = 0; i < f.generations(); ++i, id = f.next(id)) {
        EXPECT_EQ(f.slot(id), 7u);
        EXPECT_FALSE(seen[id]);
        seen[id] = true;
    }
    EXPECT_EQ(id, first);
}

/// Looks now and then, as a poll that finds nothing does. True when something was late.
bool watch(Deadlines& d, std::uint64_t& now, std::uint64_t until, std::uint64_t step)
{
    for (; now < until; now += step)
        if (d.late(now)) return true;
    return d.late(now = until);
}

TEST(Deadlines, FindsEveryLateOperationAndNoOther)
{
    constexpr std::uint64_t limit = 1'000'000;
    std::mt19937_64 random(7);
    for (int round = 0; round < 50; ++round) {
        Deadlines d;
        std::uint64_t now = random() >> 8;
        d.reset(limit, now);
        for (int i = 0; i < 500; ++i) { // quick ones, with idle gaps in between, polled or not
            const auto e = d.issue(1);
            ASSERT_FALSE(watch(d, now, now + random() % (limit - limit / 300), 1 + random() % 1000)) << round;
            d.done(e, 1);
            if (i % 3 == 0) {
                ASSERT_FALSE(watch(d, now, now + random() % limit, 500));
            }
            now += random() % (i % 50 == 0 ? limit * 40 : 1000);
        }
        ASSERT_FALSE(d.late(now));
        const auto slow = d.issue(1);
        const auto issued_at = now;
        EXPECT_FALSE(watch(d, now, issued_at + limit - 1, 100));
        EXPECT_FALSE(d.late(slow, now));
        EXPECT_TRUE(watch(d, now, issued_at + limit + 2 * d.epoch_length() + 200, 100));
        for (const auto age : {limit * 2, 3 * limit, 10 * limit, 60 * limit})
            EXPECT_TRUE(d.late(slow, issued_at + age)) << age;
        d.done(slow, 1);
        EXPECT_FALSE(watch(d, now, now + 3 * limit, 1000));
    }
}

/// Who does not poll does not learn that time has passed; then the limit counts from when it does.
TEST(Deadlines, NobodyIsLateBecauseNobodyLooked)
{
    Deadlines d;
    d.reset(1'000'000, 0);
    (void)d.issue(1);
    EXPECT_FALSE(d.late(50'000'000));
    EXPECT_FALSE(d.late(50'999'999));
    EXPECT_TRUE(d.late(51'010'000));
}

TEST(Deadlines, AnEpochIsAFractionOfTheLimit)
{
    for (const std::uint64_t limit : {1ull, 2ull, 1024ull, 1025ull, 10'000'000'000ull, 156'000'000'000ull}) {
        Deadlines d;
        d.reset(limit, 0);
        EXPECT_LE(d.epoch_length(), std::max<std::uint64_t>(1, limit / 500)) << limit;
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
