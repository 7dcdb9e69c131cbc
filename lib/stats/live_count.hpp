// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <atomic>
#include <cstdint>

namespace qaic::stats {

/// A count one thread adds to and any thread reads.
class LiveCount {
  public:
    void add(std::uint64_t n) noexcept
    {
        // not fetch_add: there is one writer, and a locked instruction would cost it 20 cycles
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void raise_to(std::uint64_t n) noexcept
    {
        if (n > value_.load(std::memory_order_relaxed)) value_.store(n, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

} // namespace qaic::stats
