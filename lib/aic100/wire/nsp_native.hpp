// SPDX-License-Identifier: BSD-3-Clause
// Host-native NSP programs: network.elf is an x86-64 shared object instead of Hexagon code, everything else
// of the container is what the vendor's compute SDK writes. Layouts of its program description
// (constants.bin) and what tells such a program apart. aic100-workload.md 7.6, 7.9
#pragma once
#include "base/endian.hpp"
#include <cstddef>

namespace aic100 {
using namespace qaic;

/// Execution-context version of such a program; the struct is lib/nsp_sdk/qaic_nsp.h.
inline constexpr std::uint16_t nsp_native_context = 0x8005;
/// The symbol every thread starts at.
inline constexpr char nsp_native_entry[] = "_qaic_start";

inline constexpr unsigned nsp_max_threads = 6; ///< per NSP

inline constexpr std::uint16_t program_description_version = 1;
inline constexpr std::uint16_t program_exit_index = 280;
inline constexpr std::uint32_t program_doorbells = 281; ///< words from L2TCM offset 0, the last is the exit
inline constexpr std::uint32_t program_start_descriptor = 1152, program_descriptors = 1280,
                               program_descriptors_per_thread = 256;

enum class ProgramUsage : std::uint32_t { INPUT = 0, OUTPUT = 1, INTERNAL = 2 };

/// 40 bytes, then the buffers.
struct ProgramDescription {
    le16 version, exit_index;
    le32 bytes, threads;
    le16 buffers, inputs, outputs, internals; ///< internals and buffers count the uDMA area
    le16 input_semaphore, output_semaphore, input_nsps, output_nsps;
    le32 buffers_offset, udma_buffer, start_descriptor;
};
static_assert(sizeof(ProgramDescription) == 40 && offsetof(ProgramDescription, buffers) == 12 &&
              offsetof(ProgramDescription, buffers_offset) == 28);

/// 40 bytes. Order: inputs, outputs, internals, the uDMA area.
struct ProgramBuffer {
    le32 location; ///< 0 L2TCM, 1 VTCM, 2 DDR
    le32 offset, size;
    le16 wait_doorbell, io_doorbell;
    le32 wait_value, io_value;
    le16 io_mcid, io_doorbell_mcid, mcid, nsps;
    le32 usage, allow_partial;
};
static_assert(sizeof(ProgramBuffer) == 40 && offsetof(ProgramBuffer, wait_value) == 16 &&
              offsetof(ProgramBuffer, mcid) == 28 && offsetof(ProgramBuffer, usage) == 32);

} // namespace aic100
