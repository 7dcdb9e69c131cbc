// SPDX-License-Identifier: BSD-3-Clause
// Hosts of config/topo/.
#pragma once
#include "place/host_file.hpp"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace place::test {

inline Host host_of(const std::string& name)
{
    std::ifstream file(std::string(TOPO_DIR) + "/" + name + ".toml");
    std::stringstream text;
    text << file.rdbuf();
    auto host = parse_host(text.str(), name + ".toml");
    EXPECT_TRUE(host) << host.error().text;
    return host ? *host : Host{};
}

} // namespace place::test
