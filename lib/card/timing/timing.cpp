// SPDX-License-Identifier: BSD-3-Clause
#include "card/timing/timing.hpp"
#include "card/dma/channel.hpp"
#include <algorithm>

namespace card {
namespace {

double share(Nanos part, Nanos whole) noexcept
{
    return whole <= Nanos{0} ? 0 : static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

} // namespace

Timing::Timing(const TimingModel& model, const Clock& clock)
    : clock_(clock), copy_(model.copy), in_(model.in_bytes_per_s), out_(model.out_bytes_per_s), slots_(model),
      slot_count_(model.slots)
{
    reset_view();
    go_live();
}

/// Of what is due at one time, what leaves the card goes first.
unsigned Timing::fire()
{
    now_ = *due();
    known_ = true;
    if (slots_.due() == now_) return slots_.finish().dbc();
    const auto flight = (out_.due() == now_ ? out_ : in_).land();
    flight.channel->landed(flight);
    return flight.channel->index();
}

bool Timing::send(const Flight& flight)
{
    auto& link = flight.plan.direction == aic100::req_cmd::TO_DEVICE ? in_ : out_;
    if (link.infinite()) return false;
    link.send(flight, now());
    return true;
}

void Timing::clear() noexcept
{
    go_live();
    in_.clear(now());
    out_.clear(now());
    slots_.clear(now());
}

TimingView Timing::view() noexcept
{
    const auto at = now();
    const auto totals = slots_.totals(at);
    TimingView v;
    v.window = at - since_.at;
    v.computed = totals.computed - since_.slots.computed;
    v.slots = slot_count_, v.busy = slots_.busy(), v.waiting = slots_.waiting();
    v.stall_left = std::max(Nanos{0}, slots_.stalled_until() - at);
    if (v.window <= Nanos{0}) return v;
    const auto window = static_cast<double>(v.window.count());
    v.mean_busy = (totals.busy_slot_ns - since_.slots.busy_slot_ns) / window;
    v.mean_waiting = (totals.waiting_ns - since_.slots.waiting_ns) / window;
    v.all_busy = share(totals.all_busy - since_.slots.all_busy, v.window);
    v.link_in = share(in_.busy(at) - since_.in, v.window);
    v.link_out = share(out_.busy(at) - since_.out, v.window);
    return v;
}

void Timing::reset_view() noexcept
{
    const auto at = now();
    since_ = {at, in_.busy(at), out_.busy(at), slots_.totals(at)};
}

} // namespace card
