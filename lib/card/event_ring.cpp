// SPDX-License-Identifier: BSD-3-Clause
#include "card/event_ring.hpp"

namespace card {

bool EventRing::attach(std::uint64_t context, const Window& control)
{
    detach();
    aic100::EventContext ctx;
    if (!gate_.read(context, std::as_writable_bytes(std::span(&ctx, 1)))) return false;
    const auto ring = Ring::make(ctx.rbase, ctx.rlen);
    const bool good = ring && ctx.ertype == aic100::event_ring_valid && ring->holds(ctx.rp) &&
                      ctx.msivec < aic100::msi_vectors_offered && control.holds(ring->base(), ring->bytes());
    if (!good) return false;
    ring_ = *ring, context_ = context, rp_ = ctx.rp, vector_ = ctx.msivec;
    return attached_ = true;
}

void EventRing::detach()
{
    attached_ = broken_ = false;
    queue_.clear();
}

void EventRing::post(const aic100::RingElement& event)
{
    if (!attached_) return;
    auto sent = event;
    for (unsigned n = copies(sent); n > 0; --n) queue_.push_back(sent);
    flush();
}

unsigned EventRing::copies(aic100::RingElement& event)
{
    if (faults_.wanted && !faults_.wanted(event)) return 1;
    if (faults_.drop > 0) return --faults_.drop, 0;
    if (faults_.corrupt > 0 && faults_.transform) --faults_.corrupt, faults_.transform(event);
    if (faults_.duplicate > 0) return --faults_.duplicate, 2;
    return 1;
}

bool EventRing::has_room()
{
    // The doorbell, not wp in the context, says how far the host has read (2.9). Until it was rung there is
    // no room at all; rp == wp is a full ring, so up to n - 1 events are outstanding.
    const auto wp = bar0_.event_doorbell();
    if (!wp) return false;
    if (ring_.holds(*wp)) return rp_ != *wp;
    if (last_bad_ != *wp) ++bad_doorbells_;
    last_bad_ = *wp;
    return false;
}

bool EventRing::put(const aic100::RingElement& event)
{
    const auto next = ring_.next(rp_);
    const le64 rp = faults_.next_rp.value_or(next);
    const bool ok = gate_.write(rp_, bytes_of(event)) &&
                    gate_.write(context_ + offsetof(aic100::EventContext, rp), bytes_of(rp));
    if (!ok) {
        broken_ = gate_.open(); // closed: bus mastering went off, the event waits for it
        return false;
    }
    faults_.next_rp.reset();
    rp_ = next;
    ++posted_;
    gate_.raise_msi(vector_);
    return true;
}

bool EventRing::flush()
{
    bool sent = false;
    while (!queue_.empty() && attached_ && !broken_ && !faults_.frozen && gate_.open() && has_room()) {
        if (!put(queue_.front())) break;
        queue_.pop_front();
        sent = true;
    }
    return sent;
}

} // namespace card
