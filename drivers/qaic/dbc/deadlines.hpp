// SPDX-License-Identifier: BSD-3-Clause
// Deadlines without a scan: all operations of a lane have the same limit, so it is enough to count, per tick
// of time, how many were issued and how many of those came back. When a tick grows older than the limit and
// its two counts differ, something is late. One add on each side per operation; the tick is the limit over
// 512 to 1024.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <rte_common.h>

namespace qaic::dbc {

class Deadlines {
  public:
    static constexpr std::uint32_t buckets = 2048;

    /// `limit` in the unit of every `now` (TSC cycles in the driver), not 0. Set-up only.
    void reset(std::uint64_t limit, std::uint64_t now) noexcept
    {
        shift_ = limit > 1024 ? static_cast<unsigned>(std::bit_width((limit - 1) >> 10)) : 0;
        span_ = ((limit - 1) >> shift_) + 1;
        cursor_ = now >> shift_;
        for (auto& n : issued_) n.store(0, std::memory_order_relaxed);
        done_.fill(0);
    }

    // ---- producer ----
    /// The tick's low 16 bits: its bucket, and enough to tell its age up to 64 limits.
    [[nodiscard]] std::uint16_t issue(std::uint64_t now, std::uint32_t count) noexcept
    {
        const auto tick = static_cast<std::uint16_t>(now >> shift_);
        auto& issued = issued_[tick & (buckets - 1)];
        issued.store(issued.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
        return tick;
    }

    // ---- consumer ----
    void done(std::uint16_t tick) noexcept { ++done_[tick & (buckets - 1)]; }
    /// True when some operation has been out longer than the limit (plus at most one tick).
    [[nodiscard]] bool late(std::uint64_t now) noexcept
    {
        const auto tick = now >> shift_;
        if (tick < cursor_ + span_ + 1) return false;
        if (tick - cursor_ >= buckets) cursor_ = tick - buckets + 1;
        for (; cursor_ + span_ < tick; ++cursor_) {
            const auto b = cursor_ & (buckets - 1);
            if (issued_[b].load(std::memory_order_relaxed) != done_[b]) return true;
        }
        return false;
    }
    /// Is an operation issued at `tick` past the limit? Only meaningful for one that is still out.
    [[nodiscard]] bool late(std::uint16_t tick, std::uint64_t now) const noexcept
    {
        return static_cast<std::uint16_t>((now >> shift_) - tick) > span_;
    }
    [[nodiscard]] std::uint64_t tick() const noexcept { return std::uint64_t{1} << shift_; }

  private:
    unsigned shift_ = 0;
    std::uint64_t span_ = 1;
    alignas(RTE_CACHE_LINE_SIZE) std::array<std::atomic<std::uint32_t>, buckets> issued_{};
    alignas(RTE_CACHE_LINE_SIZE) std::array<std::uint32_t, buckets> done_{};
    std::uint64_t cursor_ = 0;
};

} // namespace qaic::dbc
