// SPDX-License-Identifier: BSD-3-Clause
// QAIC_SSR: restart of one workload's subsystem. Acknowledged promptly, since one event is outstanding at a
// time; crash dumps are declined. aic100-device.md 6.1; guard R-MSG, faults D30 - D32
#pragma once
#include "aic100/regs/registers.hpp"
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include <array>
#include <functional>

namespace qaic::services {

class Ssr {
  public:
    using Handler = std::function<void(unsigned dbc, aic100::SsrEvent event)>;
    struct Counters {
        std::uint64_t &events, &dropped;
    };
    Ssr(mhi::Host& host, Counters counters) : host_(host), counters_(counters) {}
    [[nodiscard]] Result<void> start();
    void on_event(Handler handler) { handler_ = std::move(handler); }

  private:
    void take(ConstSpan packet);
    void take_event(const aic100::SsrWord& message);
    [[nodiscard]] bool in_order(unsigned dbc, aic100::SsrEvent event) noexcept;
    void answer(aic100::SsrCmd command, std::uint32_t dbc, std::uint32_t value);

    mhi::Host& host_;
    Counters counters_;
    Handler handler_;
    /// Last event of each DBC, 0 when none is going on: two overlapping restarts do not share a slot (D31).
    std::array<std::uint32_t, aic100::dbc_count> last_{};
};

} // namespace qaic::services
