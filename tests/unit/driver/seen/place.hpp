// SPDX-License-Identifier: BSD-3-Clause
// Where this test's EAL keeps its sockets and traces.
#pragma once
#include <string>
#include <unistd.h>

namespace test {

inline std::string& place()
{
    static std::string folder;
    return folder;
}
inline std::string prefix() { return "qaic-seen-" + std::to_string(::getpid()); }

} // namespace test
