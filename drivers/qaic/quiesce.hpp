// SPDX-License-Identifier: BSD-3-Clause
// How the control side knows that no data-path thread is inside a burst call any more, at the price of two
// plain stores a call: the data path marks entry and exit, the control side runs membarrier(2), which puts
// the full fence that the marks lack onto every core, and then waits for marks that were odd. docs/adr/0002
#pragma once
#include "qaic/bus/bus.hpp"
#include <atomic>
#include <cstdint>

namespace qaic {

/// Odd while its one thread is inside. Only that thread writes it.
class BurstMark {
  public:
    void enter() noexcept
    {
        seq_.store(seq_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        std::atomic_signal_fence(
            std::memory_order_seq_cst); // the machine's half is the control side's membarrier
    }
    void leave() noexcept { seq_.store(seq_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
    [[nodiscard]] std::uint32_t value() const noexcept { return seq_.load(std::memory_order_acquire); }

  private:
    std::atomic<std::uint32_t> seq_{0};
};

class BurstScope {
  public:
    explicit BurstScope(BurstMark& mark) noexcept : mark_(mark) { mark_.enter(); }
    ~BurstScope() { mark_.leave(); }
    BurstScope(const BurstScope&) = delete;
    BurstScope& operator=(const BurstScope&) = delete;

  private:
    BurstMark& mark_;
};

/// Registers this process for private expedited membarriers; E_UNSUPP with the kernel's reason otherwise.
/// Idempotent.
[[nodiscard]] Result<void> quiesce_setup();
/// The fence on all cores that run this process.
void quiesce_fence() noexcept;
/// After everything written before is visible to every burst call that starts later, waits until the call
/// that may have started earlier has left. E_BUSY after `limit`.
[[nodiscard]] Result<void> wait_outside(Bus& bus, const BurstMark& mark, Nanos limit);

} // namespace qaic
