// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/log.hpp"
#include <atomic>

namespace qaic {
namespace {
void drop(LogAt, std::string_view) noexcept {}
constinit std::atomic<LogSink> sink{&drop};
} // namespace

void set_log_sink(LogSink to) noexcept { sink.store(to != nullptr ? to : &drop); }
void log_line(LogAt at, std::string_view line) noexcept { sink.load()(at, line); }

} // namespace qaic
