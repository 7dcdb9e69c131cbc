// SPDX-License-Identifier: BSD-3-Clause
// Messages of the auxiliary channels: time sync, SSR, RAS, telemetry, boot log. aic100-device.md 3.5, 3.6, 6
#pragma once
#include "base/endian.hpp"
#include <cstddef>

namespace aic100 {
using namespace qaic;

// ---- boot log (3.5)
// -------------------------------------------------------------------------------------------
inline constexpr unsigned boot_log_buffers = 16, boot_log_buffer_bytes = 512;

// ---- time sync (3.6)
// ------------------------------------------------------------------------------------------
enum class TimesyncType : std::uint8_t { CMD_TO_HOST = 0, SYNC_REQ = 1, ACK_TO_HOST = 2 };
inline constexpr std::uint16_t timesync_signature = 0x55aa;
struct TimesyncHeader {
    le16 signature, reserved1;
    std::uint8_t reserved2, type;
    le16 reserved3;
};
struct TimesyncRequest {
    TimesyncHeader header;
    le64 seconds, microseconds;
};
static_assert(sizeof(TimesyncHeader) == 8 && offsetof(TimesyncHeader, type) == 5);
static_assert(sizeof(TimesyncRequest) == 24 && offsetof(TimesyncRequest, seconds) == 8);

// ---- SSR (6.1)
// ------------------------------------------------------------------------------------------------
enum class SsrCmd : std::uint32_t {
    DEBUG_TRANSFER_INFO = 0x001,
    DEBUG_TRANSFER_INFO_RSP = 0x002,
    MEMORY_READ = 0x004,
    MEMORY_READ_RSP = 0x008,
    DEBUG_TRANSFER_DONE = 0x010,
    DEBUG_TRANSFER_DONE_RSP = 0x020,
    SSR_EVENT = 0x100,
    SSR_EVENT_RSP = 0x200
};
enum class SsrEvent : std::uint32_t {
    NACK = 0x01,
    BEFORE_SHUTDOWN = 0x02,
    AFTER_SHUTDOWN = 0x04,
    BEFORE_POWER_UP = 0x08,
    AFTER_POWER_UP = 0x10
};
/// DBC states shown to users (6.1).
enum class DbcState : std::uint32_t {
    IDLE = 0,
    ASSIGNED = 1,
    BEFORE_SHUTDOWN = 2,
    AFTER_SHUTDOWN = 3,
    BEFORE_POWER_UP = 4,
    AFTER_POWER_UP = 5
};
struct SsrHeader {
    le32 command, length, dbc;
};
struct SsrWord { // INFO_RSP, DONE, DONE_RSP, EVENT, EVENT_RSP
    SsrHeader header;
    le32 value;
};
struct SsrTransferInfo { // DEBUG_TRANSFER_INFO and MEMORY_READ (address, length)
    SsrHeader header;
    le32 reserved;
    le64 address, length;
};
static_assert(sizeof(SsrHeader) == 12 && sizeof(SsrWord) == 16 && sizeof(SsrTransferInfo) == 32);
static_assert(offsetof(SsrTransferInfo, address) == 0x10 && offsetof(SsrTransferInfo, length) == 0x18);
inline constexpr std::size_t ssr_receive_bytes = 32;

// ---- RAS and telemetry share a header (6.2, 6.3)
// -----------------------------------------------------------------
inline constexpr std::uint16_t ras_magic = 0x55aa;
struct RasHeader {
    le16 magic, version;
    le32 sequence;
    std::uint8_t type, id; ///< type: 0 push, 1 request, 2 response
    le16 length;           ///< bytes after this header
};
static_assert(sizeof(RasHeader) == 12 && offsetof(RasHeader, type) == 8 &&
              offsetof(RasHeader, length) == 0x0a);
enum class RasType : std::uint8_t { PUSH = 0, REQUEST = 1, RESPONSE = 2 };

enum class RasSource : std::uint32_t {
    SOC_MEMORY = 0,
    PCIE = 1,
    DDR = 2,
    SYSTEM_BUS1 = 3,
    SYSTEM_BUS2 = 4,
    NSP_MEMORY = 5,
    TEMPERATURE = 6
};
enum class RasErrorType : std::uint32_t { CORRECTABLE = 0, UNCORRECTABLE = 1, UNCORRECTABLE_NONFATAL = 2 };
struct RasMessage {
    RasHeader header; ///< length 92
    les32 result;
    le32 source, error_type, threshold, ce_count, ue_count, interrupt;
    std::uint8_t syndrome[64];
};
static_assert(sizeof(RasMessage) == 104 && offsetof(RasMessage, result) == 0x0c &&
              offsetof(RasMessage, interrupt) == 0x24 && offsetof(RasMessage, syndrome) == 0x28);

struct TelemetryMessage {
    RasHeader header; ///< version 1, length 11
    std::uint8_t command, access;
    std::int8_t status;
    les64 value;
};
static_assert(sizeof(TelemetryMessage) == 23 && offsetof(TelemetryMessage, value) == 0x0f);
enum class TelemetryAccess : std::uint8_t { READ = 0, WRITE = 1 };
namespace telemetry_status {
inline constexpr std::int8_t OK = 0, READ_ONLY = -1, UNSUPPORTED = -2, PROCESSING = -3, INVALID_VALUE = -4,
                             INVALID_HEADER = -5;
}
inline constexpr unsigned telemetry_commands = 27; ///< 0..26

} // namespace aic100
