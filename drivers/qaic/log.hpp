// SPDX-License-Identifier: BSD-3-Clause
// Log of the control side. The core knows only a sink; the plugin points it at DPDK's log type pmd.ml.qaic
// (--log-level=pmd.ml.qaic:debug). Nothing on the data path logs.
#pragma once
#include "base/clock.hpp"
#include <fmt/format.h>
#include <string_view>

namespace qaic {

enum class LogLevel : std::uint8_t { ERR, WARNING, NOTICE, INFO, DEBUG };

/// One line without a line end. Any thread.
using LogSink = void (*)(LogLevel level, std::string_view line) noexcept;
/// The sink of this process; the default drops everything. Set-up only.
void set_log_sink(LogSink sink) noexcept;
void log_line(LogLevel level, std::string_view line) noexcept;

template<class... A>
void log(LogLevel level, fmt::format_string<A...> text, A&&... args)
{
    log_line(level, fmt::format(text, std::forward<A>(args)...));
}

/// Lets `burst` lines through per second and counts the rest: what a card can cause without limit. One
/// thread.
class LogLimiter {
  public:
    explicit LogLimiter(unsigned burst) : burst_(burst) {}
    [[nodiscard]] bool pass(Nanos now) noexcept
    {
        if (now - window_ >= 1s) window_ = now, used_ = 0;
        if (used_ >= burst_) return ++dropped_, false;
        return ++used_, true;
    }
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  private:
    unsigned burst_, used_ = 0;
    Nanos window_{0};
    std::uint64_t dropped_ = 0;
};

} // namespace qaic
