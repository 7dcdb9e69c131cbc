// SPDX-License-Identifier: BSD-3-Clause
// Other processes: which one, is it alive, and is one left from before.
#pragma once
#include "base/result.hpp"
#include "qaic/tenant.hpp"
#include <memory>

namespace qaic::secondary {

/// When a process was started, in clock ticks since boot. E_INVAL when there is none of this number.
[[nodiscard]] Result<std::uint64_t> start_time(std::int32_t pid);

/// A process by its pidfd (Linux 5.3). E_INVAL when `pid` is not, or no longer, the one started at `started`.
[[nodiscard]] Result<std::unique_ptr<Tenant>> watch_process(std::int32_t pid, std::uint64_t started);

/// A file in `folder` that secondary processes hold a shared lock on as long as they live.
/// The secondary's side: E_BUSY when a primary is looking just now.
[[nodiscard]] Result<void> join_prefix(const std::string& folder);
/// The primary's side, once a process, before its first device: E_BUSY when secondary processes of an earlier
/// primary still run (reliability.md H14).
[[nodiscard]] Result<void> prefix_is_free(const std::string& folder);

} // namespace qaic::secondary
