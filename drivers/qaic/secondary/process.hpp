// SPDX-License-Identifier: BSD-3-Clause
// Other processes: which one, and is it alive.
#pragma once
#include "base/result.hpp"
#include "qaic/tenant.hpp"
#include <memory>

namespace qaic::secondary {

/// When a process was started, in clock ticks since boot. E_INVAL when there is none of this number.
[[nodiscard]] Result<std::uint64_t> start_time(std::int32_t pid);

/// A process by its pidfd (Linux 5.3). E_INVAL when `pid` is not, or no longer, the one started at `started`.
[[nodiscard]] Result<std::unique_ptr<Tenant>> watch_process(std::int32_t pid, std::uint64_t started);

} // namespace qaic::secondary
