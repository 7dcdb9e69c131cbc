// SPDX-License-Identifier: BSD-3-Clause
// Transfers that take time: between their start and their end on the link (timing/link.hpp).
#include "card/dma/channel.hpp"
#include <algorithm>
#include <utility>

namespace card {
namespace req = aic100::req_cmd;

bool Channel::depart(const aic100::RequestElement& element, const SyncPlan& plan, std::uint64_t order)
{
    const bool moves = plan.direction == req::TO_DEVICE || plan.direction == req::FROM_DEVICE;
    if (!moves || (element.cmd & req::BULK) == 0 || element.length == 0) return false;
    if (!timing_->send({this, epoch_, order, plan, element})) return false;
    aloft_[plan.direction - 1u].push_back(order);
    if (plan.presync != 0) held_queues_ |= 1ull << plan.queue;
    return true;
}

bool Channel::aloft_before(unsigned fences, std::uint64_t order) const noexcept
{
    const auto older = [order](std::uint64_t one) { return one < order; };
    for (unsigned d = 0; d < aloft_.size(); ++d)
        if ((fences >> d & 1) != 0 && std::any_of(aloft_[d].begin(), aloft_[d].end(), older)) return true;
    return false;
}

void Channel::landed(const Flight& flight)
{
    if (flight.epoch != epoch_) return;
    if (stalled_)
        grounded_.push_back(flight);
    else
        arrive(flight);
}

void Channel::arrive(const Flight& flight)
{
    aloft_[flight.plan.direction - 1u].pop_front();
    if (flight.plan.presync != 0) held_queues_ &= ~(1ull << flight.plan.queue);
    semaphores_->changed = true; // a fence or the next in its queue may have waited for this
    execute(flight.element, flight.plan);
}

void Channel::land_grounded()
{
    std::size_t done = 0;
    while (done < grounded_.size() && !stalled_) arrive(grounded_[done++]);
    grounded_.erase(grounded_.begin(), grounded_.begin() + static_cast<std::ptrdiff_t>(done));
}

} // namespace card
