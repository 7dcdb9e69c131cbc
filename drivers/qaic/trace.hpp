// SPDX-License-Identifier: BSD-3-Clause
// Turning points of a device's life, for whoever traces. The core knows only a sink; the plugin makes them
// DPDK's trace points lib.qaic.* (seen/trace_points.h). Control side only: the data path has its own there.
#pragma once
#include <cstdint>
#include <string_view>

namespace qaic {

/// What `a`, `b` and `text` mean stands behind each.
enum class TracePoint : std::uint8_t {
    ATTACH,     ///< a = microseconds, b = Code, 0 for success
    BOOT_STAGE, ///< a = microseconds, text = stage that ended
    LOAD,       ///< a = model, b = bytes of the container
    UNLOAD,     ///< a = model
    ACTIVATE,   ///< a = model, b = DBC
    DEACTIVATE, ///< a = model, b = DBC
    FAULT,      ///< a = model, b = DBC, text = guard; a whole card: a, b = trace_none
    FENCE,      ///< a = model, b = DBC; a whole card: both trace_none
    RECOVER,    ///< a = model, b = DBC it runs on again; a whole card: both trace_none
};
inline constexpr std::uint16_t trace_none = 0xffff;

using TraceSink = void (*)(TracePoint point, std::string_view device, std::uint64_t a, std::uint64_t b,
                           std::string_view text) noexcept;
/// The sink of this process; the default drops everything. Set-up only.
void set_trace_sink(TraceSink sink) noexcept;
/// Any thread but the data path's.
void trace(TracePoint point, std::string_view device, std::uint64_t a = 0, std::uint64_t b = 0,
           std::string_view text = {}) noexcept;

} // namespace qaic
