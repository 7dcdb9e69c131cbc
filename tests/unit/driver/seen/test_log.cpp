// SPDX-License-Identifier: BSD-3-Clause
// A log type per part of the driver, chosen by the folder of the file that speaks.
#include "qaic/log.hpp"
#include <cstdlib>
#include <gtest/gtest.h>
#include <rte_log.h>
#include <string>

namespace qaic {
namespace {

static_assert(log_part_of("../drivers/qaic/mhi/events.cpp") == LogPart::MHI);
static_assert(log_part_of("/x/drivers/qaic/boot/sequence.cpp") == LogPart::MHI);
static_assert(log_part_of("drivers/qaic/nnc/client.cpp") == LogPart::NNC);
static_assert(log_part_of("drivers/qaic/dbc/lane.hpp") == LogPart::DBC);
static_assert(log_part_of("drivers/qaic/bus/eal_memory.cpp") == LogPart::BUS);
static_assert(log_part_of("drivers/qaic/device.cpp") == LogPart::DRIVER);

std::string all_types()
{
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const to = open_memstream(&text, &size);
    rte_log_dump(to);
    std::fclose(to);
    std::string out(text, size);
    std::free(text);
    return out;
}

TEST(LogTypes, OneForEachPart)
{
    ASSERT_EQ(rte_log_set_level_pattern("pmd.ml.qaic*", RTE_LOG_CRIT), 0);
    ASSERT_EQ(rte_log_set_level_pattern("pmd.ml.qaic.mhi", RTE_LOG_ALERT), 0);
    const auto types = all_types();
    for (const char* type : {"pmd.ml.qaic, level is critical", "pmd.ml.qaic.mhi, level is alert",
                             "pmd.ml.qaic.nnc, level is critical", "pmd.ml.qaic.dbc, level is critical",
                             "pmd.ml.qaic.bus, level is critical"})
        EXPECT_NE(types.find(type), std::string::npos) << type << " in\n" << types;
    ASSERT_EQ(rte_log_set_level_pattern("pmd.ml.qaic.mhi", RTE_LOG_CRIT), 0);
}

TEST(LogTypes, TheFolderOfTheCallerDecides)
{
    const LogAt here = LogLevel::INFO; // this file is in none of the driver's folders
    EXPECT_EQ(here.part, LogPart::DRIVER);
    EXPECT_EQ(here.level, LogLevel::INFO);
}

} // namespace
} // namespace qaic
