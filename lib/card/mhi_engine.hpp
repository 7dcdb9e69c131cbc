// SPDX-License-Identifier: BSD-3-Clause
// MHI in mission: contexts read at M0, commands, transfer rings, events. One thread. aic100-device.md 2.7 -
// 2.10, 8.3 (M0 entry), 8.5
#pragma once
#include "card/mhi_channel.hpp"
#include <array>

namespace card {

class MhiEngine final : public PacketPort {
  public:
    static constexpr unsigned channels = 2 * aic100::channel_table.size();
    using Services = std::array<Service*, aic100::channel_table.size()>; ///< by channel id / 2

    struct Counters {
        std::uint64_t commands = 0, refused_commands = 0, bad_doorbells = 0, stale_doorbells = 0, tds = 0,
                      bad_tds = 0, sent = 0, dropped = 0;
    };
    enum class Entry : std::uint8_t { OK, RETRY, FAILED };

    MhiEngine(HostGate& gate, Bar0& bar0, EventFaults& faults)
        : gate_(gate), bar0_(bar0), events_(gate, bar0, faults)
    {}
    /// Must be called once before the first M0.
    void connect(const Services& services) { services_ = services; }

    /// M0 entry: reads the contexts the host programmed. FAILED when they cannot be used.
    [[nodiscard]] Entry enter_m0();
    /// MHI RESET: every ring and context is forgotten without touching host memory.
    void shut();
    [[nodiscard]] bool up() const noexcept { return events_.attached(); }
    /// Channels of `env` may be started from now on, the others are forgotten silently (8.3, AMSS).
    void set_env(aic100::ExecEnv env);
    void post_state(aic100::MhiState state);
    void post_env(aic100::ExecEnv env);
    /// Any event (tests).
    void post(const aic100::RingElement& event) { events_.post(event); }

    /// Doorbells, commands, transfers, events: what can be done now, bounded.
    bool poll();

    bool send(std::uint8_t from_device, Bytes packet) override;
    [[nodiscard]] bool running(std::uint8_t channel) const override;
    [[nodiscard]] std::size_t pending(std::uint8_t from_device) const override;
    [[nodiscard]] std::size_t posted(std::uint8_t from_device) const
    {
        return channels_[from_device].posted();
    }

    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] const EventRing& events() const noexcept { return events_; }

  private:
    void take_doorbells();
    bool commands();
    /// Completion code of one command; nothing when bus mastering went off meanwhile (it is then retried).
    [[nodiscard]] std::optional<aic100::Completion> execute(const aic100::RingElement& command);
    [[nodiscard]] std::optional<aic100::Completion> start(std::uint8_t id);
    [[nodiscard]] std::optional<aic100::Completion> stop(std::uint8_t id, bool reset);
    [[nodiscard]] std::optional<aic100::Completion> access_failed() const;
    [[nodiscard]] bool write_state(std::uint8_t id, std::uint32_t chcfg, aic100::ChannelState state);
    [[nodiscard]] std::uint64_t context_of(std::uint8_t id) const noexcept;
    void notify(const aic100::RingElement& command);
    bool transfers();
    bool take_tds(std::uint8_t id);

    HostGate& gate_;
    Bar0& bar0_;
    EventRing events_;
    Services services_{};
    std::array<MhiChannel, channels> channels_;
    std::uint32_t work_ = 0; ///< bit per channel that may have something to do
    aic100::ExecEnv env_ = aic100::ExecEnv::PBL;
    Window control_, data_;
    unsigned event_rings_ = 0;
    std::uint64_t channel_contexts_ = 0, command_context_ = 0;
    Ring command_ring_;
    std::uint64_t command_rd_ = 0, command_wr_ = 0;
    Counters counters_;
};

} // namespace card
