// SPDX-License-Identifier: BSD-3-Clause
#include "../engine/stages.hpp"
#include "fake_device.hpp"
#include "pipeline/infer/infer.hpp"
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <string>
#include <unistd.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    std::vector<std::string> words{"infer_test",
                                   "--no-huge",
                                   "-m",
                                   "256",
                                   "--no-shconf",
                                   "--no-pci",
                                   "--no-telemetry",
                                   "--lcores",
                                   "(0-4)@(0-1)",
                                   "--log-level=lib.eal:error",
                                   "--file-prefix=infer_test" + std::to_string(::getpid())};
    std::vector<char*> args;
    for (auto& w : words) args.push_back(w.data());
    if (rte_eal_init(static_cast<int>(args.size()), args.data()) < 0) return 1;
    test::make_fakes();
    test::register_stages();
    if (qaic_pipe_register(&pipeline::stage_infer) != 0) return 1;
    const int rc = RUN_ALL_TESTS();
    rte_eal_cleanup();
    return rc;
}
