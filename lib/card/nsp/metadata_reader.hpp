// SPDX-License-Identifier: BSD-3-Clause
// Metadata flatbuffer of an uploaded ELF -> Program. aic100-workload.md 4.2, 4.3, 4.7
#pragma once
#include "card/nsp/program.hpp"
#include <string_view>

namespace card {

/// Fills everything of a Program but its NSP part. `section` may start with the 8-byte terminator record.
/// -102 unless the program was made for execution context `context_major` (5, or that of host-native
/// programs).
[[nodiscard]] NncResult<Program> read_metadata(ConstSpan section, unsigned context_major);
/// A name of workload Appendix B.
[[nodiscard]] bool known_required_field(std::string_view name) noexcept;
/// Section ".qaic.nsp" into the Program (aic100/wire/nsp_program.hpp). False when malformed or when it does
/// not fit the memories of the metadata.
[[nodiscard]] bool read_nsp_program(ConstSpan section, Program& program);

} // namespace card
