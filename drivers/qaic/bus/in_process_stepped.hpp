// SPDX-License-Identifier: BSD-3-Clause
// The in-process bus of tests: no thread, no real time. relax() polls the card and moves a manual clock, so a
// wait of 25 s takes as long as the polls do and every run is the same.
#pragma once
#include "qaic/bus/in_process.hpp"
#include <algorithm>

namespace qaic {

class SteppedBus final : public InProcessBus {
  public:
    SteppedBus(InProcessLink& link, ManualClock& clock, std::string name = "aic-test")
        : InProcessBus(link, std::move(name)), manual_(clock)
    {}

    /// Called before each access to an MHI register with the number of accesses so far (0 for the first).
    using AccessHook = std::function<void(std::uint64_t access)>;
    void on_access(AccessHook hook) { hook_ = std::move(hook); }
    [[nodiscard]] std::uint64_t accesses() const noexcept { return accesses_; }
    /// The process dies here: maps vanish, registers read all-ones to us; the card runs on.
    void kill() noexcept { disconnect(); }

    std::uint32_t mhi_read32(std::uint32_t offset) noexcept override
    {
        count();
        return InProcessBus::mhi_read32(offset);
    }
    void mhi_write32(std::uint32_t offset, std::uint32_t value) noexcept override
    {
        count();
        InProcessBus::mhi_write32(offset, value);
    }
    /// Polls until the card has nothing to do, then moves the clock on; returns early once the card acted.
    void relax(Nanos at_most) noexcept override
    {
        if (drain()) {
            manual_.advance(std::min<Nanos>(1us, at_most)); // work that makes work must not stop time either
            return;
        }
        for (Nanos passed{0}; passed < at_most;) {
            const auto quantum = std::min<Nanos>(step_, at_most - passed);
            manual_.advance(quantum);
            passed += quantum;
            if (drain()) return;
        }
    }
    /// Lets `span` pass, whatever the card does.
    void run_for(Nanos span) noexcept
    {
        const auto until = manual_.now() + span;
        while (manual_.now() < until) relax(until - manual_.now());
    }

  private:
    void count() noexcept
    {
        if (hook_) hook_(accesses_);
        ++accesses_;
    }
    bool drain() noexcept
    {
        constexpr int most = 256; // a card that is never idle must not stop time
        int n = 0;
        while (n < most && link().step()) ++n;
        return n != 0 && n < most;
    }
    ManualClock& manual_;
    Nanos step_ = 100us;
    AccessHook hook_;
    std::uint64_t accesses_ = 0;
};

} // namespace qaic
