// SPDX-License-Identifier: BSD-3-Clause
// A card's timing at work: link and compute slots, and the time at which things happen in the model. What was
// due in the past is carried out in its order, each at its own time, however late the card is polled: so the
// results depend on when requests were seen, and not on when the card was looked at in between.
#pragma once
#include "card/timing/link.hpp"
#include "card/timing/slots.hpp"
#include "card/timing/view.hpp"

namespace card {

/// Thread: the one that polls the card.
class Timing {
  public:
    Timing(const TimingModel& model, const Clock& clock);

    /// The time of what is being carried out: an earlier one while what was due is caught up with.
    [[nodiscard]] Nanos now() noexcept
    {
        if (!known_) now_ = clock_.now(), known_ = true;
        return now_;
    }
    /// What comes next happens at the clock's time.
    void go_live() noexcept { known_ = false; }
    [[nodiscard]] std::optional<Nanos> due() const noexcept
    {
        auto first = slots_.due();
        for (const auto due : {out_.due(), in_.due()})
            if (due && (!first || *due < *first)) first = due;
        return first;
    }
    /// Carries out the first thing that is due, at its own time; only when there is one. The DBC it concerns.
    unsigned fire();

    /// Puts a payload on its link; false when that takes no time.
    [[nodiscard]] bool send(const Flight& flight);
    [[nodiscard]] bool copies() const noexcept { return copy_; }
    [[nodiscard]] Slots& slots() noexcept { return slots_; }
    void stall(Nanos time) noexcept { slots_.stall(time, now()); }
    /// All that is under way is forgotten.
    void clear() noexcept;

    [[nodiscard]] TimingView view() noexcept;
    void reset_view() noexcept;

  private:
    const Clock& clock_;
    Nanos now_{0};
    bool known_ = false, copy_;
    Link in_, out_;
    Slots slots_;
    struct Baseline {
        Nanos at{0}, in{0}, out{0};
        Slots::Totals slots;
    } since_;
    std::size_t slot_count_;
};

} // namespace card
