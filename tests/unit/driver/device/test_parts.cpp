// SPDX-License-Identifier: BSD-3-Clause
// Small parts without a card: recovery budget, log limiter, lane depth, op fates.
#include "qaic/log.hpp"
#include "qaic/recovery_budget.hpp"
#include "qaic/running.hpp"
#include <gtest/gtest.h>

namespace qaic {
namespace {

TEST(RecoveryBudget, ThreeAttemptsWithGrowingPauses)
{
    RecoveryBudget b;
    EXPECT_EQ(b.next(100s), 100s);
    b.spend(100s);
    EXPECT_EQ(b.next(101s), 102s);
    b.spend(102s);
    EXPECT_EQ(b.next(103s), 113s);
    b.spend(113s);
    EXPECT_EQ(b.next(120s), std::nullopt);
    EXPECT_EQ(b.next(700s), 710s) << "the first is ten minutes ago";
    b.reset();
    EXPECT_EQ(b.next(120s), 120s);
}

TEST(LogLimiter, LetsABurstThroughPerSecond)
{
    LogLimiter l(3);
    int passed = 0;
    for (int i = 0; i < 10; ++i) passed += l.pass(5s);
    EXPECT_EQ(passed, 3);
    EXPECT_EQ(l.dropped(), 7u);
    EXPECT_TRUE(l.pass(6s));
}

TEST(LaneDepth, FitsIdsAndFifo)
{
    EXPECT_EQ(lane_depth(1, 1, 2), 1u);
    EXPECT_EQ(lane_depth(4096, 1, 2), 4096u);
    EXPECT_EQ(lane_depth(4096, 16, 2), 256u);
    EXPECT_EQ(lane_depth(4096, 3, 2), 1024u) << "ids are shared in powers of two";
    EXPECT_EQ(lane_depth(100, 1, 2), 100u);
    EXPECT_EQ(lane_depth(4096, 1, 100), 512u) << "65536 FIFO elements";
    EXPECT_EQ(lane_depth(4096, 16, 4096), 1u);
    EXPECT_EQ(lane_depth(0, 1, 1), 1u);
}

} // namespace
} // namespace qaic
