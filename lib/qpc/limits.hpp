// SPDX-License-Identifier: BSD-3-Clause
// Every limit of the container parsers, by name. With them no file makes us use more than twice its size plus
// 16 MiB (reliability.md 5(c) F03, F05-F07 and 8.6).
#pragma once
#include <cstddef>
#include <cstdint>

namespace qpc::limits {

inline constexpr std::uint64_t file = std::uint64_t{4} << 30;
inline constexpr std::uint64_t onnx_file = (std::uint64_t{2} << 30) - 1; ///< protobuf's own limit

// container
inline constexpr std::size_t segments = 64;
inline constexpr std::size_t name = 255; ///< characters, without the NUL

// network.elf
inline constexpr std::size_t elf_sections = 1024;

// networkdesc.bin and ONNX
inline constexpr std::size_t descriptor = 4u << 20;
inline constexpr unsigned pb_depth = 32;
inline constexpr std::size_t pb_objects = 32768;          ///< messages and repeated strings
inline constexpr std::size_t pb_scalars = 262144;         ///< elements of repeated numbers
inline constexpr std::size_t bindings = 1024;             ///< inputs + outputs
inline constexpr std::size_t dma_buffers = 1024;          ///< far below the 65534 that fit a request's u16
inline constexpr std::size_t rank = 8;                    ///< dimensions of a tensor
inline constexpr std::uint64_t tensor_bytes = 0xffffffff; ///< a DMA buffer's size is a u32

// metadata
inline constexpr std::size_t metadata = 16u << 20;
inline constexpr std::size_t fb_depth = 32;
inline constexpr std::size_t fb_tables = 100000;
inline constexpr std::size_t required_fields = 1024;
inline constexpr std::size_t dma_requests = 4096;
inline constexpr std::size_t semaphores = 32;
inline constexpr unsigned nsps = 16;
inline constexpr std::size_t threads = 6;
inline constexpr std::size_t multicast_entries = 4096; ///< of one table
inline constexpr std::uint32_t vtcm_bytes = 8u << 20, l2tcm_bytes = 1u << 20;
inline constexpr std::uint64_t mcid_window = 0x800000;

} // namespace qpc::limits
