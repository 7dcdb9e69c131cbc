// SPDX-License-Identifier: BSD-3-Clause
// EAL as users run it: with its telemetry socket and all trace points of the driver on.
#include "place.hpp"
#include "support/temp_folder.hpp"
#include <gtest/gtest.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    const support::TempFolder folder;
    test::set_place(folder.path(""), "unit_driver_seen");
    if (!test::start_eal("unit_driver_seen",
                         {"-m", "256", "--lcores=0", "--trace=lib.qaic.*", "--trace-dir=" + test::place(),
                          "--log-level=*:error", "--log-level=pmd.ml.qaic*:critical"}))
        return 1;
    return test::end_eal(RUN_ALL_TESTS());
}
