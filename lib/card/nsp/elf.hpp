// SPDX-License-Identifier: BSD-3-Clause
// Sections of an ELF file that somebody else wrote: every offset, size and name is checked against the file.
#pragma once
#include "base/bytes.hpp"
#include <optional>
#include <string_view>

namespace card {
using namespace qaic;

enum class ElfKind { BAD, HEXAGON, NATIVE, HOST };
/// HEXAGON: ELF32, machine 164. NATIVE: ELF64, machine 0, what qaic-qpc writes for built-in programs. HOST:
/// ELF64, machine 62, a shared object. BAD: anything else.
[[nodiscard]] ElfKind elf_kind(ConstSpan file) noexcept;
/// Bytes of the first section of that name of a NATIVE or HOST file.
[[nodiscard]] std::optional<ConstSpan> elf_section(ConstSpan file, std::string_view name) noexcept;
/// Do all addresses lie in executable bytes of a HOST file?
[[nodiscard]] bool elf_executable(ConstSpan file, std::span<const std::uint64_t> addresses) noexcept;

} // namespace card
