// SPDX-License-Identifier: BSD-3-Clause
// What the timing model says it has seen.
#include "timed_rig.hpp"

namespace timing_test {
namespace {

constexpr double tiny = 1e-9;

TEST(TimingCounters, AreTheIntegralsOfTheQueue)
{
    TimedCard card({.mean = 100us, .in_bytes_per_s = 1'000'000'000, .out_bytes_per_s = 500'000'000}, 5000,
                   1000);
    const auto arrivals = poisson(1000, 125us, 9);
    const auto landed = departures(arrivals, 5us), done = departures(landed, 100us);
    const auto back = card.run(arrivals);
    const auto v = *card.rig.qsm->timing();
    const auto window = static_cast<double>(back.back().count());
    Nanos waited{0};
    for (std::size_t i = 0; i < arrivals.size(); ++i) waited += done[i] - 100us - landed[i];
    EXPECT_EQ(v.window, back.back());
    EXPECT_EQ(v.computed, 1000u);
    EXPECT_NEAR(v.mean_busy, 1000 * 100e3 / window, tiny);
    EXPECT_NEAR(v.all_busy, 1000 * 100e3 / window, tiny); // one slot
    EXPECT_NEAR(v.mean_waiting, static_cast<double>(waited.count()) / window, tiny);
    EXPECT_NEAR(v.link_in, 1000 * 5e3 / window, tiny);
    EXPECT_NEAR(v.link_out, 1000 * 2e3 / window, tiny);
    EXPECT_EQ(v.busy, 0u);
    EXPECT_EQ(v.slots, 1u);
}

TEST(TimingCounters, BeginAnewWhenReset)
{
    TimedCard card({.mean = 100us, .slots = 2, .in_bytes_per_s = 1'000'000'000}, 100'000, 64);
    card.arrive(0); // on the link until 100 us, computing until 200
    card.arrive(1); // 200, 300
    card.advance_to(150us), card.rig.settle();
    card.rig.qsm->reset_timing();
    card.advance_to(350us);
    const auto v = *card.rig.qsm->timing(); // no poll in between: it catches up by itself
    EXPECT_EQ(v.window, Nanos(200us));
    EXPECT_EQ(v.computed, 2u);
    EXPECT_NEAR(v.link_in, 50.0 / 200, tiny);
    EXPECT_NEAR(v.mean_busy, 150.0 / 200, tiny); // 150 to 200 and 200 to 300
    EXPECT_EQ(v.all_busy, 0);
    EXPECT_EQ(v.mean_waiting, 0);
}

TEST(TimingCounters, AllBusyAndWaitingOfSeveralSlots)
{
    TimedCard card({.mean = 100us, .slots = 2}, 64, 64);
    for (std::uint16_t i = 0; i < 5; ++i) card.arrive(i); // 2 compute, 3 wait
    const auto now = *card.rig.qsm->timing();
    EXPECT_EQ(now.busy, 2u);
    EXPECT_EQ(now.waiting, 3u);
    card.advance_to(400us), card.rig.settle();
    const auto v = *card.rig.qsm->timing();
    EXPECT_NEAR(v.all_busy, 0.5, tiny); // until 200; one alone until 300
    EXPECT_NEAR(v.mean_busy, (2 * 200 + 100) / 400.0, tiny);
    EXPECT_NEAR(v.mean_waiting, (3 * 100 + 100) / 400.0, tiny);
}

TEST(TimingCounters, ACardWithoutModelHasNone)
{
    Rig rig;
    EXPECT_FALSE(rig.qsm->timing());
    EXPECT_FALSE(rig.qsm->stall(1ms));
    rig.qsm->reset_timing();
}

} // namespace
} // namespace timing_test
