// SPDX-License-Identifier: BSD-3-Clause
// One EAL for all tests of the folder, as users run it: with its telemetry socket and all trace points of the
// driver on. Telemetry needs a runtime directory, so XDG_RUNTIME_DIR is one of this test's own.
#include "place.hpp"
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    char folder[] = "/tmp/qaic-seen-XXXXXX";
    if (mkdtemp(folder) == nullptr) return 1;
    test::place() = folder;
    setenv("XDG_RUNTIME_DIR", folder, 1);
    setenv("DPDK_TEST_RUNTIME", folder, 1);
    std::vector<std::string> words{"unit_driver_seen",
                                   "--no-huge",
                                   "--no-pci",
                                   "-m",
                                   "256",
                                   "--file-prefix",
                                   test::prefix(),
                                   "--lcores=0",
                                   "--trace=lib.qaic.*",
                                   "--trace-dir=" + test::place(),
                                   "--log-level=*:error",
                                   "--log-level=pmd.ml.qaic*:critical"};
    if (std::getenv("QAIC_TEST_LOG") != nullptr) words.back() = "--log-level=pmd.ml.qaic*:debug";
    std::vector<char*> args;
    for (auto& w : words) args.push_back(w.data());
    if (rte_eal_init(static_cast<int>(args.size()), args.data()) < 0) return 1;
    const int result = RUN_ALL_TESTS();
    const int cleaned = rte_eal_cleanup();
    std::filesystem::remove_all(test::place());
    return cleaned == 0 ? result : 1;
}
