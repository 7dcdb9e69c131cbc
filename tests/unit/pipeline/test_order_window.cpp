// SPDX-License-Identifier: BSD-3-Clause
// Numbers handed out, finished in any order, taken in order: by one thread with every case, and by six at
// once.
#include "pipeline/engine/order_window.hpp"
#include <algorithm>
#include <array>
#include <chrono>
#include <gtest/gtest.h>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace {

using pipeline::OrderWindow;

/// An address that stands for an item with this number; never looked behind. Neither 0 nor the mark of one
/// gone.
rte_mbuf* item(std::uint64_t number) { return std::bit_cast<rte_mbuf*>(std::uintptr_t{(number + 1) << 6}); }
std::uint64_t number_of(rte_mbuf* m) { return (std::bit_cast<std::uintptr_t>(m) >> 6) - 1; }

std::vector<std::uint64_t> taken(OrderWindow& w, std::size_t most = 64)
{
    std::vector<rte_mbuf*> out(most);
    out.resize(w.take(out));
    std::vector<std::uint64_t> numbers;
    for (auto* m : out) numbers.push_back(number_of(m));
    return numbers;
}

using Numbers = std::vector<std::uint64_t>;

TEST(OrderWindow, WaitsForTheOneWhoseTurnItIs)
{
    OrderWindow w(8);
    EXPECT_EQ(w.next(), 0u);
    w.given_out(4);
    EXPECT_EQ(w.next(), 4u);
    for (const auto n : {3u, 1u, 2u}) w.publish(n, item(n));
    EXPECT_EQ(taken(w), Numbers{});
    w.publish(0, item(0));
    EXPECT_EQ(taken(w), (Numbers{0, 1, 2, 3}));
    EXPECT_EQ(taken(w), Numbers{});
}

TEST(OrderWindow, NobodyWaitsForOneThatIsGone)
{
    OrderWindow w(8);
    w.given_out(5);
    w.publish_gone(0);
    w.publish(1, item(1));
    w.publish_gone(2);
    w.publish_gone(3);
    EXPECT_EQ(taken(w), Numbers{1});
    EXPECT_EQ(w.room(), 7u) << "those that are gone give their places back";
    w.publish(4, item(4));
    EXPECT_EQ(taken(w), Numbers{4});
    EXPECT_EQ(w.room(), 8u);
}

TEST(OrderWindow, TakesNoMoreThanAsked)
{
    OrderWindow w(8);
    w.given_out(6);
    for (std::uint32_t n = 0; n < 6; ++n) w.publish(n, item(n));
    EXPECT_EQ(taken(w, 4), (Numbers{0, 1, 2, 3}));
    EXPECT_EQ(w.room(), 6u);
    EXPECT_EQ(taken(w, 0), Numbers{});
    EXPECT_EQ(taken(w, 4), (Numbers{4, 5}));
}

TEST(OrderWindow, RoomEndsAWindowAheadOfWhatWasTaken)
{
    OrderWindow w(4);
    EXPECT_EQ(w.room(), 4u);
    w.given_out(3);
    EXPECT_EQ(w.room(), 1u);
    w.given_out(1);
    EXPECT_EQ(w.room(), 0u);
    w.publish(1, item(1));
    EXPECT_EQ(taken(w), Numbers{});
    EXPECT_EQ(w.room(), 0u) << "a late first one keeps the window shut";
    w.publish(0, item(0));
    EXPECT_EQ(taken(w), (Numbers{0, 1}));
    EXPECT_EQ(w.room(), 2u);
}

TEST(OrderWindow, AWindowOfOne)
{
    OrderWindow w(1);
    for (std::uint32_t n = 0; n < 5; ++n) {
        ASSERT_EQ(w.room(), 1u);
        w.given_out(1);
        EXPECT_EQ(w.room(), 0u);
        w.publish(n, item(n));
        EXPECT_EQ(taken(w), Numbers{n});
    }
}

