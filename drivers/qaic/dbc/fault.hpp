// SPDX-License-Identifier: BSD-3-Clause
// Why a DBC was taken out of use. The data path only records it; the control side fences and explains.
// reliability.md 2.3, 3.2
#pragma once
#include "base/result.hpp"
#include <cstdint>
#include <string_view>

namespace qaic::dbc {

enum class Guard : std::uint8_t {
    NONE,
    Q_RST,   ///< response tail out of range
    Q_CNT,   ///< more responses than operations outstanding
    Q_ID,    ///< response names an operation that is not outstanding
    Q_STALE, ///< response index published, element never written
    DEADLINE,
    SSR,
    RESET,
    REMOVED,
    STOP,
    FAILED, ///< of a device that is out of use for good
    OWNER,  ///< a process died inside a burst call on this DBC (docs/adr/0010)
};

struct GuardInfo {
    Code code; ///< what operations outstanding on the DBC come back with
    std::string_view name, text;
};
inline constexpr GuardInfo guard_table[] = {
    {Code::OK, "none", "in order"},
    {Code::E_PROTO, "Q-RST", "response tail out of range"},
    {Code::E_PROTO, "Q-CNT", "more responses than operations outstanding"},
    {Code::E_PROTO, "Q-ID", "response names no outstanding operation"},
    {Code::E_PROTO, "Q-STALE", "response index without its element"},
    {Code::E_RESET, "deadline",
     "an operation on this DBC passed its deadline"}, // the late one itself: E_TIMEOUT
    {Code::E_SSR, "SSR", "workload is being restarted"},
    {Code::E_RESET, "reset", "card was reset"},
    {Code::E_REMOVED, "removed", "card is gone"},
    {Code::E_CANCELED, "stop", "flushed by stop"},
    {Code::E_STATE, "failed", "device failed: close it and attach again"},
    {Code::E_RESET, "owner", "a process that fed this DBC died in a burst call"},
};
[[nodiscard]] constexpr const GuardInfo& guard_info(Guard g) noexcept
{
    return guard_table[static_cast<std::size_t>(g)];
}

/// ACTIVE -> FAULTED (nobody submits, nothing is handed back) -> FENCED (the card provably cannot write any
/// more, so outstanding operations are handed back) -> ACTIVE again after a new activation.
enum class ChannelState : std::uint8_t { UNBOUND, ACTIVE, FAULTED, FENCED };

} // namespace qaic::dbc
