// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/trace.hpp"
#include <atomic>

namespace qaic {
namespace {
void drop_trace(TracePoint, std::string_view, std::uint64_t, std::uint64_t, std::string_view) noexcept {}
constinit std::atomic<TraceSink> trace_sink{&drop_trace};
} // namespace

void set_trace_sink(TraceSink to) noexcept { trace_sink.store(to != nullptr ? to : &drop_trace); }
void trace(TracePoint point, std::string_view device, std::uint64_t a, std::uint64_t b,
           std::string_view text) noexcept
{
    trace_sink.load()(point, device, a, b, text);
}

} // namespace qaic
