// SPDX-License-Identifier: BSD-3-Clause
// Log of the control side. The core knows only a sink; the plugin points it at DPDK's log types, one per part
// of the driver: pmd.ml.qaic (all that has no type of its own), pmd.ml.qaic.mhi, .nnc, .dbc and .bus
// (--log-level='pmd.ml.qaic*:debug'). Which part speaks is read off the folder of the file, at compile time.
// Nothing on the data path logs.
#pragma once
#include "base/clock.hpp"
#include <fmt/format.h>
#include <string_view>

namespace qaic {

enum class LogLevel : std::uint8_t { ERR, WARNING, NOTICE, INFO, DEBUG };
enum class LogPart : std::uint8_t { DRIVER, MHI, NNC, DBC, BUS };
inline constexpr std::string_view log_part_names[] = {"driver", "mhi", "nnc", "dbc", "bus"};

/// The part a source file belongs to. Boot and services speak over MHI; what is left is DRIVER.
[[nodiscard]] constexpr LogPart log_part_of(std::string_view file) noexcept
{
    constexpr struct {
        std::string_view folder;
        LogPart part;
    } folders[] = {{"qaic/mhi/", LogPart::MHI},      {"qaic/boot/", LogPart::MHI},
                   {"qaic/services/", LogPart::MHI}, {"qaic/nnc/", LogPart::NNC},
                   {"qaic/dbc/", LogPart::DBC},      {"qaic/bus/", LogPart::BUS}};
    for (const auto& f : folders)
        if (file.find(f.folder) != std::string_view::npos) return f.part;
    return LogPart::DRIVER;
}

/// A level, and by its default argument the part whose file it is written in.
struct LogAt {
    constexpr LogAt(LogLevel l, const char* file = __builtin_FILE()) noexcept // NOLINT: meant to be implicit
        : level(l), part(log_part_of(file))
    {}
    LogLevel level;
    LogPart part;
};

/// One line without a line end. Any thread.
using LogSink = void (*)(LogAt at, std::string_view line) noexcept;
/// The sink of this process; the default drops everything. Set-up only.
void set_log_sink(LogSink sink) noexcept;
void log_line(LogAt at, std::string_view line) noexcept;

template<class... A>
void log(LogAt at, fmt::format_string<A...> text, A&&... args)
{
    log_line(at, fmt::format(text, std::forward<A>(args)...));
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
