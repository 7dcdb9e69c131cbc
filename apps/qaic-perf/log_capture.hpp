// SPDX-License-Identifier: BSD-3-Clause
// rte_mldev returns an errno; why a driver refused stands in its log only. This keeps the log while one call
// runs, so that the tool's own line can say it.
#pragma once
#include <cstdio>
#include <string>

namespace qaic::perf {

/// From construction to destruction DPDK's log (all of it, any driver's) goes to memory. At the end it is
/// printed to stderr as it would have been, unless take_reason() took it. One at a time; control thread only.
class LogCapture {
  public:
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// The last line logged, without its line end; empty when nothing was. The lines before it are printed.
    [[nodiscard]] std::string take_reason();

  private:
    std::FILE* stream_;
    char* text_ = nullptr;
    std::size_t size_ = 0;
    bool taken_ = false;
};

} // namespace qaic::perf
