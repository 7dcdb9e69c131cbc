// SPDX-License-Identifier: BSD-3-Clause
// How the control side knows that no data-path thread is inside a burst call any more, at the price of two
// plain stores a call: the data path marks entry and exit, the control side runs membarrier(2), which puts
// the full fence that the marks lack onto every core, and then waits for marks that were odd. docs/adr/0002
#pragma once
#include "qaic/bus/bus.hpp"
#include <atomic>
#include <cstdint>
#include <functional>

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
    [[nodiscard]] bool inside() const noexcept { return value() % 2 != 0; }
    /// The thread inside is no more.
    void forget() noexcept { seq_.store(0, std::memory_order_release); }

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

/// Registers this process for expedited membarriers; E_UNSUPP with the kernel's reason otherwise.
/// Idempotent.
[[nodiscard]] Result<void> quiesce_setup();
/// The same for those that other processes issue too (Linux 4.16); a secondary process cannot do without.
[[nodiscard]] Result<void> quiesce_setup_shared();
/// The fence on all cores that run this process, and on those that run one registered by
/// quiesce_setup_shared().
void quiesce_fence() noexcept;
/// After everything written before is visible to every burst call that starts later, waits until the call
/// that may have started earlier has left, or its process is `gone`. E_BUSY after `limit`.
[[nodiscard]] Result<void> wait_outside(Bus& bus, const BurstMark& mark, Nanos limit,
                                        const std::function<bool()>& gone = {});

} // namespace qaic
