// SPDX-License-Identifier: BSD-3-Clause
#include "support/eal.hpp"
#include <gtest/gtest.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    if (!test::start_eal("unit_pipeline_ports", {"-m", "64", "--no-shconf", "--no-telemetry", "--lcores=0",
                                                 "--log-level=*:critical"}))
        return 1;
    return test::end_eal(RUN_ALL_TESTS());
}
