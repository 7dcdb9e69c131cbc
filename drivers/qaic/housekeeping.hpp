// SPDX-License-Identifier: BSD-3-Clause
// The slow timer of a device: EAL's alarm (interrupt thread) looks after it and never waits; when something
// must be fenced, which may take seconds, a control thread is made for that one task and ends with it.
// dpdk-driver-guide.md 6
#pragma once
#include "qaic/device.hpp"
#include <atomic>
#include <optional>
#include <rte_thread.h>

namespace qaic {

class Housekeeping {
  public:
    /// `device` must outlive this.
    Housekeeping(Device& device, Nanos period) : device_(device), period_(period) {}
    ~Housekeeping() { stop(); }
    Housekeeping(const Housekeeping&) = delete;
    Housekeeping& operator=(const Housekeeping&) = delete;

    [[nodiscard]] Result<void> start();
    /// Returns when neither the timer nor a recovery runs any more. Not from the interrupt thread's
    /// callbacks.
    void stop() noexcept;
    [[nodiscard]] std::uint64_t ticks() const noexcept { return ticks_.load(std::memory_order_relaxed); }

  private:
    static void on_alarm(void* self);
    static std::uint32_t recover(void* self);
    void begin_recovery();
    void join() noexcept;

    Device& device_;
    Nanos period_;
    std::atomic<bool> stopping_{false}, recovering_{false};
    std::atomic<std::uint64_t> ticks_{0};
    std::optional<rte_thread_t> thread_; ///< alarm callback, or stop() after it has ended
};

} // namespace qaic
