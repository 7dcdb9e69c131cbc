// SPDX-License-Identifier: BSD-3-Clause
// One line a second while a measurement runs, on stderr: in place on a terminal, else a line each.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <rte_thread.h>

namespace qaic::perf {

/// A control thread of EAL's, off the cores that make load where there are others; it only reads.
class LiveLine {
  public:
    explicit LiveLine(const std::atomic<std::uint64_t>& completed);
    LiveLine(const LiveLine&) = delete;
    LiveLine& operator=(const LiveLine&) = delete;
    ~LiveLine();

  private:
    void run();
    const std::atomic<std::uint64_t>& completed_;
    std::mutex lock_;
    std::condition_variable ended_;
    bool over_ = false, running_ = false;
    rte_thread_t thread_{};
};

} // namespace qaic::perf
