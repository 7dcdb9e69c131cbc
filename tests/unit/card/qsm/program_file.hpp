// SPDX-License-Identifier: BSD-3-Clause
// Programs for tests, written from the workload specification and without lib/qpc: what the card accepts must
// not be defined by what our own tools write.
#pragma once
#include "aic100/wire/nsp_program.hpp"
#include "base/bytes.hpp"
#include <cstdint>
#include <string>
#include <vector>

namespace qsm_test {
using namespace qaic;

struct TensorSpec {
    aic100::NspSpace space = aic100::NspSpace::DDR;
    std::uint64_t window_base = 0; ///< receive offset of its window; on-chip only
    std::uint64_t dev_offset = 0;  ///< in the window, or in the shared DDR
    std::uint32_t size = 0;
    bool in_fence = false;
    std::vector<std::uint32_t> dims{};
    std::string name{};
    std::uint32_t nsp_mask = 1;
};

struct ProgramSpec {
    aic100::NspKind kind = aic100::NspKind::BUILTIN;
    aic100::NspBuiltin builtin = aic100::NspBuiltin::ECHO;
    std::uint64_t arg0 = 0;
    std::vector<TensorSpec> inputs, outputs;
    unsigned nsps = 1, semaphores = 2;
    std::uint64_t static_constants = 0, static_ddr = 0, dynamic_ddr = 0;
    std::uint32_t l2tcm = 8192, vtcm = 8192;
    // What a test may spoil:
    std::uint16_t version = 1, exec_context = 5;
    std::uint8_t hw_major = 2;
    std::uint32_t l2tcm_init_size = 0; ///< 0: as it is
    unsigned extra_mcids = 0;
    std::vector<std::string> required{"AicMetadataFlat_Metadata->networkName"};
    std::string metadata_section = "metadata_fb";
    bool terminator = false, nsp_section = true;
    std::uint64_t bad_tensor_size = 0; ///< 0: as it is
};

/// The flatbuffer of section metadata_fb.
[[nodiscard]] Bytes metadata_of(const ProgramSpec& spec);
/// The section .qaic.nsp.
[[nodiscard]] Bytes nsp_section_of(const ProgramSpec& spec);
/// The whole ELF.
[[nodiscard]] Bytes elf_of(const ProgramSpec& spec);
/// Sections in an ELF64 of no machine.
[[nodiscard]] Bytes elf_with(const std::vector<std::pair<std::string, Bytes>>& sections);

/// Echo of one buffer: input in DDR at 0, output right behind it.
[[nodiscard]] ProgramSpec echo_program(std::uint32_t bytes);
/// simple_io of workload Appendix A as a looping program: two inputs of 64 bytes in L2TCM + 3072 and
/// VTCM + 4096, an output of 64 bytes at DDR + 64. The builtin in it is the checksum of both inputs.
[[nodiscard]] ProgramSpec simple_io_program();

} // namespace qsm_test
