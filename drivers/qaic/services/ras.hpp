// SPDX-License-Identifier: BSD-3-Clause
// QAIC_STATUS: error reports of the card. Counted and handed on; what an uncorrectable error leads to is the
// owner's policy (device_recovery.cpp), with a rate limit (reliability.md 2.4, 3.4). aic100-device.md 6.2;
// guard R-MSG
#pragma once
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include <functional>

namespace qaic::services {

/// Checks of 6.2 on one message as received; false: dropped.
[[nodiscard]] bool ras_valid(ConstSpan packet) noexcept;

class Ras {
  public:
    using Handler = std::function<void(const aic100::RasMessage& message)>;
    struct Counters {
        std::uint64_t &messages, &dropped, &r_msg, &ce, &ue, &ue_nonfatal;
    };
    Ras(mhi::Host& host, Counters counters) : host_(host), counters_(counters) {}
    [[nodiscard]] Result<void> start();
    void on_message(Handler handler) { handler_ = std::move(handler); }

  private:
    void take(ConstSpan packet);
    mhi::Host& host_;
    Counters counters_;
    Handler handler_;
};

} // namespace qaic::services
