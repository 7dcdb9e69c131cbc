// SPDX-License-Identifier: BSD-3-Clause
// EAL for all tests of the engine: no root, no hugepages, and more lcores than CPUs: they float and give way.
#include "stages.hpp"
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    std::vector<std::string> words{"engine_test",
                                   "--no-huge",
                                   "-m",
                                   "128",
                                   "--no-shconf",
                                   "--no-pci",
                                   "--no-telemetry",
                                   "--lcores",
                                   "(0-6)@(0-1)",
                                   "--log-level=lib.eal:error",
                                   "--file-prefix=engine_test"};
    std::vector<char*> args;
    for (auto& w : words) args.push_back(w.data());
    if (rte_eal_init(static_cast<int>(args.size()), args.data()) < 0) return 1;
    test::register_stages();
    const int rc = RUN_ALL_TESTS();
    rte_eal_cleanup();
    return rc;
}
