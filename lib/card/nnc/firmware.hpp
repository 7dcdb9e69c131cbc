// SPDX-License-Identifier: BSD-3-Clause
// State and life-cycle operations of the management firmware, without any message format: what the commands
// (commands_*.cpp) act on. Every failure is a status code of aic100-device.md 4.13.
#pragma once
#include "aic100/wire/nnc.hpp"
#include "card/config.hpp"
#include "card/dma/channel.hpp"
#include "card/nnc/objects.hpp"
#include "card/qsm.hpp"

namespace card {

inline constexpr std::uint64_t ddr_bus_base = 0x1'0000'0000, window_bus_base = 0x10'0000'0000;
inline constexpr std::uint32_t mcid_total = 1024, semaphore_total = 512; ///< [M] 32 for each channel
inline constexpr unsigned physical_channels = 8;                         ///< [M]
inline constexpr std::size_t max_images = 255, max_constants = 255, max_reservations = 64;

/// Whose message it is and where its resources come from.
struct Caller {
    std::uint32_t handle = 0;
    std::int32_t partition = aic100::nnc_no_partition;
};

class Firmware {
  public:
    Firmware(const CardConfig& config, QsmPorts ports);

    // ---- who may use what: -19 unknown, -9 another user's
    [[nodiscard]] NncResult<std::shared_ptr<Pool>> pool_of(std::int32_t partition) const;
    template<class T>
    [[nodiscard]] static NncResult<std::shared_ptr<T>> owned(const Table<T>& table, std::uint32_t id,
                                                             const Caller& caller)
    {
        auto found = table.find(id);
        if (!found) return tl::unexpected(aic100::nnc_status::ID_NOT_FOUND);
        if (found->handle != caller.handle) return tl::unexpected(aic100::nnc_status::NOT_PERMITTED);
        return found;
    }
    /// Card memory at the top end, counted against a pool.
    struct Memory {
        Lease lease;
        Region region;
    };
    [[nodiscard]] NncResult<Memory> take_memory(const std::shared_ptr<Pool>& pool, std::uint64_t bytes);

    // ---- activations (firmware.cpp, activate.cpp)
    [[nodiscard]] NncResult<std::shared_ptr<Activation>>
    activate(const Caller& caller, const aic100::Activate& request, const Channel::Fifo& fifo);
    /// A channel without program or memory: ACTIVATE_TO_DEV without a command [M].
    [[nodiscard]] NncResult<std::shared_ptr<Activation>> activate_bare(const Caller& caller,
                                                                       const Channel::Fifo& fifo);
    /// Stops its channel and program. -114 when the program does not leave.
    [[nodiscard]] NncStatus deactivate(Activation& activation, bool free_channel);
    void terminate(std::uint32_t handle);
    void reset();
    /// 0 when no activation uses it; -9 when one does, -36 when that one is being restarted.
    [[nodiscard]] NncStatus use_of(const Image& image) const noexcept;
    [[nodiscard]] NncStatus use_of(const Constants& constants) const noexcept;

    // ---- engine
    bool poll();
    /// What the timing model had due before now happens, each at its time. False when it was too much for one
    /// round: then nothing newer may happen yet.
    bool catch_up();
    [[nodiscard]] std::optional<Nanos> next_due() const;
    bool ssr_begin(unsigned dbc);
    void ssr_end(unsigned dbc);
    [[nodiscard]] bool restarting() const noexcept;
    [[nodiscard]] aic100::ResourceBlock resources(const Pool& pool) const;
    [[nodiscard]] aic100::PerformanceBlock performance();

    const CardConfig config;
    HostPort& host;
    const Clock& clock;
    Ddr ddr;
    std::shared_ptr<Pool> whole;
    ProcessYard yard;               ///< of programs that were stopped; outlives every activation
    std::unique_ptr<Timing> timing; ///< null without a model; outlives every activation
    Table<Image> images{max_images, 0x7fffffff};
    Table<Constants> constants{max_constants, 0x7fffffff};
    Table<Reservation> groups{max_reservations, max_reservations},
        channels_reserved{max_reservations, max_reservations},
        cores_reserved{max_reservations, max_reservations};
    Table<Activation> activations{std::size_t{aic100::dbc_count} * 2, 0x7fffffff};
    std::array<std::unique_ptr<Channel>, aic100::dbc_count> channels;
    std::array<std::shared_ptr<Activation>, aic100::dbc_count> by_dbc; ///< whose channel it is, while it runs
    std::uint8_t dedicated_channels = 0;

  private:
    /// Pools an activation draws on: its channel and semaphores, and the rest.
    struct Sources {
        std::shared_ptr<Pool> channel, cores;
    };
    [[nodiscard]] NncResult<Sources> sources_of(const Caller& caller, const aic100::Activate& request) const;
    [[nodiscard]] NncResult<void> find_parts(Activation& a, const Caller& caller,
                                             const aic100::Activate& request) const;
    [[nodiscard]] NncResult<void> take_resources(Activation& a, const Sources& from);
    [[nodiscard]] NncResult<void> start_program(Activation& a);
    [[nodiscard]] NncResult<void> start_emulated(Activation& a);
    void start_channel(const std::shared_ptr<Activation>& a, const Channel::Fifo& fifo);
    [[nodiscard]] NncStatus busy_or(NncStatus status) const noexcept;
    bool serve(unsigned dbc);
    void settle(unsigned dbc);
    [[nodiscard]] bool step_program(Activation& a) const;
    [[nodiscard]] NncResult<std::shared_ptr<Activation>> new_activation(const Caller& caller) const;
    void stop_channel(const Activation& a);
    void tell_crash(Activation& a);
    std::function<bool(unsigned, const std::function<CrashDump()>&)> workload_crashed_;

    std::uint64_t window_base_;
    std::uint32_t running_ = 0; ///< bit = active channel
    std::uint64_t bytes_seen_ = 0, bandwidth_kbps_ = 0;
    Nanos bandwidth_since_{0};
};

} // namespace card
