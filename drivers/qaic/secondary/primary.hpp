// SPDX-License-Identifier: BSD-3-Clause
// The primary's end of protocol.hpp. docs/adr/0010
#pragma once
#include "base/result.hpp"
#include "qaic/bus/placed.hpp"
#include "qaic/secondary/protocol.hpp"

struct rte_ml_dev_data;

namespace qaic {
class Device;
} // namespace qaic

namespace qaic::secondary {

/// What one device of the primary has for secondary processes. Lives as long as the device.
class Host {
  public:
    /// `data` is the device's, of the mldev library.
    Host(Device& device, rte_ml_dev_data* data);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] Mailbox& mailbox() noexcept { return *mailbox_; }

  private:
    Device& device_;
    Placed<Mailbox> mailbox_;
};

/// Before the first device of this process is attached: makes it answer its secondaries. Where EAL shares
/// nothing (--no-shconf, --in-memory) there are none.
[[nodiscard]] Result<void> begin_primary();

} // namespace qaic::secondary
