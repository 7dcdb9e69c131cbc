// SPDX-License-Identifier: BSD-3-Clause
// NNC client: one request at a time to QSM, replies decoded by one bounded decoder. aic100-device.md 4;
// guards N-* of reliability.md 3.2. Control thread with the device's control lock held. All waits are bounded
// by Limits::nnc.
#pragma once
#include "aic100/wire/nnc.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "qaic/controller.hpp"
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace qaic::nnc {

struct Counters {
    std::uint64_t requests = 0, replies = 0, late = 0, n_hdr = 0, n_crc = 0, n_seq = 0, n_trx = 0, n_dbc = 0,
                  n_cont = 0;
};

struct ActivateRequest {
    std::uint32_t constants_id = 0, elf_id = 0;
    Iova request_fifo{}, response_fifo{};
    std::uint32_t elements = 0;   ///< of each FIFO
    std::uint32_t fifo_bytes = 0; ///< of the whole buffer (4.8)
};
/// What a resource group (partition) takes out of the card's pool (4.13). At most what the card has.
struct GroupRequest {
    std::uint32_t nsps = 0, mcids = 0, semaphores = 0, dbcs = 0;
    std::uint64_t memory = 0; ///< bytes of card memory
    std::uint16_t networks = 0;
};
struct Activation {
    std::uint32_t id = 0;
    unsigned dbc = 0; ///< < 16
    std::uint64_t ddr_base = 0, dynamic_ddr_base = 0, mcid_base = 0;
    std::uint32_t nsp_mask = 0;
};

/// A failed command: E_NORES, E_BUSY (SSR, after the bounded retries), E_PERM, E_FORMAT (metadata) ... with
/// the NNC status number in the text (aic100-workload.md 5.6). A protocol violation is E_PROTO with the
/// guard's name.
class Channel;

class Client {
  public:
    /// `handle` is the user id of every message, 1 or above (4.12).
    Client(Bus& bus, Controller& controller, const Limits& limits, std::uint32_t handle);
    /// The same over any channel: tests of the protocol need no card.
    Client(Bus& bus, std::unique_ptr<Channel> channel, const Limits& limits, std::uint32_t handle);
    ~Client();

    /// First exchange after each start of the control channel: version 5.x checked, CRC use learned (4.6).
    [[nodiscard]] Result<aic100::NncStatusFromDev> hello();
    [[nodiscard]] Result<aic100::InfoBlock> info();
    [[nodiscard]] Result<aic100::ResourceBlock> resources(std::int32_t group = -1);
    [[nodiscard]] Result<aic100::PerformanceBlock> performance();

    /// Its id on the card, above 0. E_NORES when the card has too little of something.
    [[nodiscard]] Result<std::int32_t> create_group(const GroupRequest& request);
    /// E_PERM while something is loaded or active in it.
    [[nodiscard]] Result<void> release_group(std::int32_t id);
    /// VALIDATE_PARTITION (4.10): does the card know the group, and may this client use it?
    [[nodiscard]] Result<void> validate_group(std::int32_t id);
    /// From now on messages name this group: what they load and activate is taken from it. -1 = the whole
    /// card.
    void use_group(std::int32_t id) noexcept;

    /// `bytes` are copied into DMA memory for the time of the call. Ids are never 0.
    [[nodiscard]] Result<std::uint32_t> load_elf(ConstSpan bytes, std::string_view name);
    /// Descriptor, then the static and dynamic parts (3 of the workload spec). 0 when both parts are empty.
    [[nodiscard]] Result<std::uint32_t> load_constants(const aic100::ConstantsDescriptor& descriptor,
                                                       ConstSpan static_part, ConstSpan dynamic_part);
    [[nodiscard]] Result<void> unload_elf(std::uint32_t id);
    [[nodiscard]] Result<void> unload_constants(std::uint32_t id);

    /// On an error the FIFO memory may be freed only if fifo_safe(error) says so: otherwise the card may
    /// still own it.
    [[nodiscard]] Result<Activation> activate(const ActivateRequest& request);
    [[nodiscard]] static bool fifo_safe(const Error& error) noexcept;
    /// Success means: the card has ended all DMA of this DBC (fence rung 1). Requires the matching sequence,
    /// DBC, status.
    [[nodiscard]] Result<void> deactivate(const Activation& activation);
    [[nodiscard]] Result<void> set_state(std::uint32_t activation_id, std::int32_t state);
    /// TERMINATE for this client's handle: everything it owns on the card is gone (4.9).
    [[nodiscard]] Result<void> terminate();

    /// An activation of this client holds the DBC, as far as is confirmed.
    [[nodiscard]] bool owns(unsigned dbc) const noexcept;
    /// SSR took this DBC away from its activation (6.1): it may be activated again.
    void released(unsigned dbc) noexcept;
    /// The card provably makes no DMA any more (fence rungs 2 to 6): memory kept for unanswered requests is
    /// freed and no activation is left. Without this call that memory is given up when the client dies.
    void card_fenced() noexcept;
    /// Bytes of DMA memory that unanswered requests still own.
    [[nodiscard]] std::size_t retired_bytes() const noexcept;
    /// Largest piece of staging memory; more pieces mean more address pairs. For tests and fragmented memory.
    void set_staging_piece(std::size_t bytes) noexcept;
    /// Bytes staged for one message at most; twice that is in use during a long transfer. Tests.
    void set_staging_window(std::size_t bytes) noexcept;

    [[nodiscard]] const Counters& counters() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace qaic::nnc
