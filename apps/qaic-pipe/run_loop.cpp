// SPDX-License-Identifier: BSD-3-Clause
#include "run_loop.hpp"
#include "pipeline/metrics/live_table.hpp"
#include "run_outputs.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <sys/ioctl.h>
#include <unistd.h>

namespace qaic_pipe {

namespace {

constexpr Nanos tick = std::chrono::milliseconds(100);
constexpr Nanos redraw = std::chrono::seconds(1);

Nanos seconds(double s) { return Nanos(static_cast<std::int64_t>(s * 1e9)); }

/// No line wider than the terminal: it would wrap, and the way back up to the first one would be longer.
std::string fitted(const std::string& text)
{
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return text;
    std::string out;
    std::size_t column = 0;
    for (const char c : text) {
        column = c == '\n' ? 0 : column + 1;
        if (column <= size.ws_col) out += c;
    }
    return out;
}

/// What is drawn anew each second: a table that stays where it is on the terminal, and pictures.
class Display {
  public:
    explicit Display(const RunOptions& options)
        : options_(options), table_(!options.no_live && ::isatty(STDERR_FILENO) == 1),
          pictures_(!options.svg.empty() || !options.dot.empty())
    {}
    void show(const pipeline::Engine& engine, Nanos now)
    {
        if (!(table_ || pictures_) || now < next_) return;
        next_ = now + redraw;
        auto snapshot = engine.snapshot();
        const auto* const before = before_ ? &*before_ : nullptr;
        if (table_) show_table(snapshot, before);
        // what cannot be written is said at the end
        if (pictures_) (void)draw_pictures(options_, engine.spec(), snapshot, before);
        before_ = std::move(snapshot);
    }
    /// Something else was written below the table: the next one starts there.
    void leave() { lines_ = 0; }

  private:
    void show_table(const pipeline::PipelineSnapshot& now, const pipeline::PipelineSnapshot* before)
    {
        const auto text = fitted(pipeline::metrics::live_table(now, before));
        // up to where the last one began, and clear from there
        if (lines_ != 0) fmt::print(stderr, "\x1b[{}A\x1b[J", lines_);
        fmt::print(stderr, "{}", text);
        lines_ = std::count(text.begin(), text.end(), '\n');
    }

    const RunOptions& options_;
    bool table_, pictures_;
    Nanos next_{};
    std::optional<pipeline::PipelineSnapshot> before_;
    std::ptrdiff_t lines_ = 0;
};

class Loop {
  public:
    Loop(pipeline::Engine& engine, const RunOptions& options, const StopSignals& signals)
        : engine_(engine), options_(options), signals_(signals), display_(options)
    {}

    RunEnd run()
    {
        const auto time_over = clock_.now() + seconds(options_.seconds);
        for (;;) {
            const int signal = signals_.wait(tick);
            const auto now = clock_.now();
            if (signal == SIGHUP) reload();
            if (signal == SIGINT || signal == SIGTERM) {
                if (draining_) return RunEnd::STOPPED;
                drain(now, "a signal came; once more stops it at once");
            }
            if (engine_.failed()) return RunEnd::LINK_FULL;
            if (engine_.finished()) return RunEnd::FINISHED;
            if (!draining_ && options_.seconds > 0 && now >= time_over) drain(now, "its time is over");
            if (draining_ && now >= give_up_) return RunEnd::NOT_DRAINED;
            display_.show(engine_, now);
        }
    }

  private:
    void drain(Nanos now, const char* why)
    {
        draining_ = true;
        give_up_ = now + seconds(options_.drain_limit);
        engine_.drain();
        fmt::print(stderr, "qaic-pipe: {} drains: {}\n", engine_.spec().name, why);
        display_.leave();
    }
    void reload()
    {
        const auto done = engine_.reload();
        fmt::print(stderr, "qaic-pipe: {}\n",
                   done ? "SIGHUP: read again" : "SIGHUP: " + done.error().message() + "; goes on as before");
        display_.leave();
    }

    pipeline::Engine& engine_;
    const RunOptions& options_;
    const StopSignals& signals_;
    const SteadyClock clock_;
    Display display_;
    bool draining_ = false;
    Nanos give_up_{};
};

} // namespace

RunEnd run_loop(pipeline::Engine& engine, const RunOptions& options, const StopSignals& signals)
{
    return Loop(engine, options, signals).run();
}

} // namespace qaic_pipe
