// SPDX-License-Identifier: BSD-3-Clause
// The last errors and warnings of a device, kept for telemetry. Fed by the log's sink with every line of
// those levels: a line belongs to the devices whose name stands in it as a word.
#pragma once
#include "qaic/log.hpp"
#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace qaic {

class ErrorLog {
  public:
    static constexpr std::size_t kept = 32, text_limit = 250;
    struct Entry {
        std::chrono::system_clock::time_point at;
        LogLevel level = LogLevel::ERR;
        LogPart part = LogPart::DRIVER;
        std::string text; ///< at most text_limit bytes
    };

    explicit ErrorLog(std::string device);
    ~ErrorLog();
    ErrorLog(const ErrorLog&) = delete;
    ErrorLog& operator=(const ErrorLog&) = delete;

    /// Any thread. A line that there is no memory for is dropped.
    static void note(LogAt at, std::string_view line) noexcept;
    /// Oldest first. Any thread.
    [[nodiscard]] std::vector<Entry> last() const;
    /// All there ever were, with those that are kept no longer.
    [[nodiscard]] std::uint64_t total() const;

  private:
    [[nodiscard]] bool named_in(std::string_view line) const noexcept;

    const std::string device_;
    ErrorLog* next_ = nullptr; ///< of all logs of this process
    std::array<Entry, kept> ring_;
    std::uint64_t total_ = 0;
};

} // namespace qaic
