// SPDX-License-Identifier: BSD-3-Clause
// Message buffers of all channels, kept by power-of-two size: a message a second must not cost a hugepage
// allocation a second. Control lock held.
#pragma once
#include "qaic/bus/bus.hpp"
#include <array>
#include <vector>

namespace qaic::mhi {

class BufferPool {
  public:
    explicit BufferPool(Bus& bus) : bus_(bus) {}
    /// A buffer of at least `bytes` (1 .. 4 MiB); its content is what the last user left.
    [[nodiscard]] Result<DmaMemory> take(std::size_t bytes);
    /// Back to the pool: the card has answered, or lost all access to it.
    void give(DmaMemory&& buffer);
    /// Leaks what is in the pool on purpose: the card may still write there (reliability.md 2.3).
    void retire() noexcept;

  private:
    static constexpr unsigned smallest = 6, largest = 22; ///< powers of two
    Bus& bus_;
    std::array<std::vector<DmaMemory>, largest + 1> free_;
};

} // namespace qaic::mhi
