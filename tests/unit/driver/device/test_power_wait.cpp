// SPDX-License-Identifier: BSD-3-Clause
// The light sleep before the real one: what it is given to watch, and when it does not sleep at all. The CPU
// is a stand-in: what monitor() of a real one does is DPDK's.
#include "fixture.hpp"
#include "qaic/power_wait.hpp"

namespace test {
namespace {

struct Cpu {
    static inline unsigned singles = 0, several = 0, pauses = 0;
    static inline std::vector<const volatile void*> watched;
    static inline std::function<void()> meanwhile;

    static int monitor(const rte_power_monitor_cond* c, std::uint64_t) { return ++singles, look(c, 1); }
    static int multi(const rte_power_monitor_cond c[], std::uint32_t n, std::uint64_t)
    {
        return ++several, look(c, n);
    }
    static int pause(std::uint64_t) { return ++pauses, meanwhile ? (meanwhile(), 0) : 0; }
    /// As DPDK: armed, looked at once more, asleep.
    static int look(const rte_power_monitor_cond* c, std::uint32_t n)
    {
        watched.clear();
        for (std::uint32_t i = 0; i < n; ++i) {
            watched.push_back(c[i].addr);
            EXPECT_EQ(c[i].size, 4);
            const auto now = *static_cast<const volatile std::uint32_t*>(c[i].addr);
            EXPECT_EQ(c[i].fn(now, c[i].opaque), 0) << "would not sleep on a word that is not written";
            EXPECT_EQ(c[i].fn(7, c[i].opaque), -1);
        }
        if (meanwhile) meanwhile();
        return 0;
    }
};

class PowerWait : public DeviceTest {
  protected:
    void SetUp() override { Cpu::singles = Cpu::several = Cpu::pauses = 0, Cpu::meanwhile = {}; }
    static constexpr std::uint64_t span = 50'000'000; ///< TSC cycles: some 20 ms
    const PowerFunctions all{&Cpu::monitor, &Cpu::multi, &Cpu::pause};
};

TEST_F(PowerWait, TheNextResponseEndsIt)
{
    bring_up(1, 1);
    start_all(1);
    for (int round = 0; round < 40; ++round) { // past the FIFO's end
        Ops ops(*bus, 5, 0);
        ASSERT_EQ(enqueue(*qps[0], ops), 5);
        Cpu::meanwhile = [&] { bus->run_for(1ms); };
        EXPECT_TRUE(wait_for_response(*qps[0], all, span));
        EXPECT_EQ(Cpu::singles, static_cast<unsigned>(round) + 1);
        EXPECT_TRUE(wait_for_response(*qps[0], all, span)) << "it is there already";
        EXPECT_EQ(Cpu::singles, static_cast<unsigned>(round) + 1) << "no sleep then";
        EXPECT_EQ(collect(*qps[0], ops, 5), 5u);
    }
    EXPECT_EQ(Cpu::several + Cpu::pauses, 0u);
}

TEST_F(PowerWait, SeveralModelsAreWatchedTogether)
{
    bring_up(1, 3);
    start_all(3);
    Ops ops(*bus, 1, 2);
    ASSERT_EQ(enqueue(*qps[0], ops), 1);
    Cpu::meanwhile = [&] { bus->run_for(1ms); };
    EXPECT_TRUE(wait_for_response(*qps[0], all, span));
    EXPECT_EQ(Cpu::several, 1u);
    EXPECT_EQ(Cpu::watched.size(), 3u);
    EXPECT_EQ(collect(*qps[0], ops, 1), 1u);
}

TEST_F(PowerWait, WithoutAMonitorItPausesAndLooks)
{
    bring_up(1, 2);
    start_all(2);
    Ops ops(*bus, 1, 1);
    ASSERT_EQ(enqueue(*qps[0], ops), 1);
    Cpu::meanwhile = [&] { bus->run_for(1ms); };
    EXPECT_TRUE(wait_for_response(*qps[0], {&Cpu::monitor, nullptr, &Cpu::pause}, span))
        << "two words, one monitor";
    EXPECT_EQ(Cpu::singles, 0u);
    EXPECT_GE(Cpu::pauses, 1u);
    EXPECT_EQ(collect(*qps[0], ops, 1), 1u);
    EXPECT_FALSE(wait_for_response(*qps[0], {}, 10'000)) << "nothing comes";
}

TEST_F(PowerWait, SharedOrIdleChannelsAreNotForIt)
{
    bring_up(2, 1);
    EXPECT_FALSE(wait_for_response(*qps[0], all, span)) << "no model";
    start_all(1);
    EXPECT_FALSE(wait_for_response(*qps[0], all, span)) << "two queue pairs on one channel";
    EXPECT_EQ(Cpu::singles + Cpu::several + Cpu::pauses, 0u);
}

} // namespace
} // namespace test
