// SPDX-License-Identifier: BSD-3-Clause
// The little of ELF that the host needs: sections by name. aic100-workload.md 1.5
// Nothing else of the file is looked at: to the host the program is opaque.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <string_view>
#include <vector>

namespace qpc {
using namespace qaic;

struct ElfSection {
    std::string_view name;
    std::uint32_t type = 0;
    std::uint64_t at = 0; ///< file offset
    ConstSpan data;       ///< empty for a section that has no bytes in the file
};

struct ElfFile {
    bool is_64 = false;
    std::uint16_t machine = 0; ///< 164 Hexagon; 0 for programs of the emulated card
    std::vector<ElfSection> sections;
    /// The section of that name, or nullptr.
    [[nodiscard]] const ElfSection* find(std::string_view name) const noexcept;
};

/// Section table of a little-endian ELF32 or ELF64 file, every offset checked. The result points into `file`.
/// E_FORMAT with the byte offset otherwise; two sections of one name are refused only if that name is asked
/// for by the host (metadata, metadata_fb).
Result<ElfFile> parse_elf(ConstSpan file);

struct NewElfSection {
    std::string_view name;
    ConstSpan data;
};

/// Zeroes up to the next multiple of 8, where a section may begin.
inline void pad_to_8(Bytes& file) { file.resize((file.size() + 7) / 8 * 8); }

/// An ELF64 little-endian file of e_machine 0 that holds these sections (8-byte aligned) and nothing to load.
Bytes write_elf(std::span<const NewElfSection> sections);

} // namespace qpc
