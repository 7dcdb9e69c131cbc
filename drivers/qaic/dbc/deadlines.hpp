// SPDX-License-Identifier: BSD-3-Clause
// Deadlines without a scan, and without a clock on the submitting side: time is cut into epochs by the
// consumer, who polls anyway. The producer only counts its operations into the epoch that is current, the
// consumer counts those that come back. When an epoch ended longer ago than the limit and its two counts
// differ, something is late. An epoch is a 600th of the limit or, when nobody polls, as long as nobody polls:
// an operation is never called late too early, and at most one epoch too late.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <rte_common.h>

namespace qaic::dbc {

class Deadlines {
  public:
    static constexpr std::uint32_t buckets = 1024, epochs_per_limit = 600;

    /// `limit` in the unit of every `now` (TSC cycles in the driver), not 0. Set-up only.
    void reset(std::uint64_t limit, std::uint64_t now) noexcept
    {
        limit_ = limit;
        length_ = std::max<std::uint64_t>(limit / epochs_per_limit, 1);
        next_ = now + length_;
        cursor_ = 0;
        epoch_.store(0, std::memory_order_relaxed);
        for (auto& n : issued_) n.store(0, std::memory_order_relaxed);
        for (auto& e : ended_) e = {};
    }

    // ---- producer ----
    /// Counts `count` operations in; their epoch goes with them and into done().
    [[nodiscard]] std::uint16_t issue(std::uint32_t count) noexcept
    {
        const auto epoch = epoch_.load(std::memory_order_relaxed);
        auto& issued = issued_[epoch % buckets];
        issued.store(issued.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
        return static_cast<std::uint16_t>(epoch);
    }

    // ---- consumer ----
    void done(std::uint16_t epoch, std::uint32_t count) noexcept { ended_[epoch % buckets].done += count; }
    /// True when some operation has been out longer than the limit. One comparison most of the time.
    [[nodiscard]] bool late(std::uint64_t now) noexcept { return now >= next_ && turn_over(now); }
    /// Is an operation of `epoch` past the limit? Only meaningful for one that is still out.
    [[nodiscard]] bool late(std::uint16_t epoch, std::uint64_t now) const noexcept
    {
        const auto current = static_cast<std::uint16_t>(epoch_.load(std::memory_order_relaxed));
        return epoch != current && now - ended_[epoch % buckets].at >= limit_;
    }
    [[nodiscard]] std::uint64_t epoch_length() const noexcept { return length_; }

  private:
    bool turn_over(std::uint64_t now) noexcept
    {
        const auto epoch = epoch_.load(std::memory_order_relaxed);
        ended_[epoch % buckets].at = now;
        // The judged ones make room: an epoch outlives the limit by one turn, so at most 602 are unjudged.
        for (; cursor_ <= epoch && now - ended_[cursor_ % buckets].at >= limit_; ++cursor_)
            if (issued_[cursor_ % buckets].load(std::memory_order_relaxed) != ended_[cursor_ % buckets].done)
                return true;
        epoch_.store(epoch + 1, std::memory_order_relaxed);
        next_ = now + length_;
        return false;
    }

    struct Ended {
        std::uint64_t at = 0;
        std::uint32_t done = 0;
    };
    std::uint64_t limit_ = 1, length_ = 1, next_ = 0, cursor_ = 0;
    std::array<Ended, buckets> ended_{};
    /// Read by the producer, written by the consumer once an epoch.
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> epoch_{0};
    alignas(RTE_CACHE_LINE_SIZE) std::array<std::atomic<std::uint32_t>, buckets> issued_{};
};

} // namespace qaic::dbc
