// SPDX-License-Identifier: BSD-3-Clause
// What memory a card can reach, by IOVA: kept by the bus as memory comes and goes, looked up by the data
// path, so that an operation over unmapped memory is refused before the card sees it. A lookup never waits
// for a writer: there are two tables, and the one that is not current is written.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

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

class Reach {
  public:
    /// Every address but those no buffer can have; narrowed by the first add() or remove().
    Reach();
    Reach(const Reach&) = delete;
    Reach& operator=(const Reach&) = delete;

    // ---- any control thread
    /// The card reaches [iova, iova + bytes) from now on. Ranges may overlap and touch: what counts is their
    /// union. The range must not wrap.
    void add(std::uint64_t iova, std::uint64_t bytes);
    /// No longer, whatever was added.
    void remove(std::uint64_t iova, std::uint64_t bytes);
    /// Ranges there are, neighbours taken together.
    [[nodiscard]] std::size_t size() const;

    // ---- data path
    /// Changes with every change: windows found under another number are void.
    [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    /// The range that holds these bytes, as large as it is; empty when there is none. No lock, no wait.
    [[nodiscard]] Window find(std::uint64_t iova, std::uint64_t bytes) const noexcept;

  private:
    struct Entry {
        std::atomic<std::uint64_t> first, bytes;
    };
    /// Count and entries are one object, so that a lookup never takes the count of another.
    struct Table {
        explicit Table(std::size_t most) : capacity(most), entries(std::make_unique<Entry[]>(most)) {}
        const std::size_t capacity;
        std::atomic<std::size_t> count{0};
        const std::unique_ptr<Entry[]> entries;
    };
    void punch(std::uint64_t iova, std::uint64_t bytes);
    void publish();

    mutable std::mutex lock_;
    bool known_ = false;
    std::map<std::uint64_t, std::uint64_t> ranges_; ///< first -> bytes; disjoint, never touching
    std::array<std::atomic<Table*>, 2> tables_{};   ///< of version v: tables_[v & 1]
    std::atomic<std::uint64_t> version_{1};
    /// Tables that became too small stay: a lookup may be in one. Each has twice the room.
    std::vector<std::unique_ptr<Table>> all_;
};

} // namespace qaic
