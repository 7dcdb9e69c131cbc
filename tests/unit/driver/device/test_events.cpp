// SPDX-License-Identifier: BSD-3-Clause
// Events of a device: each once, in order, whatever the handler does.
#include "qaic/device_events.hpp"
#include <gtest/gtest.h>
#include <stdexcept>

namespace qaic {
namespace {

DeviceEvent event(std::uint32_t value, DeviceEventKind kind = DeviceEventKind::RAS)
{
    return {.kind = kind, .value = value};
}

TEST(DeviceEvents, EachOnceInOrderFromNowOn)
{
    DeviceEvents events;
    events.raise(event(1));
    std::vector<std::uint32_t> seen;
    events.on_event([&](const DeviceEvent& e) { seen.push_back(e.value); });
    events.raise(event(2)), events.raise(event(3));
    EXPECT_TRUE(seen.empty()) << "raised under a lock, delivered without";
    events.deliver();
    events.deliver();
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{2, 3}));
    EXPECT_EQ(events.count(DeviceEventKind::RAS), 3u);
    EXPECT_EQ(events.count(DeviceEventKind::SSR), 0u);
    events.on_event({});
    events.raise(event(4));
    events.deliver();
    EXPECT_EQ(seen.size(), 2u);
    EXPECT_EQ(events.recent().size(), 4u);
    EXPECT_EQ(events.recent().back().value, 4u);
}

TEST(DeviceEvents, ALateHandlerLosesTheOldest)
{
    DeviceEvents events;
    std::vector<std::uint32_t> seen;
    events.on_event([&](const DeviceEvent& e) { seen.push_back(e.value); });
    for (std::uint32_t i = 0; i < DeviceEvents::kept + 10; ++i) events.raise(event(i));
    events.deliver();
    ASSERT_EQ(seen.size(), DeviceEvents::kept);
    EXPECT_EQ(seen.front(), 10u);
    EXPECT_EQ(events.missed(), 10u);
    EXPECT_EQ(events.recent().size(), DeviceEvents::kept);
}

TEST(DeviceEvents, HandlersThrowRaiseAndGoFromWithin)
{
    DeviceEvents events;
    unsigned calls = 0;
    events.on_event([&](const DeviceEvent& e) {
        ++calls;
        if (e.value == 0) {
            events.raise(event(1)); // by a call into the device
            events.deliver();       // of that call: the one that runs goes on
            EXPECT_EQ(calls, 1u);
            throw std::runtime_error("of the application");
        }
        events.on_event({}); // waits for nobody: it is running itself
    });
    events.raise(event(0));
    events.deliver();
    EXPECT_EQ(calls, 2u);
    EXPECT_EQ(events.handler_failures(), 1u);
    events.raise(event(2));
    events.deliver();
    EXPECT_EQ(calls, 2u);
}

TEST(DeviceEvents, TakingTheHandlerAwayWaitsForItsCall)
{
    DeviceEvents events;
    std::atomic<bool> inside{false}, let_go{false}, gone{false};
    events.on_event([&](const DeviceEvent&) {
        inside = true;
        while (!let_go) std::this_thread::yield();
        EXPECT_FALSE(gone) << "its owner may have freed what it uses";
    });
    events.raise(event(1));
    std::thread deliverer([&] { events.deliver(); });
    while (!inside) std::this_thread::yield();
    std::thread remover([&] {
        events.on_event({});
        gone = true;
    });
    events.deliver(); // another delivers: no wait
    let_go = true;
    deliverer.join();
    remover.join();
    EXPECT_TRUE(gone);
}

TEST(DeviceEvents, EveryKindHasAName)
{
    for (std::size_t k = 0; k < device_event_kinds; ++k)
        EXPECT_NE(to_string(static_cast<DeviceEventKind>(k)), "?") << k;
    EXPECT_EQ(to_string(static_cast<DeviceEventKind>(device_event_kinds)), "?");
}

} // namespace
} // namespace qaic
