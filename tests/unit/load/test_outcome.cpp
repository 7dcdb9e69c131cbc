// SPDX-License-Identifier: BSD-3-Clause
#include "load/outcome.hpp"
#include <gtest/gtest.h>

namespace {
using qaic::load::Outcome;

TEST(Outcome, OfSeveralLcoresRatesAddUpAndTimesDoNot)
{
    Outcome a, b;
    a.offered = 100, a.seconds = 2, a.succeeded = 190, a.failed = 10, a.late = 3;
    b.offered = 50, b.seconds = 1.5, b.succeeded = 100, b.unfinished = 4;
    a.latency.record(1000), b.latency.record(3000);
    a.merge(b);
    EXPECT_EQ(a.offered, 150);
    EXPECT_EQ(a.completed(), 300u);
    EXPECT_EQ(a.rate(), 150);
    EXPECT_EQ(a.late, 3u);
    EXPECT_EQ(a.unfinished, 4u);
    EXPECT_EQ(a.latency.count(), 2u);
    EXPECT_EQ(Outcome{}.rate(), 0);
}

} // namespace
