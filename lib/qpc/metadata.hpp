// SPDX-License-Identifier: BSD-3-Clause
// Program metadata (a flatbuffer inside network.elf): what the program needs, and the transfers of one
// inference. aic100-workload.md 4. Values are those of the file, already checked against 4.7 and 4.8.
#pragma once
#include "base/bytes.hpp"
#include "base/result.hpp"
#include <string>
#include <vector>

namespace qpc {
using namespace qaic;

struct SemaphoreOp {
    std::uint16_t number = 0; ///< < Metadata::semaphores
    std::uint16_t value = 0;  ///< 12 bits
    std::uint8_t op = 0;      ///< aic100::SemOp, 0..6
    bool pre = false;         ///< before the transfer
    bool in_fence = false;    ///< wait for all earlier transfers to the card
    bool out_fence = false;   ///< wait for all earlier transfers from the card
};

struct DoorbellOp {
    std::uint64_t offset = 0; ///< in the multicast window, aligned to `width`
    std::uint32_t data = 0;
    std::uint16_t mcid = 0;
    std::uint8_t width = 4; ///< bytes: 1, 2 or 4
};

enum class AddrSpace : std::uint8_t { MULTICAST = 0, DDR = 1, DYNAMIC_DDR = 2 };

inline constexpr std::uint16_t no_buffer = 0xffff;

/// One transfer of an inference; they are submitted in the order of the list.
struct DmaRequest {
    std::uint16_t num = 0;         ///< DMA buffer, or no_buffer (then size is 0)
    std::uint64_t host_offset = 0; ///< in that buffer
    std::uint64_t dev_offset = 0;  ///< in the multicast window or the DDR
    std::uint32_t size = 0;        ///< bytes; 0: semaphores and doorbell only
    std::uint16_t mcid = 0;        ///< when space is MULTICAST
    AddrSpace space = AddrSpace::MULTICAST;
    bool from_card = false;
    std::uint16_t port = 0; ///< 100 host input, 101 host output
    std::uint32_t transaction_id = 0xffffffff;
    std::vector<SemaphoreOp> semaphores; ///< at most 4, at most one with pre
    std::vector<DoorbellOp> doorbells;   ///< see doorbell()
    /// The doorbell of the request element: only when there is exactly one (4.5 step 1).
    [[nodiscard]] const DoorbellOp* doorbell() const noexcept
    {
        return doorbells.size() == 1 ? doorbells.data() : nullptr;
    }
};

struct HostMulticast {
    std::uint32_t mask = 0, size = 0; ///< virtual NSPs that receive; bytes used of the 8 MiB window
};
struct NspMulticast {
    std::uint64_t base_offset = 0; ///< where the window lands in this NSP's memory, 4 KiB aligned
    std::uint32_t mask = 0, size = 0;
    bool vtcm = false; ///< else L2TCM
    bool dynamic = false;
};
struct ThreadDesc {
    std::uint64_t entry = 0;
    std::uint8_t type_mask = 0; ///< 1 HMX, 2 HVX
};
struct ConstantMapping {
    std::uint64_t offset = 0;
    std::uint32_t core_mask = 0, size = 0;
};
struct PortEntry {
    std::uint16_t id = 0;
    std::int8_t type = 0; ///< 0 user I/O, 1 card to card, 2 multi-device pipeline
};

struct Metadata {
    std::uint16_t version_major = 1, version_minor = 0;
    std::string network_name;                  ///< not empty
    std::vector<std::uint32_t> semaphore_init; ///< one per semaphore
    Bytes l2tcm_init;                          ///< copied to offset 0 of every NSP's L2TCM
    std::vector<DmaRequest> requests;
    std::vector<std::vector<NspMulticast>> nsp_multicast; ///< one table per NSP; index in it = MCID
    std::vector<HostMulticast> host_multicast;            ///< index = MCID
    std::vector<ThreadDesc> threads;
    std::vector<ConstantMapping> constant_mappings;
    std::uint64_t static_ddr = 0, dynamic_ddr = 0;             ///< bytes of shared DDR
    std::uint64_t static_constants = 0, dynamic_constants = 0; ///< bytes
    std::uint64_t exit_doorbell = 0;                           ///< L2TCM offset
    std::uint32_t l2_cached_ddr = 0;
    std::uint16_t exec_context_major = 0;
    std::uint16_t nsps = 0, semaphores = 0;
    std::uint8_t hw_major = 0, hw_minor = 0; ///< must equal the card's
    bool static_ddr_ecc = false, dynamic_ddr_ecc = false, static_constants_ecc = false,
         dynamic_constants_ecc = false;
    bool single_vtcm_page = false, hvx_fp = false, hmx_fp = false;
    std::uint32_t vtcm = 0, l2tcm = 0; ///< bytes per NSP
    std::uint64_t heap = 0;
    std::vector<PortEntry> ports;
    Bytes exec_context; ///< nested flatbuffer, opaque to the host
    /// MCIDs the program needs: the longest of all multicast tables.
    [[nodiscard]] std::size_t mcids() const noexcept;
};

/// Decodes the bytes of a metadata section (a leading terminator record is dropped) and checks them against
/// each other. E_FORMAT names the request or table and the rule.
Result<Metadata> decode_metadata(ConstSpan section);

/// The checks of decode_metadata alone, for metadata made by other means.
Result<void> check_metadata(const Metadata& metadata);

/// The flatbuffer, without terminator: what goes into a section metadata_fb.
Bytes encode_metadata(const Metadata& metadata);

/// Is this the name of a field that a program may require (appendix B)? With its prefix.
[[nodiscard]] bool known_required_field(std::string_view name) noexcept;

} // namespace qpc
