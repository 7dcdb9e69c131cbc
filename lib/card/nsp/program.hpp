// SPDX-License-Identifier: BSD-3-Clause
// What the card keeps of a loaded ELF: everything checked once, at LOAD_ELF, so that activation and the data
// path need no flatbuffer. aic100-workload.md 4.3
#pragma once
#include "aic100/wire/nsp_program.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace card {
using namespace qaic;

inline constexpr unsigned max_nsps = 16;
inline constexpr unsigned max_mcids = 128;   ///< per activation [M]: 1 GiB of windows
inline constexpr unsigned max_buffers = 280; ///< doorbell words before the exit word (workload 7.7)
inline constexpr std::uint32_t max_l2tcm = 1u << 20, max_vtcm = 8u << 20;
inline constexpr std::uint64_t l2tcm_page = 4096, vtcm_page = 2048, ddr_align = 2048;

struct ProgramTensor {
    aic100::NspSpace space = aic100::NspSpace::L2TCM;
    std::uint32_t doorbell = 0; ///< L2TCM offset of its word
    std::uint64_t offset = 0, size = 0;
    std::uint32_t type = 0; ///< DataType of the network descriptor
    std::vector<std::uint32_t> dims;
    std::string name;
    std::uint32_t nsp_mask = 1; ///< NSPs its multicast window reaches; NSP 0 for DDR
};

/// One multicast id on one NSP: where it lands there, and whom that NSP sends to.
struct ReceiveWindow {
    std::uint64_t base = 0;
    bool vtcm = false;
    bool dynamic = false;        ///< the program may change it
    std::uint32_t send_mask = 0; ///< of its own bit too, which the hardware leaves out
};

/// What a host-native program needs besides (7.9).
struct NativeNeeds {
    std::vector<std::uint64_t> entries;     ///< of the threads of each NSP, in the object
    std::vector<std::int64_t> constants_at; ///< per NSP: offset in the static constants, -1 = none
    std::uint64_t heap_bytes = 0;           ///< per NSP
    std::uint32_t l2_cached_bytes = 0;      ///< per NSP
    std::uint64_t elf_bytes = 0;
};

struct Program {
    std::string name;
    unsigned nsps = 1, mcids = 0, semaphores = 0;
    std::array<std::uint16_t, 32> semaphore_init{};
    Bytes l2tcm_init;
    std::uint32_t l2tcm_bytes = 0, vtcm_bytes = 0; ///< as mapped: whole pages
    std::uint64_t static_ddr = 0, dynamic_ddr = 0, static_constants = 0, dynamic_constants = 0;
    std::uint64_t exit_doorbell = 0;       ///< L2TCM offset; 0 = none
    std::vector<std::uint32_t> host_masks; ///< index = MCID; shorter than mcids when NSP-only ids follow
    std::vector<std::vector<ReceiveWindow>> receive; ///< [NSP][MCID]
    /// INC(sem 0) the consumers owe each round, DEC(sem 1) the producers owe (workload 7.7).
    std::vector<std::uint32_t> buffer_masks; ///< per DMA buffer: NSPs its window reaches; 0 = not on-chip
    unsigned input_incs = 1, output_decs = 1;
    bool host_native = false; ///< the ELF is a program for this machine; `kind` and tensors mean nothing
    NativeNeeds native;
    aic100::NspKind kind = aic100::NspKind::BUILTIN;
    aic100::NspBuiltin builtin = aic100::NspBuiltin::NONE;
    std::uint64_t arg0 = 0;
    std::vector<ProgramTensor> inputs, outputs;
};

/// Status code of aic100-device.md 4.13 as an error.
using NncStatus = std::int32_t;
template<class T>
using NncResult = tl::expected<T, NncStatus>;

/// Reads an uploaded ELF, whatever its bytes. Errors: -5 malformed, -13 NSPs, -15 semaphores, -65 multicast
/// ids, -4/-49 memories, -102 execution context or real Hexagon code (4.7).
[[nodiscard]] NncResult<Program> load_program(ConstSpan elf);

} // namespace card
