// SPDX-License-Identifier: BSD-3-Clause
// Copies to and from memory that another process can take away: a file that its owner shrinks turns an access
// into SIGBUS. While a Guard is alive, such a fault in its range is answered by putting zero pages over the
// whole range, and hit() tells. reliability.md 6 (SIGBUS), S08
#pragma once
#include <cstddef>

namespace vfio_user {

/// Installs the handler; once a process, before the first Guard. Faults elsewhere go to whoever had it
/// before.
void install_bus_error_handler();

/// One at a time and thread.
class Guard {
  public:
    Guard(void* base, std::size_t bytes) noexcept;
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    /// The range is no longer the peer's memory.
    [[nodiscard]] bool hit() const noexcept;
};

} // namespace vfio_user
