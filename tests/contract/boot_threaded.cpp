// SPDX-License-Identifier: BSD-3-Clause
// The same boot with the card polled by a thread of its own, in real time: what the thread sanitizer looks
// at.
#include "boot_fixture.hpp"
#include "support/std_thread.hpp"

namespace test {
namespace {

TEST(BootThreaded, BootMessagesAndMapChangesBesideThePoller)
{
    SteadyClock clock;
    InProcessLink link({.ready_delay = 1ms}, clock);
    ASSERT_TRUE(link.start(std_thread_starter(), {.spins = 100, .sleep = 20us}));
    {
        InProcessBus bus(link, "aic0");
        auto config = boot_config();
        config.limits = {}; // real time on a busy machine: the real limits
        Controller controller(bus, config);
        const auto report = controller.boot();
        ASSERT_TRUE(report) << report.error().message();
        for (unsigned i = 0; i < 300; ++i) {
            const Bytes message(1 + i * 211 % 65535, static_cast<std::byte>(i));
            const auto echoed = controller.loopback(message);
            ASSERT_TRUE(echoed) << echoed.error().message();
            const auto memory = bus.dma_alloc(4096, 4096, "beside");
            ASSERT_TRUE(memory);
        }
        const auto power = controller.telemetry(8);
        EXPECT_TRUE(power) << power.error().message();
    }
    {
        InProcessBus bus(link, "aic0");
        auto config = boot_config();
        config.limits = {};
        config.attach = AttachPolicy::WARM;
        Controller controller(bus, config);
        const auto warm = controller.boot();
        ASSERT_TRUE(warm) << warm.error().message();
        EXPECT_EQ(warm->found, "AMSS");
        EXPECT_TRUE(controller.fence_card());
    }
    link.stop();
    EXPECT_EQ(link.maps(), 0u);
    EXPECT_EQ(link.refused(), 0u);
}

} // namespace
} // namespace test
