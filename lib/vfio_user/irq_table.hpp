// SPDX-License-Identifier: BSD-3-Clause
// The client's eventfds, one for each interrupt of one irq index.
#pragma once
#include "vfio_user/fd.hpp"
#include <vector>

namespace vfio_user {

class IrqTable {
  public:
    explicit IrqTable(unsigned count = 0) : eventfds_(count) {}
    [[nodiscard]] unsigned count() const noexcept { return static_cast<unsigned>(eventfds_.size()); }
    /// Takes over one descriptor for each of [start, start + fds.size()), which must be inside. EINVAL, and
    /// nothing is changed, when one is not an eventfd. They become non-blocking, for their owner too:
    /// signal() must never wait for a peer (S15).
    [[nodiscard]] int arm(unsigned start, std::vector<Fd> fds);
    void disarm(unsigned start, unsigned count) noexcept;
    void clear() noexcept { disarm(0, count()); }
    /// One more than the highest armed interrupt.
    [[nodiscard]] unsigned armed() const noexcept;
    /// Adds 1 to the eventfd, if there is one; when its count is full, it is signalled anyway.
    void signal(unsigned irq) const noexcept;

  private:
    std::vector<Fd> eventfds_;
};

} // namespace vfio_user
