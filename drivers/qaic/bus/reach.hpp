// SPDX-License-Identifier: BSD-3-Clause
// What memory a card can reach, by IOVA: kept by the bus as memory comes and goes, looked up by the data
// path, so that an operation over unmapped memory is refused before the card sees it. A lookup never waits
// for a writer: there are two tables, and the one that is not current is written.
#pragma once
#include "qaic/bus/placed.hpp"
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

namespace qaic {

/// [first, first + bytes). Empty by default.
struct Window {
    std::uint64_t first = 0, bytes = 0;

    /// How many addresses in it start `wanted` bytes of it: `iova - first < starts(wanted)` is the whole
    /// test.
    [[nodiscard]] constexpr std::uint64_t starts(std::uint64_t wanted) const noexcept
    {
        return bytes >= wanted ? bytes - wanted + 1 : 0;
    }
    [[nodiscard]] constexpr bool holds(std::uint64_t iova, std::uint64_t wanted) const noexcept
    {
        return iova - first < starts(wanted);
    }
    constexpr bool operator==(const Window&) const = default;
};

/// The part that bursts read, in any process that maps it.
class ReachTable {
  public:
    /// Ranges there is room for. Of more, everything above the last one counts as reachable: an operation is
    /// never refused wrongly, and the card's own IOMMU is still there.
    static constexpr std::size_t capacity = 16384;

    /// Changes with every change: windows found under another number are void.
    [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    /// The range that holds these bytes, as large as it is; empty when there is none. No lock, no wait.
    [[nodiscard]] Window find(std::uint64_t iova, std::uint64_t bytes) const noexcept;

    /// Control side, one thread at a time. first -> bytes, disjoint.
    void publish(const std::map<std::uint64_t, std::uint64_t>& ranges) noexcept;

  private:
    struct Entry {
        std::atomic<std::uint64_t> first{0}, bytes{0};
    };
    struct Table {
        std::atomic<std::size_t> count{0};
        std::array<Entry, capacity> entries;
    };
    std::array<Table, 2> tables_; ///< of version v: tables_[v & 1]
    std::atomic<std::uint64_t> version_{1};
};

/// The bus's side. Any control thread.
class Reach {
  public:
    /// Every address but those no buffer can have; narrowed by the first add() or remove().
    Reach();
    Reach(const Reach&) = delete;
    Reach& operator=(const Reach&) = delete;

    /// The card reaches [iova, iova + bytes) from now on. Ranges may overlap and touch: what counts is their
    /// union. The range must not wrap. Allocates nothing where the table lies: EAL's memory lock may be held.
    void add(std::uint64_t iova, std::uint64_t bytes);
    /// No longer, whatever was added.
    void remove(std::uint64_t iova, std::uint64_t bytes);
    /// Ranges there are, neighbours taken together.
    [[nodiscard]] std::size_t size() const;

    /// Moves the table to other memory (Bus::burst_memory), before anybody was given it. Throws
    /// std::bad_alloc.
    void lie_in(std::pmr::memory_resource& memory);
    /// Back again: that memory goes away. Nobody uses the table any more.
    void leave() noexcept;
    [[nodiscard]] const ReachTable& table() const noexcept { return lent_ ? *lent_ : *own_; }

  private:
    void punch(std::uint64_t iova, std::uint64_t bytes);
    void publish() noexcept { (lent_ ? *lent_ : *own_).publish(ranges_); }

    mutable std::mutex lock_;
    bool known_ = false;
    std::map<std::uint64_t, std::uint64_t> ranges_; ///< first -> bytes; disjoint, never touching
    std::unique_ptr<ReachTable> own_;
    Placed<ReachTable> lent_;
};

} // namespace qaic
