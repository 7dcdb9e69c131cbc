// SPDX-License-Identifier: BSD-3-Clause
// QAIC_LOGGING: text the SBL prints while it boots. aic100-device.md 3.5; guard R-MSG
#pragma once
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include <string>

namespace qaic::services {

class BootLog {
  public:
    BootLog(Bus& bus, mhi::Host& host, std::uint64_t& dropped) : bus_(bus), host_(host), dropped_(dropped) {}
    /// Starts the pair, posts 16 buffers and forgets the last boot's text.
    [[nodiscard]] Result<void> start();
    /// Printable characters and newlines, at most 1 MiB.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    void take(ConstSpan packet, bool more);
    Bus& bus_;
    mhi::Host& host_;
    std::uint64_t& dropped_;
    std::string text_;
    Nanos window_{0};
    std::size_t in_window_ = 0;
};

} // namespace qaic::services
