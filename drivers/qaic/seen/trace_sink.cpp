// SPDX-License-Identifier: BSD-3-Clause
// The core's turning points become DPDK's trace points.
#include "qaic/dbc/doorbell_trace.hpp"
#include "qaic/seen/trace_points.h"
#include "qaic/trace.hpp"
#include <algorithm>
#include <array>
#include <rte_common.h>

namespace qaic {
namespace {

/// As trace points take it: ended by a zero, at most 31 bytes.
struct ShortText {
    explicit ShortText(std::string_view text) noexcept
    {
        std::copy_n(text.data(), std::min(text.size(), bytes.size() - 1), bytes.data());
    }
    std::array<char, 32> bytes{};
};

void emit(TracePoint point, std::string_view device, std::uint64_t a, std::uint64_t b,
          std::string_view text) noexcept
{
    const ShortText name(device), what(text);
    const char* const dev = name.bytes.data();
    const auto model = static_cast<std::uint16_t>(a), dbc = static_cast<std::uint16_t>(b);
    switch (point) {
    case TracePoint::ATTACH: return qaic_trace_attach(dev, a, static_cast<std::uint32_t>(b));
    case TracePoint::BOOT_STAGE: return qaic_trace_boot_stage(dev, what.bytes.data(), a);
    case TracePoint::LOAD: return qaic_trace_load(dev, model, b);
    case TracePoint::UNLOAD: return qaic_trace_unload(dev, model);
    case TracePoint::ACTIVATE: return qaic_trace_activate(dev, model, dbc);
    case TracePoint::DEACTIVATE: return qaic_trace_deactivate(dev, model, dbc);
    case TracePoint::FAULT: return qaic_trace_fault(dev, model, dbc, what.bytes.data());
    case TracePoint::FENCE: return qaic_trace_fence(dev, model, dbc);
    case TracePoint::RECOVER: return qaic_trace_recover(dev, model, dbc);
    }
}

RTE_INIT(qaic_trace_sink_init)
{
    set_trace_sink(&emit);
#ifdef RTE_ENABLE_TRACE_FP
    dbc::doorbell_trace = [](std::uint8_t dbc, std::uint32_t tail, std::uint64_t ops) noexcept {
        qaic_trace_doorbell(dbc, tail, ops);
    };
#endif
}

} // namespace
} // namespace qaic
