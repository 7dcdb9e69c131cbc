// SPDX-License-Identifier: BSD-3-Clause
// QAIC_LOOPBACK: what is sent comes back, bit for bit. aic100-device.md 6.4
#pragma once
#include "qaic/mhi/host.hpp"

namespace qaic::services {

class Loopback {
  public:
    Loopback(Bus& bus, mhi::Host& host, Nanos limit) : bus_(bus), host_(host), limit_(limit) {}
    /// Starts the pair on first use; one message at a time, 1..65535 bytes. E_PROTO names the first byte that
    /// differs.
    [[nodiscard]] Result<void> exchange(ConstSpan message);

  private:
    Bus& bus_;
    mhi::Host& host_;
    Nanos limit_;
    Bytes echo_;
    bool arrived_ = false;
};

} // namespace qaic::services
