// SPDX-License-Identifier: BSD-3-Clause
// From a program's metadata and descriptor to the transfers of one inference over packed user buffers: input
// tensors back to back, output tensors back to back. aic100-workload.md 2.3, 4.5 step 1
#pragma once
#include "qaic/dbc/slice_plan.hpp"
#include "qpc/program.hpp"

namespace qaic {

struct ResolvedTransfers {
    std::vector<dbc::Transfer> transfers; ///< in submission order
    std::uint64_t input_bytes = 0, output_bytes = 0;
};

/// E_UNSUPP when a DMA request covers host bytes that are not one contiguous run of the packed buffer (then
/// the host would have to copy), or when the program takes partial inputs.
[[nodiscard]] Result<ResolvedTransfers> resolve_transfers(const qpc::Program& program);

} // namespace qaic
