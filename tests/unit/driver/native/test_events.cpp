// SPDX-License-Identifier: BSD-3-Clause
// Event callbacks: registered once, called in order, gone when they say.
#include "native_fixture.hpp"
#include "only_this_header.h"
#include <mutex>

namespace test {
namespace {

using Events = NativeTest;

struct Seen {
    std::mutex lock;
    std::vector<rte_pmd_qaic_event> events;
    std::int16_t device = -1;
    bool asks = false;
    int answer = -1;

    static void cb(std::int16_t dev_id, const rte_pmd_qaic_event* event, void* arg)
    {
        auto& self = *static_cast<Seen*>(arg);
        const std::lock_guard guard(self.lock);
        self.device = dev_id;
        self.events.push_back(*event);
        if (!self.asks) return;
        rte_pmd_qaic_health h{};
        h.size = sizeof h;
        self.answer = rte_pmd_qaic_health_get(dev_id, &h);
    }
    std::size_t count(int kind)
    {
        const std::lock_guard guard(lock);
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [&](const auto& e) { return e.kind == kind; }));
    }
};

TEST_F(Events, ResetIsTold)
{
    Seen seen;
    seen.asks = true;
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    ASSERT_EQ(rte_pmd_qaic_event_callback_register(id(), Seen::cb, &seen), 0);
    ASSERT_EQ(rte_pmd_qaic_reset(id()), 0);
    ASSERT_TRUE(waited([&] { return seen.count(RTE_PMD_QAIC_EVENT_RECOVERED) == 1; }));
    ASSERT_EQ(rte_pmd_qaic_event_callback_unregister(id()), 0);
    EXPECT_EQ(seen.device, id());
    EXPECT_EQ(seen.answer, 0) << "a callback may ask";
    EXPECT_EQ(seen.events.front().kind, RTE_PMD_QAIC_EVENT_RECOVERING);
    EXPECT_EQ(seen.events.back().kind, RTE_PMD_QAIC_EVENT_RECOVERED);
    EXPECT_GT(seen.events.back().at_ns, seen.events.front().at_ns);

    rte_pmd_qaic_event kept[64];
    const int n = rte_pmd_qaic_events_get(id(), kept, 64);
    ASSERT_EQ(n, static_cast<int>(seen.events.size()));
    EXPECT_EQ(kept[0].kind, RTE_PMD_QAIC_EVENT_RECOVERING);
    ASSERT_EQ(rte_pmd_qaic_events_get(id(), kept, 1), 1);
    EXPECT_EQ(kept[0].kind, RTE_PMD_QAIC_EVENT_RECOVERED) << "the newest, when there is room for one";
}

TEST_F(Events, OneCallbackADevice)
{
    Seen seen;
    EXPECT_EQ(rte_pmd_qaic_event_callback_unregister(id()), -ENOENT);
    EXPECT_EQ(rte_pmd_qaic_event_callback_register(id(), nullptr, nullptr), -EINVAL);
    ASSERT_EQ(rte_pmd_qaic_event_callback_register(id(), Seen::cb, &seen), 0);
    EXPECT_EQ(rte_pmd_qaic_event_callback_register(id(), Seen::cb, &seen), -EBUSY);
    ASSERT_EQ(rte_pmd_qaic_event_callback_unregister(id()), 0);
    ASSERT_EQ(rte_pmd_qaic_event_callback_register(id(), Seen::cb, &seen), 0);
    ASSERT_EQ(card.unplug(), 0);
    Plugged again("ml_qaic_emu0", "housekeeping_ms=5");
    ASSERT_EQ(again.result, 0);
    EXPECT_EQ(rte_pmd_qaic_event_callback_unregister(again.id), -ENOENT) << "went with the device";
}

TEST_F(Events, AfterUnregisteringThereAreNone)
{
    Seen seen;
    ASSERT_EQ(rte_pmd_qaic_event_callback_register(id(), Seen::cb, &seen), 0);
    ASSERT_EQ(rte_pmd_qaic_event_callback_unregister(id()), 0);
    ASSERT_EQ(rte_pmd_qaic_reset(id()), 0);
    ASSERT_TRUE(waited([&] { return health().card_recoveries == 1; }));
    EXPECT_TRUE(seen.events.empty());
}

TEST_F(Events, PlainCCounts)
{
    unsigned count = 0;
    ASSERT_EQ(qaic_c_counts_recoveries(id(), &count), 0);
    ASSERT_EQ(rte_pmd_qaic_reset(id()), 0);
    ASSERT_TRUE(waited([&] { return health().card_recoveries == 1; }));
    ASSERT_EQ(rte_pmd_qaic_event_callback_unregister(id()), 0); // waits for a call that runs
    EXPECT_LE(count, 1u);
}

} // namespace
} // namespace test
