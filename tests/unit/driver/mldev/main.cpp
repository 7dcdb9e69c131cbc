// SPDX-License-Identifier: BSD-3-Clause
// One EAL for all tests of the folder. --no-shconf stands for --in-memory, which EAL refuses together with
// --no-huge.
#include "fixture.hpp"
#include <rte_eal.h>
#include <unistd.h>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    const std::string prefix = "qaic-unit-" + std::to_string(::getpid());
    std::vector<std::string> words{"unit_driver_mldev",
                                   "--no-huge",
                                   "--no-shconf",
                                   "--no-pci",
                                   "-m",
                                   "256",
                                   "--no-telemetry",
                                   "--file-prefix",
                                   prefix,
                                   "--lcores=0",
                                   "--log-level=*:error",
                                   "--log-level=pmd.ml.qaic:critical"};
    if (std::getenv("QAIC_TEST_LOG") != nullptr) words.back() = "--log-level=pmd.ml.qaic:debug";
    std::vector<char*> args;
    for (auto& w : words) args.push_back(w.data());
    if (rte_eal_init(static_cast<int>(args.size()), args.data()) < 0) return 1;
    const int result = RUN_ALL_TESTS();
    return rte_eal_cleanup() == 0 ? result : 1;
}
