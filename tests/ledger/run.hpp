// SPDX-License-Identifier: BSD-3-Clause
// Three producers on three queue pairs, and what they must agree on in the end. Each thread feeds one queue
// pair and empties the next one, so that both sides of every queue pair run on threads of their own, and
// there are no more threads than producers. Waits yield here, not in the driver: there are more threads than
// processors.
#pragma once
#include "book.hpp"
#include "qaic/mldev_fast.hpp"
#include <chrono>
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace test {
inline constexpr unsigned pairs = 3;
inline constexpr std::uint16_t burst = 32, depth = 1024;

/// Operations of all queue pairs together: the environment's, or as many as a run of every test has time for.
inline std::uint64_t ledger_operations(const char* variable, std::uint64_t otherwise)
{
    const char* const said = std::getenv(variable);
    return said == nullptr ? otherwise : std::strtoull(said, nullptr, 10);
}

class Clerk {
  public:
    Clerk(Book& mine, qaic::QueuePair& feed, Book& next, qaic::QueuePair& empty, std::uint64_t quota)
        : mine_(mine), feed_(feed), next_(next), empty_(empty), quota_(quota)
    {}
    void run() noexcept
    {
        auto moved_at = std::chrono::steady_clock::now();
        for (unsigned idle = 0; !done();) {
            const auto moved = produce() + consume();
            std::this_thread::yield(); // here, rather than at the end of a time slice between two others'
                                       // places
            if (moved != 0) {
                idle = 0;
                continue;
            }
            if (++idle % 1024 == 1) {
                const auto now = std::chrono::steady_clock::now();
                if (idle == 1) moved_at = now;
                if (now - moved_at > std::chrono::seconds(60)) return; // the books will show what is missing
            }
        }
    }

  private:
    [[nodiscard]] bool done() const noexcept
    {
        return mine_.issued() == quota_ && offered_ == held_ && next_.taken() >= quota_;
    }
    unsigned produce() noexcept
    {
        if (offered_ == held_) {
            const auto left = quota_ - mine_.issued();
            held_ =
                mine_.issue(ops_.data(), static_cast<std::uint16_t>(std::min<std::uint64_t>(burst, left)));
            offered_ = 0;
        }
        if (offered_ == held_) return 0;
        const auto n = qaic::fast::enqueue_burst(feed_, ops_.data() + offered_,
                                                 static_cast<std::uint16_t>(held_ - offered_));
        offered_ = static_cast<std::uint16_t>(offered_ + n);
        return n;
    }
    unsigned consume() noexcept
    {
        std::array<rte_ml_op*, burst> back{};
        const auto n = qaic::fast::dequeue_burst(empty_, back.data(), burst);
        for (unsigned i = 0; i < n; ++i) next_.take(*back[i]);
        return n;
    }

    Book& mine_;
    qaic::QueuePair& feed_;
    Book& next_;
    qaic::QueuePair& empty_;
    const std::uint64_t quota_;
    std::array<rte_ml_op*, burst> ops_{};
    std::uint16_t held_ = 0, offered_ = 0;
};

/// Runs until every queue pair has had its share of `total`, and checks the books. `meanwhile` runs on this
/// thread as long as they do.
inline void keep_books(const std::vector<std::unique_ptr<Book>>& books,
                       const std::vector<qaic::QueuePair*>& qps, std::uint64_t total,
                       const std::function<void()>& meanwhile)
{
    const auto quota = total / pairs;
    std::atomic<unsigned> running{pairs};
    std::vector<std::thread> threads;
    const auto from = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < pairs; ++i)
        threads.emplace_back([&, i] {
            const auto next = (i + 1) % pairs;
            Clerk(*books[i], *qps[i], *books[next], *qps[next], quota).run();
            --running;
        });
    while (running != 0) meanwhile();
    for (auto& t : threads) t.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
    std::uint64_t taken = 0;
    for (unsigned i = 0; i < pairs; ++i) {
        const auto& w = books[i]->wrongs();
        EXPECT_EQ(books[i]->issued(), quota) << "queue pair " << i;
        EXPECT_TRUE(books[i]->balanced())
            << "queue pair " << i << ": taken " << books[i]->taken() << ", doubled " << w.doubled
            << ", misrouted " << w.misrouted << ", failed " << w.failed << ", early " << w.early;
        EXPECT_EQ(qps[i]->enqueued.load(), quota);
        EXPECT_EQ(qps[i]->dequeued.load(), quota);
        EXPECT_EQ(qps[i]->failed.load() + qps[i]->rejected.load(), 0u);
        taken += books[i]->taken();
    }
    std::printf("ledger: %lu operations in %.1f s, each exactly once\n", static_cast<unsigned long>(taken),
                took.count());
}

} // namespace test
