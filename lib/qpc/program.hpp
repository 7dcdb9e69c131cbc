// SPDX-License-Identifier: BSD-3-Clause
// A program as the driver loads it: container, network descriptor, constants descriptor and metadata, each
// parsed and all cross-checked. This is the one entry for bytes that come from a file.
#pragma once
#include "qpc/container.hpp"
#include "qpc/elf_sections.hpp"
#include "qpc/file.hpp"
#include "qpc/metadata.hpp"
#include "qpc/network_desc.hpp"

namespace qpc {

/// Segment constantsdesc.bin, 24 bytes; what LOAD_CONSTANTS_EX carries.
struct ConstantsDesc {
    le64 static_size, dynamic_size;
    std::uint8_t static_ecc, dynamic_ecc;
    std::uint8_t padding[6];
};
static_assert(sizeof(ConstantsDesc) == 24 && offsetof(ConstantsDesc, static_ecc) == 16);

/// Points into the bytes it was loaded from: they must outlive it and stay where they are.
struct Program {
    std::string name; ///< of the file, for messages
    Container container;
    ElfFile elf_file;
    ConstSpan elf; ///< network.elf, sent to the card as a whole
    ConstantsDesc constants_desc{};
    ConstSpan static_constants; ///< both may be empty: then the program has no constants object
    ConstSpan dynamic_constants;
    NetworkDesc network;
    Metadata metadata;
    std::vector<std::string> warnings; ///< things a user should know that do not stop the program
};

/// Parses and checks all of a program. Nothing is kept of `name` but its text; errors begin with it, then
/// name the segment if it is about the inside of one: "net.qpc: network.elf: ... offset=0x20" counts from
/// that segment's start. Reads only inside `bytes`; memory used besides is bounded (limits.hpp). Any thread.
Result<Program> load_program(ConstSpan bytes, std::string_view name);

/// A program with the memory it points into. Moving it keeps every span valid.
struct OwnedProgram {
    FileBytes file;
    Program program;
};

/// Reads a file whole (regular files only, at most limits::file) and loads it. Later changes of the file have
/// no effect.
Result<OwnedProgram> load_program_file(const std::string& path);

} // namespace qpc
