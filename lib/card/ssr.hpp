// SPDX-License-Identifier: BSD-3-Clause
// Sub-system restart (channels 6/7): takes one DBC's workload down and tells the host about each step, one
// event at a time, with an optional crash dump in between. aic100-device.md 6.1
#pragma once
#include "aic100/wire/services.hpp"
#include "card/control_server.hpp"
#include "card/crash_dump.hpp"
#include "card/service.hpp"
#include <deque>

namespace card {

class Ssr final : public Service {
  public:
    Ssr(PacketPort& port, const Clock& clock) : port_(port), clock_(clock) {}
    void connect(ControlServer& server) noexcept { server_ = &server; }

    /// Queues a restart; one at a time is carried out (6.1).
    void restart(unsigned dbc, CrashDump dump);
    void packet(Bytes bytes) override;
    bool poll() override;
    [[nodiscard]] std::optional<Nanos> next_due() const override;
    void reset() override;

    struct Counters {
        std::uint64_t finished = 0, nacks = 0, ignored = 0, dumps = 0, abandoned = 0;
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] bool idle() const noexcept { return state_ == State::IDLE && waiting_.empty(); }

  private:
    enum class State : std::uint8_t { IDLE, EVENT, OFFER, DUMP, AGAIN };
    struct Restart {
        unsigned dbc = 0;
        CrashDump dump;
    };
    void begin();
    void announce(aic100::SsrEvent event);
    void take_event_response(const aic100::SsrWord& answer);
    void step_done();
    void power_up();
    void take_offer_response(const aic100::SsrWord& answer);
    void serve_read(const aic100::SsrTransferInfo& request);
    void finish_dump();
    template<class T>
    [[nodiscard]] aic100::SsrHeader header(aic100::SsrCmd command) const;
    void send(ConstSpan bytes) { (void)port_.send(7, {bytes.begin(), bytes.end()}); }

    PacketPort& port_;
    const Clock& clock_;
    ControlServer* server_ = nullptr;
    State state_ = State::IDLE;
    Restart now_;
    std::deque<Restart> waiting_;
    aic100::SsrEvent event_ = aic100::SsrEvent::NACK;
    unsigned attempts_ = 0;
    Nanos again_at_{0};
    Counters counters_;
};

} // namespace card
