// SPDX-License-Identifier: BSD-3-Clause
#include "load/outcome.hpp"
#include <algorithm>

namespace qaic::load {

void Outcome::merge(const Outcome& o) noexcept
{
    offered += o.offered;
    seconds = std::max(seconds, o.seconds);
    submitted += o.submitted;
    succeeded += o.succeeded;
    failed += o.failed;
    late += o.late;
    unfinished += o.unfinished;
    latency.merge(o.latency);
    service.merge(o.service);
    lateness.merge(o.lateness);
}

} // namespace qaic::load
