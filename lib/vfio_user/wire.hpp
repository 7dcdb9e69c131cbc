// SPDX-License-Identifier: BSD-3-Clause
// Messages of the vfio-user protocol 0.1 as bytes: what a server and a client have in common, and no more.
// Facts: QEMU, docs/interop/vfio-user.rst. Everything is little-endian; a header comes first, then one of the
// bodies below, then data. A reply has its command's header (id, command) and the body given as "reply".
#pragma once
#include "base/endian.hpp"
#include <cstddef>
#include <cstdint>

namespace vfio_user {
using qaic::le16, qaic::le32, qaic::le64;

enum class Command : std::uint16_t {
    VERSION = 1,
    DMA_MAP = 2,
    DMA_UNMAP = 3,
    DEVICE_GET_INFO = 4,
    DEVICE_GET_REGION_INFO = 5,
    DEVICE_GET_REGION_IO_FDS = 6, ///< not offered
    DEVICE_GET_IRQ_INFO = 7,
    DEVICE_SET_IRQS = 8,
    REGION_READ = 9,
    REGION_WRITE = 10,
    DMA_READ = 11,  ///< server to client
    DMA_WRITE = 12, ///< server to client
    DEVICE_RESET = 13,
    REGION_WRITE_MULTI = 15, ///< with the capability write_multiple only
};

namespace header_flag {
inline constexpr std::uint32_t TYPE_MASK = 0xf, COMMAND = 0, REPLY = 1, NO_REPLY = 1u << 4, ERROR = 1u << 5;
}

struct Header {
    le16 id;
    le16 command;
    le32 size; ///< whole message, header included
    le32 flags;
    le32 error; ///< errno, valid with ERROR
};
static_assert(sizeof(Header) == 16 && offsetof(Header, size) == 4 && offsetof(Header, error) == 12);

/// Followed by JSON with a final NUL: {"capabilities":{"max_msg_fds":N,"max_data_xfer_size":N,"pgsizes":N,
/// "max_dma_maps":N,"write_multiple":true}}. The reply has the same form; the minor version is the lower one.
struct Version {
    le16 major, minor;
};
static_assert(sizeof(Version) == 4);

/// One fd at most. Reply: header only.
struct DmaMap {
    le32 argsz; ///< 32
    le32 flags; ///< dma_flag
    le64 fd_offset;
    le64 address;
    le64 size;
};
static_assert(sizeof(DmaMap) == 32 && offsetof(DmaMap, address) == 16);
namespace dma_flag {
inline constexpr std::uint32_t READ = 1, WRITE = 2;
}

/// Reply: the same body.
struct DmaUnmap {
    le32 argsz; ///< 24
    le32 flags; ///< unmap_flag
    le64 address;
    le64 size;
};
static_assert(sizeof(DmaUnmap) == 24);
namespace unmap_flag {
inline constexpr std::uint32_t DIRTY_BITMAP = 1, ALL = 2; ///< ALL: address and size are 0
}

/// Command (only argsz counts) and reply.
struct DeviceInfo {
    le32 argsz; ///< 16
    le32 flags; ///< device_flag
    le32 regions;
    le32 irqs;
};
static_assert(sizeof(DeviceInfo) == 16);
namespace device_flag {
inline constexpr std::uint32_t RESET = 1, PCI = 2;
}

/// Command (argsz, index) and reply. Capabilities follow when they fit argsz of the command; if not, argsz of
/// the reply says how much would be needed. A mmap-able region comes with one fd.
struct RegionInfo {
    le32 argsz; ///< 32 + capabilities
    le32 flags; ///< region_flag
    le32 index;
    le32 cap_offset; ///< from the start of this structure; 0: none
    le64 size;
    le64 fd_offset;
};
static_assert(sizeof(RegionInfo) == 32 && offsetof(RegionInfo, size) == 16);
namespace region_flag {
inline constexpr std::uint32_t READ = 1, WRITE = 2, MMAP = 4, CAPS = 8;
}

struct CapabilityHeader {
    le16 id;
    le16 version;
    le32 next; ///< from the start of RegionInfo; 0: last
};
inline constexpr std::uint16_t cap_sparse_mmap = 1;
/// Followed by `areas` times SparseArea.
struct SparseMmap {
    CapabilityHeader header;
    le32 areas;
    le32 reserved;
};
struct SparseArea {
    le64 offset; ///< within the region
    le64 size;
};
static_assert(sizeof(SparseMmap) == 16 && sizeof(SparseArea) == 16);

/// Command (argsz, index) and reply.
struct IrqInfo {
    le32 argsz; ///< 16
    le32 flags; ///< irq_info_flag
    le32 index;
    le32 count;
};
static_assert(sizeof(IrqInfo) == 16);
namespace irq_info_flag {
inline constexpr std::uint32_t EVENTFD = 1, MASKABLE = 2, AUTOMASKED = 4, NORESIZE = 8;
}

/// With DATA_EVENTFD: one fd for each of [start, start + count), or none to disarm them. DATA_BOOL: a byte
/// for each. count 0 with DATA_NONE | TRIGGER: all off. Reply: header only.
struct SetIrqs {
    le32 argsz; ///< 20 + data
    le32 flags; ///< one DATA_* and one ACTION_*
    le32 index;
    le32 start;
    le32 count;
};
static_assert(sizeof(SetIrqs) == 20);
namespace irq_flag {
inline constexpr std::uint32_t DATA_NONE = 1, DATA_BOOL = 2, DATA_EVENTFD = 4, DATA_MASK = 7;
inline constexpr std::uint32_t ACTION_MASK = 8, ACTION_UNMASK = 16, ACTION_TRIGGER = 32, ACTIONS = 56;
} // namespace irq_flag

/// REGION_READ: reply has the body with `count`, then the data. REGION_WRITE: data follows the body; the
/// reply is the body alone.
struct RegionAccess {
    le64 offset;
    le32 region;
    le32 count;
};
static_assert(sizeof(RegionAccess) == 16);

/// REGION_WRITE_MULTI: le64 count, then `count` of these. Reply: le64 count.
struct MultiWrite {
    le64 offset;
    le32 region;
    le32 count; ///< 1 to 8
    std::uint8_t data[8];
};
static_assert(sizeof(MultiWrite) == 24);

/// DMA_READ: reply is the body and the data. DMA_WRITE: data follows; the reply is the body.
struct DmaAccess {
    le64 address;
    le64 count;
};
static_assert(sizeof(DmaAccess) == 16);

// ---- indices, those of Linux's VFIO for PCI
inline constexpr unsigned region_bar0 = 0, region_rom = 6, region_config = 7, region_vga = 8, regions = 9;
inline constexpr unsigned irq_intx = 0, irq_msi = 1, irq_msix = 2, irq_err = 3, irq_req = 4, irqs = 5;

// ---- limits (reliability.md 8.6)
inline constexpr std::uint32_t max_transfer = 1u << 20; ///< data of one message
inline constexpr std::uint32_t max_message = max_transfer + 64;
inline constexpr unsigned max_fds = 8;          ///< what either side of ours takes in one message
inline constexpr unsigned max_dma_maps = 65536; ///< regions at a time

} // namespace vfio_user
