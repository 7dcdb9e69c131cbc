// SPDX-License-Identifier: BSD-3-Clause
// Deadlines without a scan, and without a clock on the submitting side: time is cut into epochs by the
// consumer, who polls anyway. The producer only counts its operations into the epoch that is current, the
// consumer counts those that come back. When an epoch ended longer ago than the limit and its two counts
// differ, something is late. An epoch is a 600th of the limit or, when nobody polls, as long as nobody polls:
// an operation is never called late too early, and at most one epoch too late.
//
// Operations with a limit of their own are counted into groups instead (issue_by): those whose dates lie
// within a 16th of their limit share one. Their producer reads the clock. Who has none pays one comparison in
// a poll that finds nothing.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <rte_branch_prediction.h>
#include <rte_common.h>

namespace qaic::dbc {

class Deadlines {
  public:
    static constexpr std::uint32_t buckets = 1024, epochs_per_limit = 600;
    /// Of own limits: groups there are, and the part of a limit by which one may be found late too late.
    static constexpr std::uint32_t groups = 128, slack_per_limit = 16;
    static constexpr std::uint64_t longest = std::uint64_t{1} << 62; ///< own limit

    /// What an operation is counted by; goes with it and into done().
    using Ticket = std::uint16_t;

    /// `limit` in the unit of every `now` (TSC cycles in the driver), not 0. Set-up only.
    void reset(std::uint64_t limit, std::uint64_t now) noexcept
    {
        limit_ = limit;
        length_ = std::max<std::uint64_t>(limit / epochs_per_limit, 1);
        next_ = turn_at_ = now + length_;
        cursor_ = 0;
        group_at_ = never;
        opened_seen_ = 0, suspect_ = groups;
        epoch_.store(0, std::memory_order_relaxed);
        for (auto& n : issued_) n.store(0, std::memory_order_relaxed);
        for (auto& e : ended_) e = {};
        for (auto& n : group_issued_) n.store(closed, std::memory_order_relaxed);
        opened_.store(0, std::memory_order_relaxed);
        recent_.fill(0);
    }

    void restart(std::uint64_t now) noexcept { reset(limit_, now); }

