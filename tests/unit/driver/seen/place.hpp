// SPDX-License-Identifier: BSD-3-Clause
// Where this test's EAL keeps its sockets and traces.
#pragma once
#include "support/eal.hpp"

namespace test {

inline std::string& place()
{
    static std::string folder;
    return folder;
}
inline std::string& prefix()
{
    static std::string name;
    return name;
}

/// Telemetry needs a runtime directory: a folder of this program's own.
inline void set_place(const std::string& folder, const std::string& program)
{
    place() = folder, prefix() = prefix_of(program);
    setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);
    setenv("DPDK_TEST_RUNTIME", folder.c_str(), 1);
}

} // namespace test
