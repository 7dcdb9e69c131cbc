// SPDX-License-Identifier: BSD-3-Clause
// One EAL for all tests of the executable, without root and hugepages.
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <string>
#include <unistd.h>
#include <vector>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    std::vector<std::string> words{"unit_pipeline_ports",
                                   "--no-huge",
                                   "--no-shconf",
                                   "--no-pci",
                                   "-m",
                                   "64",
                                   "--no-telemetry",
                                   "--lcores=0",
                                   "--file-prefix=qaic-ports-" + std::to_string(::getpid()),
                                   "--log-level=*:critical"};
    if (std::getenv("QAIC_TEST_LOG") != nullptr) words.back() = "--log-level=*:debug";
    std::vector<char*> args;
    for (auto& w : words) args.push_back(w.data());
    if (rte_eal_init(static_cast<int>(args.size()), args.data()) < 0) return 1;
    const int result = RUN_ALL_TESTS();
    return rte_eal_cleanup() == 0 ? result : 1;
}