    // ---- producer
    /// Counts `count` operations in by the limit of all.
    [[nodiscard]] Ticket issue(std::uint32_t count) noexcept
    {
        const auto epoch = epoch_.load(std::memory_order_relaxed);
        auto& issued = issued_[epoch % buckets];
        issued.store(issued.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
        return static_cast<Ticket>(epoch % buckets);
    }
    /// Counts `count` operations in that are late `limit` after `now`; nothing when all groups are taken:
    /// some become free when operations are back or late. `limit` at least 1.
    [[nodiscard]] std::optional<Ticket> issue_by(std::uint64_t now, std::uint64_t limit,
                                                 std::uint32_t count) noexcept
    {
        limit = std::min(limit, longest);
        const auto date = now + limit, slack = limit / slack_per_limit;
        for (const auto g : recent_)
            if (due_[g].load(std::memory_order_relaxed) - date <= slack && join(g, count)) return ticket(g);
        for (std::uint32_t tried = 0; tried < groups; ++tried) {
            const auto g = next_group_++ % groups;
            if (group_issued_[g].load(std::memory_order_acquire) != closed) continue;
            due_[g].store(date + slack, std::memory_order_relaxed);
            group_issued_[g].store(count, std::memory_order_release);
            opened_.store(opened_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
            recent_[recent_at_++ % recent_.size()] = static_cast<std::uint8_t>(g);
            return ticket(g);
        }
        return std::nullopt;
    }

    // ---- consumer
    void done(Ticket ticket, std::uint32_t count) noexcept { ended_[ticket].done += count; }
    /// True when some operation has been out longer than its limit. Two comparisons most of the time.
    [[nodiscard]] bool late(std::uint64_t now) noexcept
    {
        return unlikely(now >= next_ || opened_.load(std::memory_order_acquire) != opened_seen_) &&
               judge(now);
    }
    /// Is an operation of `ticket` past its limit? Only meaningful for one that is still out.
    [[nodiscard]] bool late(Ticket ticket, std::uint64_t now) const noexcept
    {
        if (ticket >= buckets) return now >= due_[ticket - buckets].load(std::memory_order_relaxed);
        return ticket != epoch_.load(std::memory_order_relaxed) % buckets &&
               now - ended_[ticket].at >= limit_;
    }
    [[nodiscard]] std::uint64_t epoch_length() const noexcept { return length_; }

  private:
    static constexpr std::uint32_t closed = 1u << 31; ///< group_issued_: the producer may open it
    static constexpr auto never = std::numeric_limits<std::uint64_t>::max();

    static Ticket ticket(std::uint32_t group) noexcept { return static_cast<Ticket>(buckets + group); }

    /// False when the consumer has closed the group meanwhile; then it stays closed.
    bool join(std::uint32_t group, std::uint32_t count) noexcept
    {
        auto& issued = group_issued_[group];
        if ((issued.load(std::memory_order_relaxed) & closed) != 0) return false;
        if ((issued.fetch_add(count, std::memory_order_acq_rel) & closed) == 0) return true;
        issued.store(closed, std::memory_order_relaxed);
        return false;
    }

    __attribute__((noinline)) bool judge(std::uint64_t now) noexcept
    {
        const auto opened = opened_.load(std::memory_order_acquire);
        const bool groups_late = (opened != opened_seen_ || now >= group_at_) && judge_groups(now);
        opened_seen_ = opened;
        const bool epochs_late = now >= turn_at_ && turn_over(now);
        next_ = std::min(turn_at_, group_at_);
        return groups_late || epochs_late;
    }
    /// A complete group is closed: the exchange fails when the producer has just joined it. One that is not
    /// complete after its date is late when it is found so twice: there is a poll in between, which hands
    /// over what is back but was not looked at yet by a consumer that had other things to do.
    bool judge_groups(std::uint64_t now) noexcept
    {
        group_at_ = never;
        auto suspect = groups;
        for (std::uint32_t g = 0; g < groups; ++g) {
            auto issued = group_issued_[g].load(std::memory_order_acquire);
            if ((issued & closed) != 0) continue;
            const auto due = due_[g].load(std::memory_order_relaxed);
            auto& done = ended_[buckets + g].done;
            if (issued == done) {
                const auto had = done;
                done = 0; // before the producer may have it again
                if (group_issued_[g].compare_exchange_strong(issued, closed, std::memory_order_acq_rel))
                    continue;
                done = had;
            }
            if (now >= due && suspect_ == g) return group_at_ = now, true;
            if (now >= due) suspect = std::min(suspect, g);
            group_at_ = std::min(group_at_, due);
        }
        suspect_ = suspect;
        return false;
    }
    bool turn_over(std::uint64_t now) noexcept
    {
        const auto epoch = epoch_.load(std::memory_order_relaxed);
        ended_[epoch % buckets].at = now;
        // The judged ones make room: an epoch outlives the limit by one turn, so at most 602 are unjudged.
        for (; cursor_ <= epoch && now - ended_[cursor_ % buckets].at >= limit_; ++cursor_)
            if (issued_[cursor_ % buckets].load(std::memory_order_relaxed) != ended_[cursor_ % buckets].done)
                return true;
        epoch_.store(epoch + 1, std::memory_order_relaxed);
        turn_at_ = now + length_;
        return false;
    }

    struct Ended {
        std::uint64_t at = 0;
        std::uint32_t done = 0;
    };
    std::uint64_t limit_ = 1, length_ = 1, cursor_ = 0;
    std::uint64_t next_ = 0; ///< the earlier of the two:
    std::uint64_t turn_at_ = 0, group_at_ = never;
    std::uint32_t opened_seen_ = 0, suspect_ = groups; ///< `groups`: none
    std::array<Ended, buckets + groups> ended_{};      ///< by ticket
    /// Read by the producer, written by the consumer once an epoch.
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint64_t> epoch_{0};
    alignas(RTE_CACHE_LINE_SIZE) std::array<std::atomic<std::uint32_t>, buckets> issued_{};
    // Written by a producer with own limits, read by the consumer: nobody's line while there are none.
    alignas(RTE_CACHE_LINE_SIZE) std::atomic<std::uint32_t> opened_{0};
    std::array<std::uint8_t, 4> recent_{}; ///< groups that were opened last
    std::uint32_t recent_at_ = 0, next_group_ = 0;
    std::array<std::atomic<std::uint32_t>, groups> group_issued_{};
    std::array<std::atomic<std::uint64_t>, groups> due_{};
};

} // namespace qaic::dbc
