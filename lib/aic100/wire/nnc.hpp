// SPDX-License-Identifier: BSD-3-Clause
// NNC control protocol: message header and transactions (channels 10/11). aic100-device.md 4.1 - 4.12.
// The commands inside passthrough transactions are in nnc_commands.hpp.
#pragma once
#include "base/endian.hpp"
#include <cstddef>

namespace aic100 {
using namespace qaic;

inline constexpr std::uint32_t nnc_magic = 0x43494151; // "QAIC"
inline constexpr std::uint32_t nnc_max_to_device = 65536, nnc_max_from_device = 4096;
inline constexpr std::uint16_t nnc_major = 5, nnc_minor = 0;
inline constexpr std::int32_t nnc_no_partition = -1;

struct NncHeader {
    le32 crc, magic, sequence, length, count, handle;
    les32 partition;
    le32 padding;
};
static_assert(sizeof(NncHeader) == 32 && offsetof(NncHeader, sequence) == 8 &&
              offsetof(NncHeader, length) == 0x0c && offsetof(NncHeader, handle) == 0x14 &&
              offsetof(NncHeader, partition) == 0x18);

enum class NncType : std::uint32_t {
    PASSTHROUGH_FROM_DEV = 3,
    PASSTHROUGH_TO_DEV = 4,
    DMA_XFER_TO_DEV = 6,
    ACTIVATE_FROM_DEV = 8,
    ACTIVATE_TO_DEV = 9,
    DEACTIVATE_FROM_DEV = 11,
    STATUS_FROM_DEV = 14,
    STATUS_TO_DEV = 15,
    TERMINATE_FROM_DEV = 16,
    TERMINATE_TO_DEV = 17,
    DMA_XFER_CONT = 18,
    VALIDATE_PARTITION_FROM_DEV = 19,
    VALIDATE_PARTITION_TO_DEV = 20
};

/// Every transaction begins so; length includes these 8 bytes.
struct NncTransaction {
    le32 type, length;
};
struct NncDmaXfer { // followed by `count` NncDmaPair
    NncTransaction head;
    le32 tag, count, chunk_id, reserved;
};
struct NncDmaPair {
    le64 address, size;
};
struct NncDmaCont {
    NncTransaction head;
    le32 chunk_id, reserved;
    le64 transferred;
};
struct NncActivateToDev {
    NncTransaction head;
    le64 request_fifo, response_fifo;
    le32 request_elements, response_elements, buffer_bytes, options;
};
struct NncActivateFromDev {
    NncTransaction head;
    le32 status, dbc;
    le64 options;
};
struct NncStatusFromDev {
    NncTransaction head;
    le16 major, minor;
    le32 status;
    le64 flags;
};
struct NncTerminateToDev {
    NncTransaction head;
    le32 handle, reserved;
};
struct NncStatusWord { // DEACTIVATE_FROM_DEV (value = DBC), TERMINATE_FROM_DEV, VALIDATE_PARTITION_FROM_DEV
    NncTransaction head;
    le32 status, value;
};
struct NncValidatePartition {
    NncTransaction head;
    le32 partition, reserved;
};
static_assert(sizeof(NncTransaction) == 8 && sizeof(NncDmaXfer) == 0x18 && sizeof(NncDmaPair) == 16);
static_assert(sizeof(NncDmaCont) == 0x18 && offsetof(NncDmaCont, transferred) == 0x10);
static_assert(sizeof(NncActivateToDev) == 0x28 && offsetof(NncActivateToDev, response_fifo) == 0x10 &&
              offsetof(NncActivateToDev, request_elements) == 0x18 &&
              offsetof(NncActivateToDev, buffer_bytes) == 0x20 &&
              offsetof(NncActivateToDev, options) == 0x24);
static_assert(sizeof(NncActivateFromDev) == 0x18 && offsetof(NncActivateFromDev, options) == 0x10);
static_assert(sizeof(NncStatusFromDev) == 0x18 && offsetof(NncStatusFromDev, status) == 0x0c &&
              offsetof(NncStatusFromDev, flags) == 0x10);
static_assert(sizeof(NncTerminateToDev) == 0x10 && sizeof(NncStatusWord) == 0x10 &&
              sizeof(NncValidatePartition) == 0x10);

/// Bits of NncStatusFromDev::flags (4.6).
namespace nnc_flags {
inline constexpr std::uint64_t CRC = 1u << 0, DPS = 1u << 1, HBE = 1u << 2, HBOOT = 1u << 3, SSR = 1u << 4,
                               MQ = 1u << 5, DDR_ECC = 1u << 6, PAGE_RETIREMENT = 1u << 7,
                               SECURE_BOOT = 1u << 8, SOC_DEBUG = 1u << 9;
}

/// While at least this much of the 65536-byte budget remains, pairs are added to a DMA_XFER (4.7).
inline constexpr std::uint32_t nnc_dma_budget_reserve = 1024;

} // namespace aic100
