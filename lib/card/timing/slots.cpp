// SPDX-License-Identifier: BSD-3-Clause
#include "card/timing/slots.hpp"
#include <algorithm>

namespace card {

bool Slots::submit(SlotUser& user, std::uint64_t ticket, Nanos extra, Nanos now)
{
    const auto time = times_.draw() + extra;
    if (time == Nanos{0} && waiting_.empty() && running_.size() < count_ && now >= stalled_until_) {
        ++totals_.computed;
        return true;
    }
    account(now);
    waiting_.push_back({&user, ticket, time});
    fill(now);
    return false;
}

void Slots::fill(Nanos now)
{
    for (; !waiting_.empty() && running_.size() < count_; waiting_.pop_front()) start(waiting_.front(), now);
}

void Slots::start(const Job& job, Nanos now)
{
    running_.push_back({std::max(now, stalled_until_) + job.time, started_++, job});
    std::push_heap(running_.begin(), running_.end(), Later{});
}

SlotUser& Slots::finish()
{
    std::pop_heap(running_.begin(), running_.end(), Later{});
    const auto done = running_.back();
    account(done.ends); // while it still counts as busy
    running_.pop_back();
    ++totals_.computed;
    fill(done.ends);
    done.job.user->computed(done.job.ticket);
    return *done.job.user;
}

void Slots::cancel(const SlotUser& user, Nanos now)
{
    account(now);
    waiting_.erase_if([&user](const Job& job) { return job.user == &user; });
    if (std::erase_if(running_, [&user](const Running& r) { return r.job.user == &user; }) != 0)
        std::make_heap(running_.begin(), running_.end(), Later{});
    fill(now);
}

void Slots::clear(Nanos now) noexcept
{
    account(now);
    waiting_.clear();
    running_.clear();
    stalled_until_ = Nanos{0};
}

/// All by the same time: the heap stays one.
void Slots::stall(Nanos time, Nanos now) noexcept
{
    account(now);
    for (auto& running : running_) running.ends += time;
    stalled_until_ = std::max(stalled_until_, now) + time;
}

void Slots::account(Nanos now) noexcept
{
    const auto passed = now - accounted_;
    if (passed <= Nanos{0}) return;
    accounted_ = now;
    totals_.busy_slot_ns += static_cast<double>(running_.size()) * static_cast<double>(passed.count());
    totals_.waiting_ns += static_cast<double>(waiting_.size()) * static_cast<double>(passed.count());
    if (running_.size() == count_) totals_.all_busy += passed;
}

Slots::Totals Slots::totals(Nanos now) noexcept
{
    account(now);
    return totals_;
}

} // namespace card
