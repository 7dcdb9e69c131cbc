// SPDX-License-Identifier: BSD-3-Clause
// What an emulated NSP runs. A container built by qaic-qpc carries an ELF64 (e_machine EM_NONE) whose section
// ".qaic.nsp" holds one NspProgram followed by its NspTensor records (inputs, then outputs). The layout is
// our own: real cards take Hexagon code and refuse this ELF class, as the emulated card refuses Hexagon code.
// How such a program meets the DMA Bridge (doorbells, the two semaphores) is aic100-workload.md 7.7
// unchanged.
#pragma once
#include "base/endian.hpp"
#include <cstddef>

namespace aic100 {
using namespace qaic; // little-endian types

inline constexpr char nsp_section[] = ".qaic.nsp";
inline constexpr std::uint32_t nsp_magic = 0x50534e51; // "QNSP"
inline constexpr std::uint16_t nsp_version = 1;
inline constexpr std::size_t nsp_max_dims = 8;
inline constexpr std::size_t nsp_name_bytes = 64;

enum class NspKind : std::uint16_t {
    BUILTIN = 1, ///< a function of the card model, for tests and for measuring the driver
    ONNX = 2,    ///< the network is the static constants of the container, as ONNX bytes
};

enum class NspBuiltin : std::uint32_t {
    NONE = 0,
    ECHO = 1,     ///< output i = input i (same size; when both lie at one address nothing is copied)
    CHECKSUM = 2, ///< output 0 = u32 CRC-32 (IEEE) of all inputs in order, little-endian
    SCALE = 3,    ///< output 0 = input 0 as float32, times arg0 (bits of a float32)
    WAIT = 4,     ///< as ECHO, but takes arg0 nanoseconds before the output is released
    TIMED = 5, ///< any sizes: each output is the bytes of all inputs, over and over; takes arg0 nanoseconds
};

enum class NspSpace : std::uint32_t { L2TCM = 0, VTCM = 1, DDR = 2 };

/// 40 bytes.
struct NspProgram {
    le32 magic;
    le16 version;
    le16 kind;
    le32 builtin; ///< NspBuiltin, 0 for ONNX
    le32 inputs;
    le32 outputs;
    le32 reserved;
    le64 arg0, arg1;
};
static_assert(sizeof(NspProgram) == 40 && offsetof(NspProgram, arg0) == 24);

/// 128 bytes. Order of the records = order of the DMA buffers: inputs, then outputs.
struct NspTensor {
    le32 space;    ///< NspSpace
    le32 doorbell; ///< index k of its doorbell word, at L2TCM offset 4 k
    le64 offset;   ///< in the space (DDR: from the activation's ddr_base)
    le64 size;     ///< bytes
    le32 type;     ///< element type, numbered as dataType of the network descriptor
    le32 rank;
    le32 dims[nsp_max_dims];
    char name[nsp_name_bytes]; ///< NUL-terminated; for ONNX the tensor's name in the graph
};
static_assert(sizeof(NspTensor) == 128 && offsetof(NspTensor, dims) == 32 && offsetof(NspTensor, name) == 64);

} // namespace aic100
