// SPDX-License-Identifier: BSD-3-Clause
// The program container (QPC): a header, a table of segments, names and data. aic100-workload.md 1.1-1.4
//
// Reading copies nothing: the result points into the caller's bytes, which must outlive it. Pointers of the
// file are never relocated in place: each is taken as pointer - base, checked, and used as an offset.
#pragma once
#include "base/bytes.hpp"
#include "base/endian.hpp"
#include "base/result.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace qpc {
using namespace qaic;

inline constexpr std::uint32_t container_magic = 0x00a1cd7c;
inline constexpr std::uint16_t storage_self_contained = 1;

/// File header, 40 bytes.
struct ContainerHeader {
    le32 magic;
    std::uint8_t version_major, version_minor;
    le16 storage;
    le64 size, base, count, table;
};
static_assert(sizeof(ContainerHeader) == 40 && offsetof(ContainerHeader, table) == 32);

/// One record of the segment table, 32 bytes.
struct SegmentRecord {
    le64 size, split, name, data;
};
static_assert(sizeof(SegmentRecord) == 32 && offsetof(SegmentRecord, data) == 24);

namespace segment_name {
inline constexpr std::string_view elf = "network.elf", network_desc = "networkdesc.bin",
                                  constants_desc = "constantsdesc.bin", constants = "constants.bin";
inline constexpr std::string_view crc_suffix = ".crc"; ///< "network.elf.crc" holds a CRC of "network.elf"
} // namespace segment_name

struct Segment {
    std::string_view name; ///< 1..255 printable characters, no slash, no backslash
    ConstSpan data;
    std::uint64_t split = 0;     ///< static bytes of constants.bin; <= data.size()
    std::uint64_t data_at = 0;   ///< file offset of the data
    std::uint64_t record_at = 0; ///< file offset of the record in the table
};

struct Container {
    ContainerHeader header;
    std::vector<Segment> segments; ///< in file order, names unique, nothing overlaps
    [[nodiscard]] const Segment* find(std::string_view name) const noexcept;
};

/// Parses and checks a whole container image. Errors are E_FORMAT and give the rule, the value and the byte
/// offset of the field that breaks it.
Result<Container> parse_container(ConstSpan image);

struct NewSegment {
    std::string name;
    ConstSpan data;
    std::uint64_t split = 0;
};

/// What a segment NAME.crc holds of NAME's bytes (1.4).
[[nodiscard]] le32 crc_segment(ConstSpan bytes) noexcept;

/// Writes a container: base 0, table at 40, names 8-byte and data 256-byte aligned, segments in the order
/// given. E_INVAL for names that parse_container would refuse, too many segments or a missing network.elf.
Result<Bytes> write_container(std::span<const NewSegment> segments);

/// The rule for names that reader and writer share.
[[nodiscard]] bool valid_segment_name(std::string_view name) noexcept;

} // namespace qpc
