// SPDX-License-Identifier: BSD-3-Clause
// The nested flatbuffer that tells firmware where a program wants its execution context: always the version 5
// layout of aic100-workload.md 7.2, 7.3.
#pragma once
#include "base/bytes.hpp"

namespace qpc {
using namespace qaic;

inline constexpr std::uint16_t exec_context_major = 5;

/// All 33 variables at their version 5 offsets, every one required.
Bytes encode_exec_context();

} // namespace qpc
