// SPDX-License-Identifier: BSD-3-Clause
// The plugin as a file: the native API can be looked up in it, and nothing else can. Read, not loaded: this
// program holds the driver already.
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

namespace {

TEST(Exports, FunctionsCanBeLookedUp)
{
    const char* const path = std::getenv("QAIC_TEST_PLUGIN");
    ASSERT_NE(path, nullptr);
    const std::string command = std::string("nm -D --defined-only '") + path + "' | cut -d' ' -f3";
    FILE* const nm = ::popen(command.c_str(), "r");
    ASSERT_NE(nm, nullptr);
    std::string names;
    char line[256];
    while (std::fgets(line, sizeof line, nm) != nullptr) {
        EXPECT_EQ(std::string(line).rfind("rte_pmd_qaic_", 0), 0u) << "exported: " << line;
        names += line;
    }
    EXPECT_EQ(::pclose(nm), 0);
    for (const char* name : {"card_info_get",
                             "resources_get",
                             "state_name",
                             "health_get",
                             "sensor_get",
                             "boot_log_get",
                             "reset",
                             "event_callback_register",
                             "event_callback_unregister",
                             "events_get",
                             "model_info_get",
                             "model_instances_set",
                             "model_power_set",
                             "model_spread_set",
                             "sensor_set",
                             "partition_create",
                             "partition_destroy",
                             "partitions_get",
                             "partition_resources_get",
                             "partition_use",
                             "crash_dump_set",
                             "crash_dump_path_get",
                             "queue_get",
                             "submit",
                             "submit_deadline",
                             "poll",
                             "wait_fd_get",
                             "wait_arm",
                             "wait",
                             "wait_light_set"})
        EXPECT_NE(names.find(std::string("rte_pmd_qaic_") + name + '\n'), std::string::npos) << name;
}

} // namespace
