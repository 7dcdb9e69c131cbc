// SPDX-License-Identifier: BSD-3-Clause
// The card's only way to the host: DMA and MSI pass here and nowhere else, so that clearing Bus Master Enable
// (or pulling the card) stops all of it (reliability.md D57). Also the interrupt router of 1.4.
#pragma once
#include "aic100/regs/registers.hpp"
#include "card/host_port.hpp"
#include <array>
#include <atomic>

namespace card {

class HostGate final : public HostPort {
  public:
    explicit HostGate(HostPort& host) noexcept : host_(host) {}

    // ---- the card's side, the engine's thread. Refused while closed: false, no MSI.
    [[nodiscard]] bool read(std::uint64_t iova, MutSpan to) noexcept override;
    [[nodiscard]] bool write(std::uint64_t iova, ConstSpan from) noexcept override;
    /// Single-MSI mode sends every vector as 0; with no message enabled nothing is sent.
    void raise_msi(unsigned vector) noexcept override;
    [[nodiscard]] bool open() const noexcept { return bus_master_.load() && !gone_.load(); }

    // ---- faults of the MSI, the engine's thread
    /// MSIs are lost on their way, and counted.
    void lose_msi(bool on) noexcept { lose_msi_ = on; }

    // ---- configuration space and link, any thread. Once these return, the card makes no further access.
    void set_bus_master(bool on) noexcept;
    void set_messages(unsigned messages) noexcept { messages_.store(messages); }
    void remove() noexcept;
    /// The same from inside a register access: new accesses are refused, a running one may still end.
    void cut() noexcept { gone_.store(true); }
    /// Power off and on: the function's configuration is as after reset.
    void power_cycle() noexcept;
    [[nodiscard]] bool gone() const noexcept { return gone_.load(std::memory_order_acquire); }

    struct Counters {
        std::uint64_t reads = 0, writes = 0, refused = 0, faults = 0;
        std::uint64_t msi_lost = 0;
        std::array<std::uint64_t, aic100::msi_vectors_offered> msi{};
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; } ///< engine's thread

  private:
    class Pass;
    void wait_idle() const noexcept;

    HostPort& host_;
    bool lose_msi_ = false;
    std::atomic<bool> bus_master_{false}, gone_{false};
    std::atomic<unsigned> messages_{0};
    std::atomic<const void*> inside_{nullptr}; ///< thread that is making an access right now
    Counters counters_;
};

} // namespace card
