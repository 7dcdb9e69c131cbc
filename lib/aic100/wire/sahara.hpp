// SPDX-License-Identifier: BSD-3-Clause
// Sahara packets (channels 2/3) and the image table. aic100-device.md 3.3, 3.4
#pragma once
#include "base/endian.hpp"
#include <array>
#include <cstddef>
#include <string_view>

namespace aic100 {
using namespace qaic;

enum class SaharaCmd : std::uint32_t {
    HELLO = 0x01,
    HELLO_RESP = 0x02,
    READ_DATA = 0x03,
    END_OF_IMAGE = 0x04,
    DONE = 0x05,
    DONE_RESP = 0x06,
    RESET = 0x07,
    RESET_RESP = 0x08,
    MEM_DEBUG = 0x09,
    CMD_READY = 0x0b,
    MEM_DEBUG64 = 0x10,
    MEM_READ64 = 0x11,
    READ_DATA64 = 0x12
};
enum class SaharaMode : std::uint32_t {
    IMAGE_TX_PENDING = 0,
    IMAGE_TX_COMPLETE = 1,
    MEMORY_DEBUG = 2,
    COMMAND = 3
};
inline constexpr std::uint32_t sahara_version = 2;
inline constexpr std::uint32_t sahara_max_read = 0x80000;  ///< AIC100: longest READ_DATA
inline constexpr std::uint32_t sahara_dump_chunk = 0xfff0; ///< longest MEM_READ64

struct SaharaHeader {
    le32 command, length;
};
struct SaharaHello { // also HELLO_RESP: compat, then status instead of max_length
    SaharaHeader header;
    le32 version, version_compat, max_length, mode;
    le32 reserved[6];
};
struct SaharaHelloResp {
    SaharaHeader header;
    le32 version, version_compat, status, mode;
    le32 reserved[6];
};
struct SaharaReadData {
    SaharaHeader header;
    le32 image, offset, bytes;
};
struct SaharaEndOfImage {
    SaharaHeader header;
    le32 image, status;
};
struct SaharaDoneResp {
    SaharaHeader header;
    le32 status; ///< 0 = more images follow, 1 = all done
};
struct SaharaMemDebug64 {
    SaharaHeader header;
    le64 table_address, table_length;
};
struct SaharaMemRead64 {
    SaharaHeader header;
    le64 address, length;
};
static_assert(sizeof(SaharaHeader) == 8 && sizeof(SaharaHello) == 0x30 && sizeof(SaharaHelloResp) == 0x30);
static_assert(sizeof(SaharaReadData) == 0x14 && sizeof(SaharaEndOfImage) == 0x10 &&
              sizeof(SaharaDoneResp) == 0x0c);
static_assert(sizeof(SaharaMemDebug64) == 0x18 && sizeof(SaharaMemRead64) == 0x18);
static_assert(offsetof(SaharaHello, version) == 8 && offsetof(SaharaHello, max_length) == 0x10 &&
              offsetof(SaharaHello, mode) == 0x14 && offsetof(SaharaHelloResp, status) == 0x10);
static_assert(offsetof(SaharaReadData, offset) == 0x0c && offsetof(SaharaReadData, bytes) == 0x10 &&
              offsetof(SaharaEndOfImage, status) == 0x0c && offsetof(SaharaMemRead64, length) == 0x10);

/// Crash-dump table entry, 64 bytes (3.4 and 6.1).
struct DumpEntry {
    le64 type, address, length;
    char description[20], file[20];
};
static_assert(sizeof(DumpEntry) == 64 && offsetof(DumpEntry, description) == 0x18 &&
              offsetof(DumpEntry, file) == 0x2c);
inline constexpr std::uint64_t dump_magic = 0x1234567890abcdef, dump_version = 1;

/// Codes of END_OF_IMAGE that this project sends or explains (3.3.6).
struct SaharaStatusText {
    std::uint32_t code;
    std::string_view text;
};
namespace sahara_status {
inline constexpr std::uint32_t SUCCESS = 0x00, BAD_DATA_SIZE = 0x08, BAD_IMAGE_TYPE = 0x09,
                               READ_DATA_ERROR = 0x0d, BAD_IMAGE_HEADER_SIZE = 0x13, BAD_ELF_HEADER = 0x14;
}
inline constexpr std::array<SaharaStatusText, 28> sahara_status_table{{
    {0x00, "success"},
    {0x01, "invalid command in this state"},
    {0x02, "protocol mismatch"},
    {0x03, "bad target version"},
    {0x04, "bad host version"},
    {0x05, "bad packet size"},
    {0x06, "unexpected image id"},
    {0x07, "bad header size"},
    {0x08, "bad data size"},
    {0x09, "bad image type"},
    {0x0a, "bad transmit length"},
    {0x0b, "bad receive length"},
    {0x0c, "transfer error"},
    {0x0d, "read-data error"},
    {0x0e, "too many program headers"},
    {0x0f, "bad program header size"},
    {0x10, "multiple shared segments"},
    {0x11, "uninitialised program header"},
    {0x12, "bad destination"},
    {0x13, "bad image header size"},
    {0x14, "bad ELF header"},
    {0x15, "host error in HELLO_RESP"},
    {0x16, "receive time-out"},
    {0x17, "transmit time-out"},
    {0x18, "bad mode"},
    {0x19, "bad memory read"},
    {0x1a, "read size not supported by host"},
    {0x1b, "memory debug unsupported"},
}};
[[nodiscard]] constexpr std::string_view sahara_status_text(std::uint32_t code) noexcept
{
    return code < sahara_status_table.size() ? sahara_status_table[code].text : "unknown status";
}

/// Images of the AIC100 and AIC080 (3.3.6), directory qcom/aic100/; sbl.bin goes by BHI.
struct ImageInfo {
    std::uint32_t id;
    std::string_view file;
};
inline constexpr std::string_view firmware_dir = "qcom/aic100", sbl_file = "sbl.bin";
inline constexpr std::array<ImageInfo, 8> image_table{{{1, "fw1.bin"},
                                                       {2, "fw2.bin"},
                                                       {4, "fw4.bin"},
                                                       {5, "fw5.bin"},
                                                       {6, "fw6.bin"},
                                                       {8, "fw8.bin"},
                                                       {9, "fw9.bin"},
                                                       {10, "fw10.bin"}}};

} // namespace aic100
