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

/// Own limits beside the limit of all: found when due and not before, whatever else is out.
TEST(Deadlines, OwnLimitsAreFoundWithinASixteenth)
{
    constexpr std::uint64_t all = 1'000'000'000;
    std::mt19937_64 random(11);
    for (int round = 0; round < 50; ++round) {
        Deadlines d;
        std::uint64_t now = random() >> 8;
        d.reset(all, now);
        const auto patient = d.issue(3); // out for good, and not late in this test
        for (int i = 0; i < 400; ++i) {
            const std::uint64_t limit = 10'000 + random() % 1'000'000;
            const auto quick = d.issue_by(now, limit, 2);
            ASSERT_TRUE(quick);
            ASSERT_FALSE(watch(d, now, now + random() % limit, 777)) << round;
            d.done(*quick, 2);
        }
        const std::uint64_t limit = 20'000 + random() % 1'000'000, issued_at = now;
        const auto slow = d.issue_by(now, limit, 1);
        ASSERT_TRUE(slow);
        ASSERT_FALSE(watch(d, now, issued_at + limit - 1, 100));
        EXPECT_FALSE(d.late(*slow, now));
        EXPECT_TRUE(watch(d, now, issued_at + limit + limit / 16 + 300, 100));
        EXPECT_TRUE(d.late(*slow, now));
        EXPECT_FALSE(d.late(patient, now));
        d.done(*slow, 1);
        EXPECT_FALSE(watch(d, now, now + 3 * limit, 1000));
    }
}

/// One that is back but was not looked at is not late: there is a poll between suspicion and verdict.
TEST(Deadlines, AnOperationThatIsBackBeforeTheSecondLookIsNotLate)
{
    Deadlines d;
    d.reset(1'000'000'000, 0);
    const auto t = d.issue_by(0, 1600, 1);
    ASSERT_TRUE(t);
    EXPECT_FALSE(d.late(50'000));
    d.done(*t, 1);
    EXPECT_FALSE(d.late(50'001));
    EXPECT_FALSE(d.late(60'000));
}

TEST(Deadlines, OwnLimitsThatAreAlikeShareAGroupAndGroupsRunOut)
{
    Deadlines d;
    d.reset(1'000'000'000'000, 0);
    const auto first = d.issue_by(1000, 16'000, 1);
    EXPECT_EQ(d.issue_by(1900, 16'000, 1), first);
    EXPECT_EQ(d.issue_by(14'700, 3'200, 1), first) << "another limit, nearly the same date";
    EXPECT_NE(d.issue_by(2100, 16'000, 1), first) << "would be found too late";
    std::vector<Deadlines::Ticket> out;
    std::uint64_t limit = 1'000'000;
    while (const auto t = d.issue_by(3000, limit, 1)) out.push_back(*t), limit += limit / 8;
    EXPECT_EQ(out.size(), Deadlines::groups - 2);
    EXPECT_FALSE(d.late(4000));
    d.done(out.back(), 1);
    EXPECT_FALSE(d.late(20'000)) << "suspects the first group, and lets go of the complete one";
    EXPECT_TRUE(d.issue_by(4001, limit, 1));
    EXPECT_FALSE(d.issue_by(4001, limit * 2, 1));
}

/// The producer joins and opens groups while the consumer closes them: no operation is lost or late.
TEST(Deadlines, OwnLimitsFromAnotherThread)
{
    Deadlines d;
    d.reset(~std::uint64_t{0} >> 8, 0);
    SpscRing<Deadlines::Ticket> out;
    out.reset(64);
    std::atomic<bool> ended{false};
    std::thread producer([&] {
        for (std::uint64_t i = 0; i < 20'000;) {
            const auto t = d.issue_by(i, std::uint64_t{16} << i % 3, 1);
            while (t && !out.push(*t)) std::this_thread::yield();
            if (t) ++i;
        }
        ended = true;
    });
    std::uint64_t back = 0;
    for (bool last = false; !last || out.available(1) != 0;) {
        last = ended;
        for (; out.available(1) != 0; ++back) d.done(out.peek(0), 1), out.consume(1);
        EXPECT_FALSE(d.late(back)); // op `back` is the oldest one out
    }
    producer.join();
    EXPECT_EQ(back, 20'000u);
    EXPECT_FALSE(d.late(std::uint64_t{1} << 40));
    EXPECT_FALSE(d.late((std::uint64_t{1} << 40) + 1)) << "something was counted in and not out";
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
