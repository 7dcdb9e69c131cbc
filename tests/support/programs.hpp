// SPDX-License-Identifier: BSD-3-Clause
// Containers of the emulated card's built-in programs: one input and one output of the same size.
#pragma once
#include "qpc/builder.hpp"
#include <gtest/gtest.h>
#include <string>

namespace test {

/// Of `bytes` each way; empty, with a failure, when it cannot be built.
inline qaic::Bytes builtin_program(aic100::NspBuiltin kind, std::uint32_t bytes, std::string name = "echo",
                                   std::uint64_t arg0 = 0, qpc::DataType type = qpc::DataType::INT8)
{
    qpc::ProgramSpec spec;
    spec.name = std::move(name);
    spec.builtin = kind;
    spec.arg0 = arg0;
    const auto n = bytes / qpc::element_bytes(type);
    spec.inputs = {{"in", type, {n}}};
    spec.outputs = {{"out", type, {n}}};
    auto made = qpc::build_container(spec);
    EXPECT_TRUE(made) << made.error().message();
    return made ? *made : qaic::Bytes{};
}
inline qaic::Bytes echo_program(std::uint32_t bytes)
{
    return builtin_program(aic100::NspBuiltin::ECHO, bytes);
}

} // namespace test
