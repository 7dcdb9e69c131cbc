// SPDX-License-Identifier: BSD-3-Clause
// QAIC_SSR: restart of one workload's subsystem. Acknowledged promptly, since one event is outstanding at a
// time. The crash dump the card may offer in between is read when somebody wants it, else declined.
// aic100-device.md 6.1; guard R-MSG, faults D30 - D32
#pragma once
#include "aic100/regs/registers.hpp"
#include "aic100/wire/services.hpp"
#include "qaic/mhi/host.hpp"
#include "qaic/services/dump_reader.hpp"
#include <array>
#include <functional>

namespace qaic::services {

class Ssr {
  public:
    using Handler = std::function<void(unsigned dbc, aic100::SsrEvent event)>;
    /// How a dump ended. On an error the card did not keep to the protocol, or is too slow: as Linux's driver
    /// does, the owner should then reset it; unless the error is E_CANCELED, when the card went on by itself.
    struct Dump {
        unsigned dbc = 0;
        Result<Bytes> container;
        bool cut = false; ///< regions are missing: DumpReader::cut()
    };
    using DumpHandler = std::function<void(Dump dump)>;
    struct Counters {
        std::uint64_t &events, &dropped;
    };
    Ssr(Bus& bus, mhi::Host& host, Counters counters) : bus_(bus), host_(host), counters_(counters) {}
    [[nodiscard]] Result<void> start();
    void on_event(Handler handler) { handler_ = std::move(handler); }
    void on_dump(DumpHandler handler) { dump_handler_ = std::move(handler); }
    /// Dumps of at most `bytes` are accepted from now on; 0, the default: none.
    void accept_dumps(std::uint64_t bytes) noexcept { dump_bytes_ = bytes; }
    /// Gives a dump up that takes too long.
    void poll();
    [[nodiscard]] bool dumping() const noexcept { return dump_.has_value(); }
    /// From offer to end; less than an application waits between "down" and "up" (aic100-workload.md 5.7).
    static constexpr Nanos dump_limit = 10s;

  private:
    struct Reading {
        unsigned dbc;
        DumpReader reader;
        Nanos until;
        bool done = false; ///< DEBUG_TRANSFER_DONE is sent
    };
    void take(ConstSpan packet, bool more);
    [[nodiscard]] Bytes respond(ConstSpan packet, bool more);
    [[nodiscard]] Bytes take_event(const aic100::SsrWord& message);
    [[nodiscard]] bool in_order(unsigned dbc, aic100::SsrEvent event) noexcept;
    [[nodiscard]] Bytes take_offer(const aic100::SsrTransferInfo& offer);
    [[nodiscard]] Bytes take_data(ConstSpan packet, unsigned dbc, bool more);
    [[nodiscard]] Bytes take_done(const aic100::SsrWord& message);
    [[nodiscard]] Bytes ask();
    void end_dump(Result<Bytes> container);

    Bus& bus_;
    mhi::Host& host_;
    Counters counters_;
    Handler handler_;
    DumpHandler dump_handler_;
    std::uint64_t dump_bytes_ = 0;
    std::optional<Reading> dump_;
    /// Last event of each DBC, 0 when none is going on: two overlapping restarts do not share a slot (D31).
    std::array<std::uint32_t, aic100::dbc_count> last_{};
};

} // namespace qaic::services
