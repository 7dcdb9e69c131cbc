// SPDX-License-Identifier: BSD-3-Clause
// Fetching, ordering and starting of request elements. What one element does is in execute.cpp, how its
// response leaves in respond.cpp.
#include "card/dma/channel.hpp"
#include <algorithm>
#include <atomic>

namespace card {

Channel::Channel(HostPort& host, std::span<std::byte> page, unsigned index, bool force_msi, Timing* timing)
    : host_(host), page_(page), index_(index), force_msi_enabled_(force_msi), timing_(timing),
      copy_(timing == nullptr || timing->copies())
{}

std::uint32_t Channel::load(std::uint32_t reg) const noexcept
{
    auto& word = *reinterpret_cast<std::uint32_t*>(page_.data() + reg);
    return std::atomic_ref(word).load(std::memory_order_acquire);
}

void Channel::store(std::uint32_t reg, std::uint32_t value) noexcept
{
    auto& word = *reinterpret_cast<std::uint32_t*>(page_.data() + reg);
    std::atomic_ref(word).store(value, std::memory_order_release);
}

void Channel::start(const Fifo& fifo, ActivationMemory& memory, Semaphores& semaphores)
{
    stop();
    fifo_ = fifo;
    memory_ = &memory;
    semaphores_ = &semaphores;
    const auto bytes = counters_.bytes;
    counters_ = Counters();
    counters_.bytes = bytes;
}

void Channel::stop()
{
    fifo_ = Fifo();
    memory_ = nullptr;
    semaphores_ = nullptr;
    req_head_ = published_ = rsp_head_ = bad_tail_ = 0;
    pending_.clear();
    parked_.clear();
    ++epoch_;
    held_queues_ = 0;
    for (auto& direction : aloft_) direction.clear();
    grounded_.clear();
    staged_count_ = 0;
    stalled_ = force_msi_ = false;
    failed_ids_.reset();
    failed_count_ = 0;
    for (const auto reg :
         {aic100::dbc_reg::REQHP, aic100::dbc_reg::REQTP, aic100::dbc_reg::RSPHP, aic100::dbc_reg::RSPTP})
        store(reg, 0);
}

bool Channel::step()
{
    bool moved = false;
    if (stalled_) {
        if (!unstall()) return false;
        moved = true;
        semaphores_->changed = true; // whatever waited behind the stall is looked at again
        land_grounded();
    }
    moved |= settle();
    moved |= fetch();
    moved |= flush();
    return moved;
}

bool Channel::settle() { return active() && semaphores_->changed && drain(); }

unsigned Channel::fetchable(std::uint32_t tail, unsigned budget) const noexcept
{
    const auto contiguous = tail > req_head_ ? tail - req_head_ : fifo_.elements - req_head_;
    const auto held = static_cast<std::uint32_t>(pending());
    const auto inside = fifo_.elements > held ? fifo_.elements - held : 0;
    return std::min({contiguous, inside, budget, batch});
}

bool Channel::fetch()
{
    if (frozen_ || stalled_) return false;
    const auto tail = load(aic100::dbc_reg::REQTP);
    if (tail >= fifo_.elements) { // 8.2: ignored
        if (tail != bad_tail_) ++counters_.bad_tail;
        bad_tail_ = tail;
        return false;
    }
    bad_tail_ = 0;
    bool moved = false;
    for (unsigned budget = round; req_head_ != tail && budget != 0 && !stalled_;) {
        const auto run = fetchable(tail, budget);
        if (run == 0) break;
        const auto into = std::as_writable_bytes(std::span(fetched_).first(run));
        if (!host_.read(fifo_.request + std::uint64_t{req_head_} * sizeof(aic100::RequestElement), into)) {
            ++counters_.fetch_failed; // bus mastering off, or the FIFO is gone: try again next time
            break;
        }
        budget -= run;
        req_head_ = (req_head_ + run) % fifo_.elements;
        store(aic100::dbc_reg::REQHP, req_head_);
        for (unsigned i = 0; i < run; ++i) accept(fetched_[i]);
        moved = true;
    }
    return moved;
}

void Channel::accept(const aic100::RequestElement& element)
{
    const auto plan = plan_of(element);
    if (stalled_ || !pending_.queue_empty(plan.queue) || !may_start(plan, youngest)) {
        pending_.push(element, plan);
        return;
    }
    run(element, plan, pending_.take_order());
    if (semaphores_->changed) drain();
}

bool Channel::may_start(const SyncPlan& plan, std::uint64_t order) const noexcept
{
    return plan.bad || (pending_.fences_hold(plan.fences, order) && !aloft_before(plan.fences, order) &&
                        (held_queues_ >> plan.queue & 1) == 0 && semaphores_->ready(plan.presync));
}

bool Channel::drain()
{
    bool moved = false;
    while (semaphores_->changed && !stalled_) {
        semaphores_->changed = false;
        moved |= resume_parked();
        while (!stalled_) {
            const auto queue = pending_.first_ready(
                [this](const PendingList::Item& i) { return may_start(i.plan, i.order); });
            if (queue == PendingList::queues) break;
            const auto& item = pending_.pop(queue);
            run(item.element, item.plan, item.order);
            moved = true;
        }
    }
    return moved;
}

bool Channel::resume_parked()
{
    bool moved = false;
    for (std::size_t i = 0; i < parked_.size() && !stalled_;) {
        auto& p = parked_[i];
        if (!postsync(p.element, p.slot)) {
            ++i;
            continue;
        }
        const auto done = p;
        parked_.erase(parked_.begin() + static_cast<std::ptrdiff_t>(i));
        finish(done.element, done.code);
        moved = true;
    }
    return moved;
}

} // namespace card
