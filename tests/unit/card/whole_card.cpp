// SPDX-License-Identifier: BSD-3-Clause
// The core with the real management firmware behind QAIC_CONTROL. aic100-device.md 4.3, 4.6, 8.8 (11, 12)
#include "card/card.hpp"
#include "stages.hpp"

namespace test {
namespace {

class WholeCard : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(h.boot(built_images()));
        ASSERT_TRUE(h.start_pair(10, 128));
    }
    Bytes status_request = from_hex("bda539f7514149430000000028000000010000000000000"
                                    "0ffffffff000000000f00000008000000");
    Bytes status_reply = from_hex("e3aabcc75141494300000000380000000100000000000000ffffffff00000000"
                                  "0e00000018000000050000000000000001000000"
                                  "00000000");
    Bench b{{}, card::real_control()};
    MiniHost& h = b.mini;
};

TEST_F(WholeCard, StatusAsTwoChainedElements)
{
    h.post(11, 4096);
    h.send(10, status_request, 32, true);
    EXPECT_EQ(h.receive(11), status_reply);
    EXPECT_NE(b.core.faults().qsm(), nullptr);
}

TEST_F(WholeCard, StatusAgainAfterEveryReset)
{
    for (int i = 0; i < 3; ++i) {
        h.reset();
        ASSERT_TRUE(h.warm());
        ASSERT_TRUE(h.start_pair(10, 128));
        h.post(11, 4096);
        h.send(10, status_request);
        EXPECT_EQ(h.receive(11), status_reply);
    }
}

TEST_F(WholeCard, PowerCycleMakesNewFirmware)
{
    b.core.power_cycle();
    b.core.gate().set_bus_master(true);
    b.host.unmap_all();
    ASSERT_TRUE(h.boot(built_images()));
    ASSERT_TRUE(h.start_pair(10, 128));
    h.post(11, 4096);
    h.send(10, status_request);
    EXPECT_EQ(h.receive(11), status_reply);
}

TEST(Card, PublicInterface)
{
    ManualClock clock;
    TestHost host;
    card::Card card({}, host, clock);
    EXPECT_EQ(card.stage(), card::Stage::PBL);
    EXPECT_EQ(card::to_string(card.stage()), "PBL");
    card.set_bus_master(true);
    card.set_msi_messages(32);
    EXPECT_EQ(card.read32(0, 0x28), 0x100u);
    EXPECT_EQ(card.dbc_window().size(), 2u << 20);
    EXPECT_GE(card.dbc_window_fd(), 0);
    EXPECT_FALSE(card.poll());
    EXPECT_FALSE(card.next_due().has_value());
    card.write32(0, 0xb0, 1);
    EXPECT_TRUE(card.poll());
    EXPECT_EQ(card.stage(), card::Stage::SYS_ERR);
    card.power_cycle();
    EXPECT_EQ(card.stage(), card::Stage::PBL);
    card.faults().surprise_remove();
    EXPECT_EQ(card.read64(0, 0), ~0ull);
}

} // namespace
} // namespace test
