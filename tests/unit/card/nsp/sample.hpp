// SPDX-License-Identifier: BSD-3-Clause
// Containers of the build (config/programs and this folder) as the card is given them.
#pragma once
#include "card/nsp/program.hpp"
#include "qpc/program.hpp"
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

namespace nsp_test {
using namespace qaic;

inline qpc::OwnedProgram container(const std::string& name)
{
    std::string path;
    for (const auto* variable : {"QAIC_TEST_OWN_PROGRAMS", "QAIC_TEST_PROGRAMS"}) {
        const char* dir = std::getenv(variable);
        EXPECT_NE(dir, nullptr) << variable;
        if (dir != nullptr && !std::filesystem::exists(path)) path = std::string(dir) + "/" + name + ".qpc";
    }
    auto p = qpc::load_program_file(path);
    EXPECT_TRUE(p) << p.error().message();
    return p ? std::move(*p) : qpc::OwnedProgram{};
}

/// Processes take real time, whatever the card's clock says.
template<class Condition>
bool eventually(Condition&& holds)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

} // namespace nsp_test
