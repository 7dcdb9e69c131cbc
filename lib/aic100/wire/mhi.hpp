// SPDX-License-Identifier: BSD-3-Clause
// MHI contexts and ring elements as they lie in host memory. aic100-device.md 2.7 - 2.9, 2.13
#pragma once
#include "base/endian.hpp"
#include <array>
#include <cstddef>
#include <string_view>

namespace aic100 {
using namespace qaic;

// ---- contexts: 44 bytes each, 64-bit members only 4-byte aligned (2.7)
// -------------------------------------
struct ChannelContext {
    le32 chcfg; ///< [7:0] state, [9:8] burst mode, [15:10] poll config
    le32 chtype;
    le32 erindex;
    le64 rbase, rlen, rp, wp;
};
struct EventContext {
    le32 intmod; ///< [15:8] moderation count, [31:16] moderation time in ms
    le32 ertype;
    le32 msivec;
    le64 rbase, rlen, rp, wp;
};
struct CommandContext {
    le32 reserved[3];
    le64 rbase, rlen, rp, wp;
};
static_assert(sizeof(ChannelContext) == 44 && sizeof(EventContext) == 44 && sizeof(CommandContext) == 44);
static_assert(offsetof(ChannelContext, erindex) == 8 && offsetof(ChannelContext, rbase) == 0x0c &&
              offsetof(ChannelContext, rlen) == 0x14 && offsetof(ChannelContext, rp) == 0x1c &&
              offsetof(ChannelContext, wp) == 0x24);
static_assert(offsetof(EventContext, msivec) == 8 && offsetof(EventContext, rbase) == 0x0c &&
              offsetof(EventContext, rlen) == 0x14 && offsetof(EventContext, rp) == 0x1c &&
              offsetof(EventContext, wp) == 0x24);
static_assert(offsetof(CommandContext, rbase) == 0x0c && offsetof(CommandContext, rlen) == 0x14 &&
              offsetof(CommandContext, rp) == 0x1c && offsetof(CommandContext, wp) == 0x24);

enum class ChannelState : std::uint8_t {
    DISABLED = 0,
    ENABLED = 1,
    RUNNING = 2,
    SUSPENDED = 3,
    STOP = 4,
    ERROR = 5
};
enum class ChannelType : std::uint32_t { OUTBOUND = 1, INBOUND = 2, INBOUND_COALESCED = 3 };
inline constexpr std::uint32_t chcfg_state_mask = 0xff;
inline constexpr std::uint32_t chcfg_burst_disabled = 2u << 8;
inline constexpr std::uint32_t event_ring_valid = 1; ///< ertype

// ---- ring elements: 16 bytes (2.8)
// ---------------------------------------------------------------------------
struct RingElement {
    le64 ptr;
    le32 dw0, dw1;
};
static_assert(sizeof(RingElement) == 16 && offsetof(RingElement, dw0) == 8 &&
              offsetof(RingElement, dw1) == 12);
inline constexpr std::uint64_t ring_element_bytes = sizeof(RingElement);

inline constexpr std::uint32_t tre_type = 2, tre_type_coalesced = 8;
inline constexpr std::uint32_t tre_chain = 1u << 0, tre_ieob = 1u << 8, tre_ieot = 1u << 9,
                               tre_bei = 1u << 10;
inline constexpr std::uint32_t mhi_max_transfer = 65535; ///< one TRE; 65536 is impossible (8.9 point 5)

enum class Command : std::uint8_t {
    NOP = 0x01,
    RESET_CHANNEL = 0x10,
    STOP_CHANNEL = 0x11,
    START_CHANNEL = 0x12
};
enum class EventType : std::uint8_t {
    STATE_CHANGE = 0x20,
    COMMAND_COMPLETION = 0x21,
    TRANSFER = 0x22,
    TRANSFER_COALESCED = 0x28,
    EXEC_ENV = 0x40,
    TIME_SYNC = 0x48,
    BANDWIDTH = 0x50
};
enum class Completion : std::uint8_t {
    INVALID = 0,
    SUCCESS = 1,
    EOT = 2,
    OVERFLOW_ = 3, ///< the packet goes on in the next TRE
    EOB = 4,
    OOB = 5,
    DB_MODE = 6,
    UNDEFINED_ERR = 0x10,
    BAD_TRE = 0x11
};

/// Transfer element: `length` 1..65535. A chained element carries CHAIN alone, the last one IEOT alone.
[[nodiscard]] constexpr RingElement make_tre(std::uint64_t iova, std::uint32_t length, bool chained) noexcept
{
    return {iova, length & 0xffff, tre_type << 16 | (chained ? tre_chain : tre_ieot)};
}
[[nodiscard]] constexpr std::uint32_t tre_length(const RingElement& e) noexcept { return e.dw0 & 0xffff; }
[[nodiscard]] constexpr bool tre_chained(const RingElement& e) noexcept { return (e.dw1 & tre_chain) != 0; }

[[nodiscard]] constexpr RingElement make_command(Command command, std::uint8_t channel) noexcept
{
    return {0, 0, std::uint32_t{channel} << 24 | std::uint32_t{static_cast<std::uint8_t>(command)} << 16};
}
[[nodiscard]] constexpr std::uint8_t command_of(const RingElement& e) noexcept
{
    return (e.dw1 >> 16) & 0xff;
}

/// Events: `code` is a completion code, an MHI state or an execution environment, by type.
[[nodiscard]] constexpr RingElement make_event(EventType type, std::uint64_t ptr, std::uint8_t code,
                                               std::uint16_t length, std::uint8_t channel) noexcept
{
    return {ptr, std::uint32_t{code} << 24 | length,
            std::uint32_t{channel} << 24 | std::uint32_t{static_cast<std::uint8_t>(type)} << 16};
}
[[nodiscard]] constexpr std::uint8_t event_type(const RingElement& e) noexcept
{
    return (e.dw1 >> 16) & 0xff;
}
[[nodiscard]] constexpr std::uint8_t event_code(const RingElement& e) noexcept { return e.dw0 >> 24; }
[[nodiscard]] constexpr std::uint32_t event_length(const RingElement& e) noexcept { return e.dw0 & 0xffff; }
/// Channel of an event, a command element or a transfer event.
[[nodiscard]] constexpr std::uint8_t element_channel(const RingElement& e) noexcept { return e.dw1 >> 24; }

// ---- channels and rings of the AIC100 (2.13)
// ------------------------------------------------------------------
inline constexpr unsigned channel_contexts = 128; ///< 26 are defined, 127 is the wake doorbell
inline constexpr unsigned event_ring_elements = 32, command_ring_elements = 128;

struct ChannelInfo {
    std::uint8_t to_device; ///< even; from-device is the next odd id
    bool in_sbl;            ///< belongs to SBL, otherwise to AMSS
    std::uint16_t elements;
    std::string_view name;
};
inline constexpr std::array<ChannelInfo, 13> channel_table{{
    {0, false, 32, "QAIC_LOOPBACK"},
    {2, true, 32, "QAIC_SAHARA"},
    {4, false, 32, "QAIC_DIAG"},
    {6, false, 32, "QAIC_SSR"},
    {8, false, 32, "QAIC_QDSS"},
    {10, false, 128, "QAIC_CONTROL"},
    {12, true, 32, "QAIC_LOGGING"},
    {14, false, 32, "QAIC_STATUS"},
    {16, false, 32, "QAIC_TELEMETRY"},
    {18, false, 32, "QAIC_DEBUG"},
    {20, true, 32, "QAIC_TIMESYNC"},
    {22, false, 32, "QAIC_TIMESYNC_PERIODIC"},
    {24, false, 32, "IPCR"},
}};
namespace channel {
inline constexpr std::uint8_t LOOPBACK = 0, SAHARA = 2, DIAG = 4, SSR = 6, QDSS = 8, CONTROL = 10,
                              LOGGING = 12, STATUS = 14, TELEMETRY = 16, DEBUG = 18, TIMESYNC = 20,
                              TIMESYNC_PERIODIC = 22, IPCR = 24;
} // namespace channel
/// Row of a channel id (either direction), nullptr for an id that is not defined.
[[nodiscard]] constexpr const ChannelInfo* channel_info(unsigned id) noexcept
{
    return id / 2 < channel_table.size() ? &channel_table[id / 2] : nullptr;
}

} // namespace aic100
