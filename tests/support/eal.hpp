// SPDX-License-Identifier: BSD-3-Clause
// One EAL for all of a test program or benchmark, without root, hugepages and PCI.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <rte_eal.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace test {

/// A file prefix that no other process has.
inline std::string prefix_of(const std::string& program)
{
    return program + "-" + std::to_string(::getpid());
}

/// `more`: EAL's words besides. QAIC_TEST_LOG in the environment: everything is logged.
inline bool start_eal(const std::string& program, const std::vector<std::string>& more)
{
    static std::vector<std::string> words; // EAL may keep pointers
    words = {program, "--no-huge", "--no-pci", "--file-prefix=" + prefix_of(program)};
    words.insert(words.end(), more.begin(), more.end());
    if (std::getenv("QAIC_TEST_LOG") != nullptr) words.emplace_back("--log-level=*:debug");
    std::vector<char*> args(words.size());
    std::transform(words.begin(), words.end(), args.begin(), [](auto& w) { return w.data(); });
    return rte_eal_init(static_cast<int>(args.size()), args.data()) >= 0;
}

/// What main() returns: `result`, or 1 when EAL cannot clean up.
inline int end_eal(int result) { return rte_eal_cleanup() == 0 ? result : 1; }

} // namespace test
