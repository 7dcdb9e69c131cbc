// SPDX-License-Identifier: BSD-3-Clause
// Attach, configure, start, stop, close in and out of order.
#include "fixture.hpp"

namespace test {
namespace {

using Life = DeviceTest;

TEST_F(Life, AttachBootsTheCard)
{
    power_on();
    EXPECT_EQ(device->state(), DeviceState::ATTACHED);
    EXPECT_EQ(device->configure(1, 1).error().code, Code::E_BUSY);
    ok(device->attach());
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
    EXPECT_GE(device->boot_report().stages.size(), 4u);
    EXPECT_GT(device->boot_report().total, 0ns);
    EXPECT_EQ(device->info().resources.nsp_total, 16);
    EXPECT_NE(device->dump().find("ONLINE"), std::string::npos);
    ok(device->selftest());
}

TEST_F(Life, NoFirmwareIsOneClearError)
{
    auto c = config();
    c.controller.firmware_path = {"/nonexistent"};
    power_on(c);
    const auto r = device->attach();
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::E_FW) << r.error().message();
    EXPECT_EQ(r.error().text.find('\n'), std::string::npos);
    EXPECT_EQ(device->state(), DeviceState::FAILED);
    EXPECT_EQ(device->configure(1, 1).error().code, Code::E_STATE);
    ok(device->close(false, 0));
}

TEST_F(Life, CountsAreChecked)
{
    power_on();
    ok(device->attach());
    EXPECT_EQ(device->start().error().code, Code::E_INVAL) << "not configured";
    EXPECT_EQ(device->load_model(echo()).error().code, Code::E_INVAL);
    EXPECT_EQ(device->setup_queue_pair(0, 1, nullptr).error().code, Code::E_INVAL);
    for (const auto& [pairs, models] : {std::pair{0, 1}, {1, 0}, {17, 1}, {1, 65}})
        EXPECT_EQ(device->configure(static_cast<std::uint16_t>(pairs), static_cast<std::uint16_t>(models))
                      .error()
                      .code,
                  Code::E_INVAL);
    ok(device->configure(16, 64));
    EXPECT_EQ(device->setup_queue_pair(16, 1, nullptr).error().code, Code::E_INVAL);
    EXPECT_EQ(device->setup_queue_pair(0, 0, nullptr).error().code, Code::E_INVAL);
    EXPECT_EQ(device->setup_queue_pair(0, 4097, nullptr).error().code, Code::E_INVAL);
    for (std::uint16_t q = 0; q < 16; ++q) EXPECT_TRUE(device->setup_queue_pair(q, 4096, nullptr));
    ok(device->start());
    EXPECT_EQ(device->configure(1, 1).error().code, Code::E_BUSY);
    EXPECT_EQ(device->setup_queue_pair(0, 1, nullptr).error().code, Code::E_BUSY);
    EXPECT_EQ(device->selftest().error().code, Code::E_BUSY);
    EXPECT_EQ(device->close(false, 0).error().code, Code::E_BUSY);
    ok(device->stop(0));
    ok(device->configure(1, 1));
    ok(device->start());
    ok(device->stop(0));
}

TEST_F(Life, CloseIsFinal)
{
    bring_up(1, 1);
    start_all(1);
    ok(device->stop(0));
    ok(device->close(false, 0));
    EXPECT_TRUE(device->closed());
    EXPECT_EQ(device->configure(1, 1).error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->start().error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->stop(0).error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->load_model(echo()).error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->start_model(0).error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->unload_model(0).error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->close(false, 0).error().code, Code::E_UNSUPP);
    EXPECT_EQ(device->selftest().error().code, Code::E_UNSUPP);
    EXPECT_FALSE(device->housekeep());
    EXPECT_EQ(device->model(0), nullptr);
}

TEST_F(Life, TheNextDriverFindsTheCardInOrder)
{
    for (int i = 0; i < 3; ++i) {
        qps.clear();
        bring_up(1, 1);
        start_all(1);
        Ops ops(*bus, 4, 0);
        EXPECT_EQ(enqueue(*qps[0], ops), 4);
        EXPECT_EQ(collect(*qps[0], ops, 4), 4u);
        ops.memory.release();
        device.reset(); // without stop or close, as a careless application does
    }
    EXPECT_EQ(link.refused(), 0u);
}

TEST_F(Life, RecoveryAndUpkeepAreQuietOnAHealthyCard)
{
    bring_up(1, 1);
    start_all(1);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(device->housekeep());
        bus->run_for(10ms);
    }
    device->recover();
    EXPECT_EQ(device->counters().fences, 0u);
    EXPECT_EQ(device->state(), DeviceState::ONLINE);
}

} // namespace
} // namespace test
