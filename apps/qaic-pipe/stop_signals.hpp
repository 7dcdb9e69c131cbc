// SPDX-License-Identifier: BSD-3-Clause
// The signals that steer a run, taken by one thread when it looks for them.
#pragma once
#include "base/clock.hpp"
#include <csignal>

namespace qaic_pipe {

/// SIGINT, SIGTERM and SIGHUP, blocked from here on in this thread and in all that it starts: make it before
/// any other thread.
class StopSignals {
  public:
    StopSignals();
    /// The next one that came; 0: none within that time.
    [[nodiscard]] int wait(qaic::Nanos at_most) const;

  private:
    sigset_t set_;
};

} // namespace qaic_pipe
