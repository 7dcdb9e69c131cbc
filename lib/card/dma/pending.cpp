// SPDX-License-Identifier: BSD-3-Clause
#include "card/dma/pending.hpp"

namespace card {

void PendingList::clear() { *this = PendingList(); }

std::uint32_t PendingList::take_slot()
{
    if (free_ == none) {
        items_.emplace_back();
        return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const auto at = free_;
    free_ = items_[at].next;
    return at;
}

void PendingList::push(const aic100::RequestElement& element, const SyncPlan& plan)
{
    const auto at = take_slot();
    auto& item = items_[at];
    item.element = element;
    item.plan = plan;
    item.order = next_order_++;
    item.next = none;
    if (queue_empty(plan.queue))
        head_[plan.queue] = at;
    else
        items_[tail_[plan.queue]].next = at;
    tail_[plan.queue] = at;
    occupied_ |= 1ull << plan.queue;
    ++size_;
    link_transfer(at);
}

const PendingList::Item& PendingList::pop(unsigned queue) noexcept
{
    const auto at = head_[queue];
    auto& item = items_[at];
    head_[queue] = item.next;
    if (item.next == none) occupied_ &= ~(1ull << queue);
    unlink_transfer(at);
    item.next = free_;
    free_ = at;
    --size_;
    return item;
}

void PendingList::link_transfer(std::uint32_t at)
{
    auto& item = items_[at];
    item.earlier = item.later = none;
    if (item.plan.direction != aic100::req_cmd::TO_DEVICE &&
        item.plan.direction != aic100::req_cmd::FROM_DEVICE)
        return;
    const unsigned d = item.plan.direction - 1u;
    item.earlier = last_transfer_[d];
    if (last_transfer_[d] == none)
        first_transfer_[d] = at;
    else
        items_[last_transfer_[d]].later = at;
    last_transfer_[d] = at;
}

void PendingList::unlink_transfer(std::uint32_t at) noexcept
{
    const auto& item = items_[at];
    if (item.plan.direction != aic100::req_cmd::TO_DEVICE &&
        item.plan.direction != aic100::req_cmd::FROM_DEVICE)
        return;
    const unsigned d = item.plan.direction - 1u;
    (item.earlier == none ? first_transfer_[d] : items_[item.earlier].later) = item.later;
    (item.later == none ? last_transfer_[d] : items_[item.later].earlier) = item.earlier;
}

} // namespace card
