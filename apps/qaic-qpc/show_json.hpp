// SPDX-License-Identifier: BSD-3-Clause
// qaic-qpc show --json: the same facts as the screen, with stable keys.
#pragma once
#include "qpc/program.hpp"

namespace qpc_app {

/// One JSON object, indented, with a newline at its end. Text that is not UTF-8 comes escaped.
std::string show_json(const qpc::Program& program, std::uint64_t file_bytes);

} // namespace qpc_app
