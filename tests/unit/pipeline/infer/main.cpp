// SPDX-License-Identifier: BSD-3-Clause
#include "../engine/stages.hpp"
#include "fake_device.hpp"
#include "pipeline/infer/infer.hpp"
#include "support/eal.hpp"
#include <gtest/gtest.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    if (!test::start_eal("infer_test", {"-m", "256", "--no-shconf", "--no-telemetry", "--lcores=(0-4)@(0-1)",
                                        "--log-level=lib.eal:error"}))
        return 1;
    test::make_fakes();
    test::register_stages();
    if (qaic_pipe_register(&pipeline::stage_infer) != 0) return 1;
    return test::end_eal(RUN_ALL_TESTS());
}
