// SPDX-License-Identifier: BSD-3-Clause
// Trace point lib.qaic.doorbell for the data path, which links no EAL. Nothing at all, not even a load,
// unless DPDK was configured with enable_trace_fp; then a call when the plugin is there
// (seen/trace_sink.cpp). HOT.
#pragma once
#include <atomic>
#include <cstdint>

namespace qaic::dbc {

#ifdef RTE_ENABLE_TRACE_FP
using DoorbellTrace = void (*)(std::uint8_t dbc, std::uint32_t tail, std::uint64_t ops) noexcept;
inline std::atomic<DoorbellTrace> doorbell_trace{nullptr}; ///< set-up only

inline void trace_doorbell(std::uint8_t dbc, std::uint32_t tail, std::uint64_t ops) noexcept
{
    if (const auto emit = doorbell_trace.load(std::memory_order_acquire); emit != nullptr)
        emit(dbc, tail, ops);
}
#else
inline void trace_doorbell(std::uint8_t /*dbc*/, std::uint32_t /*tail*/, std::uint64_t /*ops*/) noexcept {}
#endif

} // namespace qaic::dbc
