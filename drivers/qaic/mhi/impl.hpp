// SPDX-License-Identifier: BSD-3-Clause
// Inside of mhi::Host, shared by host.cpp, power.cpp, channels.cpp and events.cpp only.
#pragma once
#include "qaic/mhi/buffer_pool.hpp"
#include "qaic/mhi/contexts.hpp"
#include "qaic/mhi/host.hpp"
#include "qaic/mhi/registers.hpp"
#include "qaic/mhi/rings.hpp"
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace qaic::mhi {

inline constexpr unsigned channel_ids = 2 * aic100::channel_table.size(); ///< 0..25
inline constexpr Nanos register_step = 1ms;                               ///< between two looks at a register
inline constexpr Nanos event_step = 100us; ///< between two looks at the event ring

/// FAILED: START was not confirmed, nothing is posted. STOPPING: RESET not confirmed yet.
enum class ChannelPhase : std::uint8_t { DISABLED, STARTING, RUNNING, STOPPING, FAILED };

struct Channel {
    ChannelPhase phase = ChannelPhase::DISABLED;
    TransferRing ring;
    Host::Receiver receiver; ///< from-device only
};

struct Host::Impl {
    Impl(Bus& b, const Limits& l) : bus(b), limits(l), regs(b), pool(b) {}

    // power.cpp
    Result<void> allocate();
    void init_rings() noexcept;
    Result<void> wait_ready();
    Result<void> program_mmio();
    Result<aic100::ExecEnv> power_up(Host& host);
    Result<void> mhi_reset();
    void drop_all() noexcept;
    void retire_all() noexcept;

    // channels.cpp
    Result<void> command(Host& host, aic100::Command command, std::uint8_t channel);
    Result<void> start(Host& host, std::uint8_t channel);
    Result<void> reset(Host& host, std::uint8_t channel);
    void drop(std::uint8_t channel) noexcept;
    void queued(std::uint8_t channel) noexcept;
    void drop_env(bool sbl) noexcept;

    // events.cpp
    std::size_t consume();
    void handle(const aic100::RingElement& event);
    void on_state(std::uint8_t state);
    void on_m0() noexcept;
    void on_exec_env(std::uint8_t value);
    void on_command(const aic100::RingElement& event);
    void on_transfer(const aic100::RingElement& event);
    void complete(std::uint8_t channel, const aic100::RingElement& event);
    void bad_element();
    void look_at_status();
    void sys_err(std::string why);
    void broken(std::string why);
    void note(const Error& error);

    [[nodiscard]] bool interrupted() const noexcept { return interrupt != nullptr && interrupt->load() != 0; }
    /// The error every call reports while the card is not usable.
    [[nodiscard]] Result<void> usable() const;
    template<class Done>
    Result<void> wait(Host& host, std::string_view what, Nanos limit, Done&& done)
    {
        return wait_until(bus, what, limit, event_step, [&]() -> Result<bool> {
            host.poll();
            QAIC_CHECK(usable());
            return done();
        });
    }

    Bus& bus;
    Limits limits;
    Registers regs;
    BufferPool pool;
    Contexts contexts;
    CommandRing commands;
    EventRing events;
    std::array<Channel, channel_ids> channels;
    std::vector<std::byte> packet; ///< private copy handed to a receiver

    Health health = Health::OFF;
    std::string why; ///< behind a health other than OK
    HostCounters counters;
    const std::atomic<unsigned>* interrupt = nullptr; ///< see Host::interrupt_by()
    bool polling = false;
    bool quiet = true; ///< the card has no access to our memory
    bool m0 = false;
    std::optional<aic100::ExecEnv> env; ///< announced by the last EE event
    Nanos looked{0};                    ///< last look at MHISTATUS
    Nanos elem_window{0};               ///< guard M-ELEM: 64 a second
    unsigned elem_in_window = 0;
};

} // namespace qaic::mhi
