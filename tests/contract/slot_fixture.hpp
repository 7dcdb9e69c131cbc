// SPDX-License-Identifier: BSD-3-Clause
// Tests that run over every slot: a card, and drivers that come and go on it.
#pragma once
#include "boot_fixture.hpp"
#include "slot.hpp"

namespace test {

class SlotTest : public ::testing::TestWithParam<SlotKind> {
  protected:
    explicit SlotTest(card::CardConfig config = {.ready_delay = 5ms, .reset_ready_delay = 1ms})
        : slot_owner_(GetParam().make(std::move(config))), slot(*slot_owner_)
    {}
    /// Short limits where time costs nothing, the real ones where a busy machine takes its own.
    [[nodiscard]] ControllerConfig config() const
    {
        auto c = boot_config();
        if (slot.real_time()) c.limits = {};
        return c;
    }

  private:
    std::unique_ptr<Slot> slot_owner_;

  protected:
    Slot& slot;
};

/// A driver process: its bus and controller.
struct SlotDriver {
    SlotDriver(Slot& slot, ControllerConfig config)
        : bus_owner(plugged(slot)), bus(*bus_owner), controller(bus, std::move(config))
    {}
    static std::unique_ptr<SlotBus> plugged(Slot& slot)
    {
        auto bus = slot.plug();
        EXPECT_TRUE(bus) << bus.error().message();
        return bus ? std::move(*bus) : nullptr;
    }
    std::unique_ptr<SlotBus> bus_owner;
    SlotBus& bus;
    Controller controller;
};

inline void expect_alive(SlotDriver& driver)
{
    Bytes message(1000, std::byte{0x5a});
    const auto echoed = driver.controller.loopback(message);
    EXPECT_TRUE(echoed) << echoed.error().message();
    EXPECT_EQ(driver.controller.health(), mhi::Health::OK);
}

/// Lets the driver poll until `done` says so, at most 5 s.
inline bool serve_until(SlotDriver& d, const std::function<bool()>& done)
{
    const auto end = d.bus.clock().now() + 5s;
    while (!done() && d.bus.clock().now() < end) {
        d.bus.relax(1ms);
        d.controller.poll();
    }
    return done();
}

} // namespace test