TEST(OrderWindow, NumbersStartAgainBehindTheLastOf32Bits)
{
    constexpr std::uint32_t size = 8, before = 0U - 3;
    OrderWindow w(size, before);
    ASSERT_EQ(w.room(), size);
    w.given_out(6);
    EXPECT_EQ(w.next(), 3u);
    EXPECT_EQ(w.room(), size - 6);
    for (const std::uint32_t i : {5u, 3u, 4u, 1u, 2u, 0u}) w.publish(before + i, item(i));
    EXPECT_EQ(taken(w), (Numbers{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(w.room(), size);
    w.given_out(size);
    EXPECT_EQ(w.room(), 0u);
    w.publish(3, item(3));
    EXPECT_EQ(taken(w), Numbers{3});
}

TEST(OrderWindow, WhatIsLeftIsTakenOverGaps)
{
    OrderWindow w(8);
    w.given_out(8);
    for (const auto n : {1u, 4u, 7u}) w.publish(n, item(n));
    w.publish_gone(5);
    EXPECT_EQ(taken(w), Numbers{});
    std::vector<rte_mbuf*> out(2);
    ASSERT_EQ(w.take_any(out), 2u);
    Numbers numbers{number_of(out[0]), number_of(out[1])};
    ASSERT_EQ(w.take_any(out), 1u);
    numbers.push_back(number_of(out[0]));
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(numbers, (Numbers{1, 4, 7}));
    EXPECT_EQ(w.take_any(out), 0u);
}

/// Four threads that finish what one gave out, in an order of their own; every seventh is dropped.
TEST(OrderWindow, ThreadsFinishInAnyOrderAndOneTakesInOrder)
{
    constexpr std::uint32_t all = 200'000, workers = 4;
    OrderWindow w(256);
    struct Hand {
        std::mutex lock;
        std::vector<std::uint32_t> numbers;
    };
    std::array<Hand, workers> hands;
    std::atomic<bool> given{false}, stop{false}; // stop: the limit is over
    const auto gone = [](std::uint64_t n) { return n % 7 == 3; };

    std::thread numbering([&] {
        std::uint32_t turn = 0;
        while (w.next() != all && !stop.load()) {
            const auto n = std::min({w.room(), 8u, all - w.next()});
            if (n == 0) {
                std::this_thread::yield();
                continue;
            }
            auto& hand = hands[turn++ % workers];
            const std::lock_guard guard(hand.lock);
            for (std::uint32_t i = 0; i < n; ++i) hand.numbers.push_back(w.next() + i);
            w.given_out(n);
        }
        given.store(true);
    });
    std::vector<std::thread> finishing;
    for (std::uint32_t t = 0; t < workers; ++t)
        finishing.emplace_back([&, t] {
            std::mt19937 random(t);
            std::vector<std::uint32_t> mine;
            for (;;) {
                const bool last = given.load();
                {
                    const std::lock_guard guard(hands[t].lock);
                    mine.swap(hands[t].numbers);
                }
                if ((mine.empty() && last) || stop.load()) return;
                std::shuffle(mine.begin(), mine.end(), random);
                for (const auto n : mine) gone(n) ? w.publish_gone(n) : w.publish(n, item(n));
                if (mine.empty()) std::this_thread::yield();
                mine.clear();
            }
        });

    std::uint64_t expected = 0, wrong = 0;
    std::vector<rte_mbuf*> out(64);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (expected < all && std::chrono::steady_clock::now() < end) {
        while (gone(expected)) ++expected;
        const auto n = w.take(out);
        if (n == 0) std::this_thread::yield();
        for (std::uint16_t i = 0; i < n; ++i) {
            while (gone(expected)) ++expected;
            wrong += number_of(out[i]) != expected++;
        }
    }
    stop.store(expected < all);
    EXPECT_GE(expected, all) << "not done within 60 s";
    EXPECT_EQ(wrong, 0u);
    numbering.join();
    for (auto& t : finishing) t.join();
    EXPECT_EQ(w.take(out), 0u);
}

} // namespace
