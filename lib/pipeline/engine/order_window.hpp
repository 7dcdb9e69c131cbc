// SPDX-License-Identifier: BSD-3-Clause
// Hot. Puts items that several lcores finish in any order back into the order they were handed out in,
// without a lock: each has a slot of its own by its number. What was dropped leaves a mark in its slot, so
// that nobody waits for it.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>

struct rte_mbuf;

namespace pipeline {

/// Three parties: one thread numbers (`room`, `given_out`), any threads publish each number once, one thread
/// takes. A number may be given out while it is less than `size` ahead of what was taken.
class OrderWindow {
  public:
    /// `size`: a power of two. `first`: the first number.
    explicit OrderWindow(std::uint32_t size, std::uint32_t first = 0)
        : slots_(new std::atomic<rte_mbuf*>[size]()), mask_(size - 1), given_(first), taken_(first)
    {}

    /// Numbering thread: how many more may be given out, and the next of them.
    [[nodiscard]] std::uint32_t room() const noexcept
    {
        return mask_ + 1 - (given_ - taken_.load(std::memory_order_acquire));
    }
    [[nodiscard]] std::uint32_t next() const noexcept { return given_; }
    void given_out(std::uint32_t n) noexcept { given_ += n; }

    void publish(std::uint32_t number, rte_mbuf* item) noexcept
    {
        slots_[number & mask_].store(item, std::memory_order_release);
    }
    void publish_gone(std::uint32_t number) noexcept { publish(number, gone()); }

    /// Taking thread: items whose turn it is, at most out.size().
    std::uint16_t take(std::span<rte_mbuf*> out) noexcept
    {
        std::uint16_t n = 0;
        auto at = taken_.load(std::memory_order_relaxed);
        const auto before = at;
        while (n < out.size()) {
            auto& slot = slots_[at & mask_];
            auto* const item = slot.load(std::memory_order_acquire);
            if (item == nullptr) break;
            slot.store(nullptr, std::memory_order_relaxed); // released with taken_ below
            if (item != gone()) out[n++] = item;
            ++at;
        }
        if (at != before) taken_.store(at, std::memory_order_release);
        return n;
    }
    /// When nobody publishes any more: items that are there, over gaps. Not hot.
    std::uint16_t take_any(std::span<rte_mbuf*> out) noexcept
    {
        std::uint16_t n = 0;
        for (std::uint32_t i = 0; i <= mask_ && n < out.size(); ++i) {
            auto* const item = slots_[i].exchange(nullptr);
            if (item != nullptr && item != gone()) out[n++] = item;
        }
        return n;
    }

  private:
    static rte_mbuf* gone() noexcept { return std::bit_cast<rte_mbuf*>(std::uintptr_t{1}); }

    std::unique_ptr<std::atomic<rte_mbuf*>[]> slots_;
    std::uint32_t mask_;
    alignas(64) std::uint32_t given_;
    alignas(64) std::atomic<std::uint32_t> taken_;
};

} // namespace pipeline
