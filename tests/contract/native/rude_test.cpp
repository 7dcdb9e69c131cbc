// SPDX-License-Identifier: BSD-3-Clause
// Programs that do what they should not: the card goes on, the driver is told, the next activation works.
#include "fixture.hpp"

namespace test {
namespace {

class Rude : public NativeTest, public ::testing::WithParamInterface<const char*> {};

/// Every way to die is a restart of that workload, and it comes back.
TEST_P(Rude, DeathIsARestart)
{
    const auto count = children();
    const auto model = start("rude"), other = start("streaming");
    Op op(*bus, model, text_bytes, text_bytes), witness(*bus, other, 2 * text_bytes, text_bytes);
    infer(op, "polite");
    ASSERT_TRUE(op.good()) << code_name(op.code());
    EXPECT_EQ(op.text(1), op.text(0));
    infer(op, GetParam());
    EXPECT_FALSE(op.good());
    EXPECT_EQ(op.code(), Code::E_SSR) << code_name(op.code());
    ASSERT_TRUE(reactivated(1));
    infer(op, "polite again");
    EXPECT_TRUE(op.good()) << code_name(op.code());
    EXPECT_EQ(op.text(1), op.text(0));
    infer(witness, "witness");
    EXPECT_TRUE(witness.good()) << code_name(witness.code());
    stop(model);
    stop(other);
    EXPECT_TRUE(eventually([&] { return children() == count; }));
}
INSTANTIATE_TEST_SUITE_P(Ways, Rude,
                         ::testing::Values("Abort", "Below read-only memory", "Dead instruction",
                                           "Fatal service", "Jump into data", "Kill itself",
                                           "Left of the L2TCM", "Memory scribbled", "Overflow of the stack",
                                           "Thread of its own", "Xit of the process"));

class Slips : public NativeTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(Slips, AreSurvived)
{
    const auto model = start("rude");
    Op op(*bus, model, text_bytes, text_bytes);
    for (int i = 0; i < 3; ++i) {
        infer(op, GetParam());
        EXPECT_TRUE(op.good()) << code_name(op.code());
        EXPECT_EQ(op.text(1), op.text(0));
    }
    EXPECT_EQ(device->counters().faults, 0u);
    stop(model);
}
INSTANTIATE_TEST_SUITE_P(Ways, Slips,
                         ::testing::Values("wrong words", "uDMA out of bounds", "glut of log", "mapping"));

class RudeTime : public NativeTest {
  protected:
    [[nodiscard]] Nanos op_timeout() const override { return 1s; }
};

/// A thread that leaves takes the program's answers with it: a time-out, no crash.
TEST_F(RudeTime, AThreadThatLeavesIsATimeOut)
{
    const auto model = start("rude");
    Op op(*bus, model, text_bytes, text_bytes);
    infer(op, "Exit");
    EXPECT_EQ(op.code(), Code::E_TIMEOUT) << code_name(op.code());
    ASSERT_TRUE(reactivated(1));
    infer(op, "polite");
    EXPECT_TRUE(op.good()) << code_name(op.code());
    stop(model);
}

} // namespace
} // namespace test
