// SPDX-License-Identifier: BSD-3-Clause
// MHI host stack of one card: power-up, rings, channels, events by polling. aic100-device.md 2; guards M-* of
// reliability.md 3.2. One thread at a time: the device's control lock is held around every call.
#pragma once
#include "aic100/regs/registers.hpp"
#include "aic100/wire/mhi.hpp"
#include "qaic/bus/bus.hpp"
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace qaic::mhi {

/// Counters named after the guard that refused something (reliability.md 3.2).
struct HostCounters {
    std::uint64_t events = 0, m_erp = 0, m_elem = 0, m_tre = 0, m_len = 0, m_cmd = 0, sys_errors = 0;
};

/// What the card said about itself, for the owner to act on. SYS_ERR and GONE are final until the next
/// power_up().
enum class Health : std::uint8_t { OFF, OK, SYS_ERR, GONE, BROKEN };

class Host {
  public:
    /// Receives one packet of a from-device channel; `more` is true when it goes on in the next buffer
    /// (OVERFLOW). The bytes are a private copy. May call send() and post(); must not destroy the Host.
    using Receiver = std::function<void(ConstSpan packet, bool more)>;

    Host(Bus& bus, const Limits& limits);
    ~Host();

    /// Steps 7 to 12 of 2.14: waits for READY, programs MMIO, asks for M0 and waits for the M0 and the EE
    /// event. Returns the execution environment announced by that event. Rings and contexts are allocated
    /// once and kept.
    [[nodiscard]] Result<aic100::ExecEnv> power_up();
    /// Waits for an EE event naming `env` (SBL -> AMSS), re-reads EXECENV and requires it to agree (2.14 step
    /// 15). Channels of the previous environment are dropped without RESET commands.
    [[nodiscard]] Result<void> wait_exec_env(aic100::ExecEnv env, Nanos limit);
    /// Has an EE event named `env` last?
    [[nodiscard]] bool announced(aic100::ExecEnv env) const noexcept;
    /// Graceful shutdown (2.14): MHI RESET, wait for the acknowledgement; rings are reset. Idempotent.
    [[nodiscard]] Result<void> shutdown();

    /// MHI RESET whatever state the card is in, and its acknowledgement; SYS_ERR must be gone then (fence
    /// rung 2 of reliability.md 2.3). E_TIMEOUT after limits.mhi. Needs locate_blocks().
    [[nodiscard]] Result<void> mhi_reset();
    /// The owner has stopped all DMA of the card by other means (SoC reset confirmed, bus master off): rings
    /// and channels are dropped, health is OFF. Without this or a successful shutdown() the destructor does
    /// not free the memory that the card knows.
    void fenced() noexcept;

    /// While `flag` is set and not 0, every wait and register read of this host ends with E_RESET: the owner
    /// wants to give a long work up. nullptr: nothing interrupts.
    void interrupt_by(const std::atomic<unsigned>* flag) noexcept;
    [[nodiscard]] bool interrupted() const noexcept;

    /// Fills the contexts of a pair and sends START for to-device, then from-device; waits for both
    /// completions. A pair that runs already is RESET first. When START of from-device fails, to-device is
    /// RESET.
    [[nodiscard]] Result<void> start_pair(std::uint8_t to_device, Receiver receiver);
    /// RESET from-device, then to-device. Posted buffers are dropped. A pair that does not run is left alone.
    [[nodiscard]] Result<void> reset_pair(std::uint8_t to_device);
    [[nodiscard]] bool running(std::uint8_t channel) const noexcept;

    /// Queues `bytes` as one TD of chained TREs of at most 65535 bytes; copies the data, returns at once. All
    /// or nothing: E_AGAIN when the ring has no room for the whole TD.
    [[nodiscard]] Result<void> send(std::uint8_t to_device, ConstSpan bytes);
    /// Posts one receive buffer of `bytes` (1..65535) on the from-device channel.
    [[nodiscard]] Result<void> post(std::uint8_t from_device, std::uint32_t bytes);
    /// True when every sent TD of the channel has completed.
    [[nodiscard]] bool drained(std::uint8_t to_device) const noexcept;

    /// Handles every event posted so far (bounded by the ring), rings the event doorbell, watches for SYS_ERR
    /// and for a card that is gone. Number of events handled. Calls receivers.
    std::size_t poll();
    [[nodiscard]] Health health() const noexcept;
    [[nodiscard]] const HostCounters& counters() const noexcept;
    /// Rings and channels as text, a line each, for a dump.
    [[nodiscard]] std::string describe() const;

    /// Register helpers that know the dead-link rule (1.6, guard D-ALIVE): E_REMOVED when the card is gone.
    [[nodiscard]] Result<std::uint32_t> read(std::uint32_t offset);
    [[nodiscard]] Result<std::uint32_t> read_bhi(std::uint32_t offset);
    void write(std::uint32_t offset, std::uint32_t value);
    void write_bhi(std::uint32_t offset, std::uint32_t value);
    /// BHIOFF read and checked (guard D-OFF); called by power_up and by the boot code before it.
    [[nodiscard]] Result<void> locate_blocks();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace qaic::mhi
