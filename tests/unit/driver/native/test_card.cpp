// SPDX-License-Identifier: BSD-3-Clause
// Card, health, sensors, reset; and what every function says to nonsense.
#include "native_fixture.hpp"
#include "only_this_header.h"

namespace test {
namespace {

using Card = NativeTest;

TEST_F(Card, TellsWhoItIs)
{
    rte_pmd_qaic_card_info i{};
    i.size = sizeof i;
    ASSERT_EQ(rte_pmd_qaic_card_info_get(id(), &i), 0);
    EXPECT_EQ(i.size, sizeof i);
    EXPECT_EQ(i.hw_version, 0x00020000u);
    EXPECT_EQ(i.resources.nsps, 16);
    EXPECT_EQ(i.resources.dbcs, 16);
    EXPECT_NE(i.serial[0], '\0');
    EXPECT_EQ(i.serial[sizeof i.serial - 1], '\0');
    EXPECT_NE(i.found_in[0], '\0');
    EXPECT_GT(i.boot_us, 0u);
}

TEST_F(Card, GivesOlderCallersWhatTheyKnow)
{
    rte_pmd_qaic_card_info i{};
    std::memset(&i, 0x5a, sizeof i);
    i.size = 8;
    ASSERT_EQ(rte_pmd_qaic_card_info_get(id(), &i), 0);
    EXPECT_EQ(i.hw_version, 0x00020000u);
    EXPECT_EQ(i.fw_version[0], 0x5a) << "behind what the caller has";
    for (const std::uint32_t size : {0u, 4u, static_cast<std::uint32_t>(sizeof i + 1)}) {
        i.size = size;
        EXPECT_EQ(rte_pmd_qaic_card_info_get(id(), &i), -EINVAL) << size;
    }
}

TEST_F(Card, FreeResourcesFollowTheModels)
{
    rte_pmd_qaic_resources before{}, after{};
    ASSERT_EQ(rte_pmd_qaic_resources_get(id(), &before), 0);
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    ASSERT_EQ(rte_pmd_qaic_resources_get(id(), &after), 0);
    EXPECT_EQ(after.nsps_free, before.nsps_free - 1);
    EXPECT_EQ(after.dbcs_free, before.dbcs_free - 1);
    EXPECT_EQ(after.nsps, before.nsps);
}

TEST_F(Card, HealthNamesChannelsInUse)
{
    EXPECT_STREQ(rte_pmd_qaic_state_name(health().state), "ONLINE");
    EXPECT_EQ(health().dbcs_in_use, 0);
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    const auto h = health();
    EXPECT_EQ(h.dbcs_in_use, 1u << info(model).dbc[0]);
    EXPECT_EQ(h.dbcs_out_of_use, 0);
    EXPECT_EQ(h.models_loaded, 1u);
    EXPECT_EQ(h.models_started, 1u);
    EXPECT_EQ(h.faults + h.lost_ops + h.errors_uncorrectable, 0u);
    EXPECT_STREQ(rte_pmd_qaic_state_name(99), "?");
    EXPECT_STREQ(rte_pmd_qaic_state_name(-1), "?");
}

TEST_F(Card, SensorsAnswer)
{
    std::int64_t value = -1;
    ASSERT_EQ(rte_pmd_qaic_sensor_get(id(), RTE_PMD_QAIC_SENSOR_SOC_TEMPERATURE, &value), 0);
    EXPECT_GT(value, 0);
    EXPECT_LT(value, 150);
    ASSERT_EQ(rte_pmd_qaic_sensor_get(id(), RTE_PMD_QAIC_SENSOR_POWER_STATE, &value), 0);
    EXPECT_GE(value, 1);
    EXPECT_LE(value, 3);
    EXPECT_EQ(rte_pmd_qaic_sensor_get(id(), -1, &value), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_sensor_get(id(), RTE_PMD_QAIC_SENSOR_LAST + 1, &value), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_sensor_get(id(), 0, nullptr), -EINVAL);
}

TEST_F(Card, BootLogIsCutToFit)
{
    const int whole = rte_pmd_qaic_boot_log_get(id(), nullptr, 0);
    ASSERT_GT(whole, 1);
    std::vector<char> text(static_cast<std::size_t>(whole), 'x');
    EXPECT_EQ(rte_pmd_qaic_boot_log_get(id(), text.data(), text.size()), whole);
    EXPECT_EQ(std::strlen(text.data()) + 1, text.size());
    char small[5] = {'x', 'x', 'x', 'x', 'x'};
    EXPECT_EQ(rte_pmd_qaic_boot_log_get(id(), small, 4), whole);
    EXPECT_EQ(std::memcmp(small, text.data(), 3), 0);
    EXPECT_EQ(small[3], '\0');
    EXPECT_EQ(small[4], 'x');
    EXPECT_EQ(rte_pmd_qaic_boot_log_get(id(), nullptr, 1), -EINVAL);
}

TEST_F(Card, ResetBringsItBack)
{
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    Op op(model, 64, 64);
    ASSERT_EQ(infer(id(), op), RTE_ML_OP_STATUS_SUCCESS);
    ASSERT_EQ(rte_pmd_qaic_reset(id()), 0);
    ASSERT_TRUE(waited([&] { return health().card_recoveries == 1; }))
        << rte_pmd_qaic_state_name(health().state);
    std::memset(op.in(), 0x42, 64);
    EXPECT_EQ(infer(id(), op), RTE_ML_OP_STATUS_SUCCESS);
    EXPECT_EQ(op.out()[63], 0x42);
    EXPECT_EQ(health().card_losses, 1u);
}

TEST_F(Card, PlainCReadsEverything)
{
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    EXPECT_EQ(qaic_c_reads_everything(id(), model), 0);
}

TEST_F(Card, NoDevice)
{
    rte_pmd_qaic_health h{};
    h.size = sizeof h;
    std::int64_t v = 0;
    for (const std::int16_t bad : {-1, 1, 63, 64, 32767, -32768}) {
        EXPECT_EQ(rte_pmd_qaic_health_get(bad, &h), -EINVAL) << bad;
        EXPECT_EQ(rte_pmd_qaic_sensor_get(bad, 0, &v), -EINVAL) << bad;
        EXPECT_EQ(rte_pmd_qaic_reset(bad), -EINVAL) << bad;
        EXPECT_EQ(rte_pmd_qaic_boot_log_get(bad, nullptr, 0), -EINVAL) << bad;
        EXPECT_EQ(rte_pmd_qaic_events_get(bad, nullptr, 0), -EINVAL) << bad;
    }
    EXPECT_EQ(rte_pmd_qaic_health_get(id(), nullptr), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_resources_get(id(), nullptr), -EINVAL);
}

TEST_F(Card, ClosedDevice)
{
    ASSERT_EQ(configure(id()), 0);
    ASSERT_EQ(rte_ml_dev_close(id()), 0);
    rte_pmd_qaic_health h{};
    h.size = sizeof h;
    EXPECT_EQ(rte_pmd_qaic_health_get(id(), &h), -ENOTSUP);
    EXPECT_EQ(rte_pmd_qaic_reset(id()), -ENOTSUP);
}

} // namespace
} // namespace test
