// SPDX-License-Identifier: BSD-3-Clause
// --no-shconf stands for --in-memory, which EAL refuses together with --no-huge.
#include "support/eal.hpp"
#include <gtest/gtest.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    if (!test::start_eal("unit_driver_mldev", {"-m", "256", "--no-shconf", "--no-telemetry", "--lcores=0",
                                               "--log-level=*:error", "--log-level=pmd.ml.qaic:critical"}))
        return 1;
    return test::end_eal(RUN_ALL_TESTS());
}
