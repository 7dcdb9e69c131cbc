// SPDX-License-Identifier: BSD-3-Clause
// Event ring 0: element, then rp in the context, then the MSI; waits for room without blocking anybody and
// never drops. aic100-device.md 2.9, 8.5
#pragma once
#include "card/bar0.hpp"
#include "card/host_gate.hpp"
#include "card/ring.hpp"
#include <deque>
#include <functional>

namespace card {

/// What a test may do to events on their way out (reliability.md D22 - D28). `wanted` picks them; without it
/// any event.
struct EventFaults {
    std::function<bool(const aic100::RingElement&)> wanted;
    unsigned drop = 0, duplicate = 0, corrupt = 0; ///< how many of the next wanted events
    std::function<void(aic100::RingElement&)> transform;
    std::optional<std::uint64_t> next_rp; ///< stored once in the context instead of the true rp
    bool frozen = false;                  ///< nothing is posted while set
};

class EventRing {
  public:
    EventRing(HostGate& gate, Bar0& bar0, EventFaults& faults) : gate_(gate), bar0_(bar0), faults_(faults) {}

    /// Reads the context. False when it does not describe a ring inside host control memory.
    [[nodiscard]] bool attach(std::uint64_t context, const Window& control);
    void detach();
    /// Queues an event and sends what there is room for.
    void post(const aic100::RingElement& event);
    /// Sends queued events while there is room; true when anything was sent.
    bool flush();

    [[nodiscard]] bool attached() const noexcept { return attached_; }
    /// Host memory of the ring refused a write: nothing more can be said to this host.
    [[nodiscard]] bool broken() const noexcept { return broken_; }
    /// Events that found no room yet. The engine stops taking work above `backlog_limit`.
    [[nodiscard]] std::size_t backlog() const noexcept { return queue_.size(); }
    static constexpr std::size_t backlog_limit = 128;
    [[nodiscard]] bool accepts_work() const noexcept
    {
        return attached_ && !broken_ && backlog() < backlog_limit;
    }
    [[nodiscard]] std::uint64_t posted() const noexcept { return posted_; }
    [[nodiscard]] std::uint64_t bad_doorbells() const noexcept { return bad_doorbells_; }

  private:
    [[nodiscard]] bool has_room();
    [[nodiscard]] bool put(const aic100::RingElement& event);
    /// Applies the faults; how many copies go out.
    [[nodiscard]] unsigned copies(aic100::RingElement& event);

    HostGate& gate_;
    Bar0& bar0_;
    EventFaults& faults_;
    Ring ring_;
    std::uint64_t context_ = 0, rp_ = 0;
    unsigned vector_ = 0;
    bool attached_ = false, broken_ = false;
    std::deque<aic100::RingElement> queue_;
    std::uint64_t posted_ = 0, bad_doorbells_ = 0, last_bad_ = 0;
};

} // namespace card
