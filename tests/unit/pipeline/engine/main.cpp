// SPDX-License-Identifier: BSD-3-Clause
// More lcores than CPUs: they float and give way.
#include "stages.hpp"
#include "support/eal.hpp"
#include <gtest/gtest.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    if (!test::start_eal("engine_test", {"-m", "128", "--no-shconf", "--no-telemetry", "--lcores=(0-6)@(0-1)",
                                         "--log-level=lib.eal:error"}))
        return 1;
    test::register_stages();
    return test::end_eal(RUN_ALL_TESTS());
}
