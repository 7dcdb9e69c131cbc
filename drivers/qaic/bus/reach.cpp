// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/reach.hpp"
#include <algorithm>

namespace qaic {
namespace {
// The last address is RTE_BAD_IOVA: in no window, ever.
constexpr Window everything{0, ~std::uint64_t{0} - 1};
// A lookup is overtaken by two changes in a row at most so often; more is a writer in an endless loop.
constexpr int most_tries = 1000;
} // namespace

Reach::Reach() : own_(std::make_unique<ReachTable>())
{
    ranges_[everything.first] = everything.bytes;
    publish();
}

void Reach::lie_in(std::pmr::memory_resource& memory)
{
    if (memory.is_equal(*std::pmr::new_delete_resource())) return; // it is there
    auto moved = place<ReachTable>(memory);
    const std::lock_guard guard(lock_);
    moved->publish(ranges_);
    lent_ = std::move(moved);
}

void Reach::leave() noexcept
{
    const std::lock_guard guard(lock_);
    lent_.reset();
    publish();
}

void Reach::add(std::uint64_t iova, std::uint64_t bytes)
{
    const std::lock_guard guard(lock_);
    if (!known_) ranges_.clear(), known_ = true;
    auto first = iova, end = iova + bytes;
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin() && std::prev(at)->first + std::prev(at)->second >= first) --at;
    while (at != ranges_.end() && at->first <= end) {
        first = std::min(first, at->first), end = std::max(end, at->first + at->second);
        at = ranges_.erase(at);
    }
    ranges_[first] = end - first;
    publish();
}

void Reach::remove(std::uint64_t iova, std::uint64_t bytes)
{
    const std::lock_guard guard(lock_);
    if (!known_) ranges_.clear(), known_ = true;
    punch(iova, bytes);
    publish();
}

void Reach::punch(std::uint64_t iova, std::uint64_t bytes)
{
    const auto end = iova + bytes;
    auto at = ranges_.upper_bound(iova);
    if (at != ranges_.begin()) --at;
    while (at != ranges_.end() && at->first < end) {
        const auto [first, size] = *at;
        const auto last = first + size;
        if (last <= iova) {
            ++at;
            continue;
        }
        at = ranges_.erase(at);
        if (first < iova) ranges_[first] = iova - first;
        if (last > end) at = ranges_.emplace(end, last - end).first;
    }
}

void ReachTable::publish(const std::map<std::uint64_t, std::uint64_t>& ranges) noexcept
{
    const auto next = version_.load(std::memory_order_relaxed) + 1;
    // Before the first store below nothing may be seen of it by a lookup that still trusts this table: such a
    // lookup began two versions ago, and finds at its end that the version is another.
    std::atomic_thread_fence(std::memory_order_release);
    auto& table = tables_[next & 1];
    std::size_t i = 0;
    for (const auto& [first, bytes] : ranges) {
        if (i == capacity) {
            auto& last = table.entries[capacity - 1];
            const auto from = last.first.load(std::memory_order_relaxed);
            last.bytes.store(everything.bytes - from, std::memory_order_relaxed);
            break;
        }
        table.entries[i].first.store(first, std::memory_order_relaxed);
        table.entries[i++].bytes.store(bytes, std::memory_order_relaxed);
    }
    table.count.store(i, std::memory_order_relaxed);
    version_.store(next, std::memory_order_release);
}

Window ReachTable::find(std::uint64_t iova, std::uint64_t bytes) const noexcept
{
    for (int tries = 0; tries < most_tries; ++tries) {
        const auto version = version_.load(std::memory_order_acquire);
        const auto& table = tables_[version & 1];
        const auto& entries = table.entries;
        std::size_t from = 0, left = table.count.load(std::memory_order_relaxed);
        while (left != 0) { // the last entry that starts at or below iova is before `from`
            const auto half = left / 2;
            if (entries[from + half].first.load(std::memory_order_relaxed) <= iova)
                from += half + 1, left -= half + 1;
            else
                left = half;
        }
        Window found;
        if (from != 0)
            found = {entries[from - 1].first.load(std::memory_order_relaxed),
                     entries[from - 1].bytes.load(std::memory_order_relaxed)};
        std::atomic_thread_fence(std::memory_order_acquire);
        if (version_.load(std::memory_order_relaxed) == version)
            return found.holds(iova, bytes) ? found : Window{};
    }
    return {};
}

std::size_t Reach::size() const
{
    const std::lock_guard guard(lock_);
    return ranges_.size();
}

} // namespace qaic
