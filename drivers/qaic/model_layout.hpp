// SPDX-License-Identifier: BSD-3-Clause
// A program as an application sees it: tensors back to back in an operation's input and output, and the DMA
// requests in those terms (transfers.hpp). aic100-workload.md 2.3
#pragma once
#include "qaic/transfers.hpp"
#include <string>
#include <vector>

namespace qaic {

/// One tensor as the application sees it.
struct Tensor {
    std::string name;
    qpc::DataType type = qpc::DataType::FLOAT32;
    std::vector<std::uint32_t> dims; ///< at least one; a scalar is {1}
    float scale = 1;                 ///< real = scale * (q - zero_point)
    std::int32_t zero_point = 0;
    std::uint64_t elements = 0;
    std::uint64_t bytes = 0;     ///< in device type
    std::uint64_t packed_at = 0; ///< in the operation's input or output
};

struct ModelLayout {
    std::vector<Tensor> inputs, outputs;
    std::uint64_t input_bytes = 0, output_bytes = 0; ///< packed, device types, below 4 GiB each
    std::vector<dbc::Transfer> transfers;            ///< in the order of the metadata
    /// Compiled into the program: its tensors hold all of them, and every operation computes all of them. The
    /// smallest and the largest nb_batches of an operation at once (aic100-workload.md 2.2, field 14).
    std::uint16_t batches = 1;
};

/// As resolve_transfers(); E_LIMIT when a packed buffer reaches 4 GiB, the length of a buffer segment, or the
/// batch 65536.
[[nodiscard]] Result<ModelLayout> lay_out(const qpc::Program& program);

} // namespace qaic
