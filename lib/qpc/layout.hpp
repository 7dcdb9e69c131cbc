// SPDX-License-Identifier: BSD-3-Clause
// From placed tensors to metadata: semaphores, doorbells, multicast tables and sizes by the rules of the
// vendor's compiler (aic100-workload.md 7.7).
#pragma once
#include "qpc/metadata.hpp"
#include "qpc/nsp_image.hpp"

namespace qpc {

/// Where a tensor lies, and the rules its transfer obeys.
struct PlacedTensor {
    std::uint32_t size = 0;
    aic100::NspSpace space = aic100::NspSpace::DDR;
    std::uint64_t base_offset =
        0;                        ///< where its multicast window lands, multiple of 4096; on-chip memory only
    std::uint64_t dev_offset = 0; ///< in the window, or in the shared DDR
    std::uint32_t nsp_mask = 1;   ///< NSPs that receive or produce it
    bool in_fence = false, out_fence = false;
};

struct ProgramPlan {
    std::string network_name;
    std::vector<PlacedTensor> inputs, outputs;
    unsigned nsps = 1, threads = 4;
    std::uint64_t static_constants = 0;
};

inline constexpr std::uint32_t doorbell_words = 281, exit_doorbell_index = 280;
inline constexpr std::uint64_t doorbell_stride = 4;

/// The metadata of such a program, with its version 5 execution context. It passes check_metadata() if the
/// plan itself is sound (E_FORMAT says what is not).
Result<Metadata> plan_metadata(const ProgramPlan& plan);

} // namespace qpc
