// SPDX-License-Identifier: BSD-3-Clause
#include "stop_signals.hpp"
#include <pthread.h>

namespace qaic_pipe {

StopSignals::StopSignals()
{
    sigemptyset(&set_);
    for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, s);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int StopSignals::wait(qaic::Nanos at_most) const
{
    const timespec limit{at_most.count() / 1'000'000'000, at_most.count() % 1'000'000'000};
    const int s = sigtimedwait(&set_, nullptr, &limit);
    return s > 0 ? s : 0; // interrupted by another signal: the caller looks again soon
}

} // namespace qaic_pipe
