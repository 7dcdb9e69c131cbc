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

TEST_F(Card, LimitsAndPowerStateAreWritten)
{
    std::int64_t value = 0;
    for (const auto& [sensor, to] : {std::pair{RTE_PMD_QAIC_SENSOR_POWER_STATE, 2},
                                     {RTE_PMD_QAIC_SENSOR_BOARD_TDP, 60},
                                     {RTE_PMD_QAIC_SENSOR_WARNING_TEMPERATURE, 90},
                                     {RTE_PMD_QAIC_SENSOR_SHUTDOWN_TEMPERATURE, 100}}) {
        ASSERT_EQ(rte_pmd_qaic_sensor_set(id(), sensor, to), 0) << sensor;
        ASSERT_EQ(rte_pmd_qaic_sensor_get(id(), sensor, &value), 0);
        EXPECT_EQ(value, to);
    }
    EXPECT_EQ(rte_pmd_qaic_sensor_set(id(), RTE_PMD_QAIC_SENSOR_POWER_STATE, 4), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_sensor_set(id(), RTE_PMD_QAIC_SENSOR_SOC_TEMPERATURE, 20), -EPERM);
    EXPECT_EQ(rte_pmd_qaic_sensor_set(id(), 99, 0), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_sensor_set(99, 9, 1), -EINVAL);
}

TEST_F(Card, PartitionsComeAndGo)
{
    rte_pmd_qaic_partition part{};
    part.size = sizeof part;
    part.nsps = 2, part.dbcs = 2, part.multicast_ids = 8, part.semaphores = 64, part.networks = 4;
    part.dram_bytes = 64u << 20;
    ASSERT_EQ(rte_pmd_qaic_partition_create(id(), &part), 1);
    ASSERT_EQ(rte_pmd_qaic_partition_create(id(), &part), 2);
    std::uint16_t numbers[4]{};
    EXPECT_EQ(rte_pmd_qaic_partitions_get(id(), numbers, 1), 2) << "how many there are";
    EXPECT_EQ(numbers[0], 1);
    EXPECT_EQ(numbers[1], 0);
    ASSERT_EQ(rte_pmd_qaic_partition_destroy(id(), 1), 0);
    EXPECT_EQ(rte_pmd_qaic_partitions_get(id(), numbers, 4), 1);
    EXPECT_EQ(numbers[0], 2);
    ASSERT_EQ(rte_pmd_qaic_partition_use(id(), 2), 0);
    std::uint16_t model = 0;
    run(id(), echo(64), &model);
    rte_pmd_qaic_resources left{};
    ASSERT_EQ(rte_pmd_qaic_partition_resources_get(id(), 2, &left), 0);
    EXPECT_EQ(left.nsps, 2);
    EXPECT_EQ(left.nsps_free, 1);
    EXPECT_EQ(rte_pmd_qaic_partition_destroy(id(), 2), -EBUSY);
    Op op(model, 64, 64);
    EXPECT_EQ(infer(id(), op), RTE_ML_OP_STATUS_SUCCESS);
    part.nsps = 100;
    EXPECT_EQ(rte_pmd_qaic_partition_create(id(), &part), -ENOSPC);
    part.size = 4;
    EXPECT_EQ(rte_pmd_qaic_partition_create(id(), &part), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_partition_create(id(), nullptr), -EINVAL);
    for (const std::uint16_t bad : {1, 17, 300, 65535}) {
        EXPECT_EQ(rte_pmd_qaic_partition_destroy(id(), bad), -EINVAL) << bad;
        EXPECT_EQ(rte_pmd_qaic_partition_use(id(), bad), -EINVAL) << bad;
        EXPECT_EQ(rte_pmd_qaic_partition_resources_get(id(), bad, &left), -EINVAL) << bad;
    }
    EXPECT_EQ(rte_pmd_qaic_partition_destroy(id(), 0), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_partitions_get(id(), nullptr, 1), -EINVAL);
}

TEST_F(Card, CrashDumpsNeedADirectory)
{
    EXPECT_EQ(rte_pmd_qaic_crash_dump_set(id(), "/proc/self/no_such_directory", 1u << 20), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_crash_dump_set(id(), "/tmp", 1), -EINVAL);
    EXPECT_EQ(rte_pmd_qaic_crash_dump_set(id(), "/tmp", std::uint64_t{1} << 40), -EINVAL);
    ASSERT_EQ(rte_pmd_qaic_crash_dump_set(id(), "/tmp", 1u << 20), 0);
    ASSERT_EQ(rte_pmd_qaic_crash_dump_set(id(), nullptr, 0), 0);
    char path[16];
    EXPECT_EQ(rte_pmd_qaic_crash_dump_path_get(id(), 0, path, sizeof path), -EINVAL) << "none was written";
    EXPECT_EQ(rte_pmd_qaic_crash_dump_path_get(id(), 0, nullptr, 1), -EINVAL);
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
