// SPDX-License-Identifier: BSD-3-Clause
// Time is a parameter. Everything that waits or stamps takes a Clock, so that a test of a 60 s limit runs in
// microseconds. Only monotonic time; wall time appears in the time-sync message alone.
#pragma once
#include <chrono>
#include <cstdint>

namespace qaic {

using Nanos = std::chrono::nanoseconds;
using namespace std::chrono_literals;

class Clock {
  public:
    virtual ~Clock() = default;
    /// Monotonic time since an arbitrary start. Any thread.
    [[nodiscard]] virtual Nanos now() const noexcept = 0;
};

/// The machine's CLOCK_MONOTONIC.
class SteadyClock final : public Clock {
  public:
    [[nodiscard]] Nanos now() const noexcept override
    {
        return std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch());
    }
};

[[nodiscard]] inline double milliseconds_since(Nanos start) noexcept
{
    return std::chrono::duration<double, std::milli>(SteadyClock().now() - start).count();
}

/// A clock that moves only when told to. One thread.
class ManualClock final : public Clock {
  public:
    [[nodiscard]] Nanos now() const noexcept override { return now_; }
    void advance(Nanos by) noexcept { now_ += by; }

  private:
    Nanos now_{0};
};

} // namespace qaic
