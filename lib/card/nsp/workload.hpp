// SPDX-License-Identifier: BSD-3-Clause
// A program at work on the NSPs of one activation, as the firmware drives it: a function of the card model
// (runner.hpp) or a process of its own (native_workload.hpp). No call ever waits.
#pragma once
#include "base/clock.hpp"
#include "card/crash_dump.hpp"
#include <optional>
#include <string>

namespace card {

class Workload {
  public:
    virtual ~Workload() = default;
    /// Goes as far as it can; true when it went anywhere.
    virtual bool step() = 0;
    /// When a step will do something by itself.
    [[nodiscard]] virtual std::optional<Nanos> due() const noexcept = 0;
    /// Must be stepped in every round: it acts without the DMA Bridge having touched its memory.
    [[nodiscard]] virtual bool restless() const noexcept { return false; }
    /// Rings the exit doorbell on every NSP and lets the program see it. False when it does not leave.
    [[nodiscard]] virtual bool exit() = 0;
    /// The program died by itself: its subsystem has to be restarted.
    [[nodiscard]] virtual bool crashed() const noexcept { return false; }
    /// What is left of it then.
    [[nodiscard]] virtual CrashDump dump() const { return {}; }
    /// The last lines it logged.
    [[nodiscard]] virtual std::string log() const { return {}; }
};

} // namespace card
