// SPDX-License-Identifier: BSD-3-Clause
// One MHI channel as the card holds it: its ring, the elements taken from it, and the packets that wait.
// aic100-device.md 2.9, 8.5
#pragma once
#include "card/event_ring.hpp"
#include "card/service.hpp"

namespace card {

/// Longest TD the card gathers: twice the longest one any protocol has (Sahara data, 0x80000).
inline constexpr std::size_t max_td_bytes = 1u << 20;

class MhiChannel {
  public:
    enum class State : std::uint8_t { DISABLED, RUNNING, STOPPED, FAULTED };

    void start(std::uint8_t id, const Ring& ring, std::uint64_t rp, std::uint64_t wp);
    void stop();    ///< keeps nothing but the fact that it once ran
    void disable(); ///< forgets everything

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool running() const noexcept { return state_ == State::RUNNING; }
    /// The host moved its write pointer. False when the value is not inside the ring.
    [[nodiscard]] bool doorbell(std::uint64_t wp) noexcept;
    /// Copies the elements between the last write pointer and the doorbell's. False when host memory refused
    /// (the channel is then FAULTED) or the doorbell claims more than the ring holds (then ignored).
    [[nodiscard]] bool fetch(HostGate& gate);

    // ---- to-device
    /// A whole TD is here: its last element has no CHAIN.
    [[nodiscard]] bool has_td() const noexcept { return tds_ > 0; }
    /// Takes the oldest TD. Its bytes, or nothing with BAD_TRE posted when its elements cannot be used.
    /// `retry` is set, and nothing taken, when bus mastering went off in between.
    [[nodiscard]] std::optional<Bytes> take_td(HostGate& gate, EventRing& events, const Window& data,
                                               bool& retry);

    // ---- from-device
    void queue(Bytes packet) { pending_.push_back(std::move(packet)); }
    [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
    /// Buffers of the host that wait for a packet.
    [[nodiscard]] std::size_t posted() const noexcept { return elements_.size(); }
    /// Puts pending packets into posted buffers; true when anything moved.
    bool deliver(HostGate& gate, EventRing& events, const Window& data);

    /// Something could be done if the host or a service allowed it.
    [[nodiscard]] bool has_work() const noexcept
    {
        return running() && (target_ != wp_ || tds_ > 0 || (!pending_.empty() && !elements_.empty()));
    }

  private:
    [[nodiscard]] bool to_device() const noexcept { return id_ % 2 == 0; }
    struct Element {
        aic100::RingElement tre;
        std::uint64_t at;
    };
    void post(EventRing& events, const Element& element, aic100::Completion code, std::uint32_t length) const;

    std::uint8_t id_ = 0;
    State state_ = State::DISABLED;
    Ring ring_;
    std::uint64_t wp_ = 0, target_ = 0; ///< elements are copied up to wp_; the doorbell said target_
    std::deque<Element> elements_;
    std::size_t tds_ = 0; ///< complete TDs among elements_ (to-device)
    std::deque<Bytes> pending_;
    std::size_t sent_ = 0; ///< bytes of pending_.front() already delivered
};

} // namespace card
