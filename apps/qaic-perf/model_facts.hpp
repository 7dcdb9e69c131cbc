// SPDX-License-Identifier: BSD-3-Clause
// What the tool knows about a model: a copy of rte_ml_model_info, so nothing points into the driver.
#pragma once
#include "element_types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace qaic::perf {

/// How the bytes of tensor files are to be read.
enum class FileFormat { FLOAT32, DEVICE };

/// Largest tensor this tool handles: 4 GiB, the reach of rte_ml_buff_seg.length.
inline constexpr std::uint64_t max_tensor_bytes = UINT32_MAX;

struct TensorFacts {
    std::string name;
    std::vector<std::uint32_t> shape;
    ElementType type = RTE_ML_IO_TYPE_UNKNOWN;
    std::uint64_t elements = 0;
    std::uint64_t device_bytes = 0; ///< as the driver reports it
};

struct ModelFacts {
    std::string name, version;
    std::uint16_t id = 0;
    std::uint16_t batches = 1; ///< min_batches: what every op of this tool carries
    bool packed = true;        ///< one buffer for all inputs, one for all outputs
    std::uint64_t weight_bytes = 0;
    std::vector<TensorFacts> inputs, outputs;
};

/// "image 1x1x8x8 FP32"
std::string describe(const TensorFacts& tensor);
/// "a 1x2 FP32 + b 1 INT8"
std::string describe(const std::vector<TensorFacts>& tensors);
/// Bytes of all tensors together in a file of that format.
std::uint64_t file_bytes(const std::vector<TensorFacts>& tensors, FileFormat format);
/// Element runs of all tensors in a file of that format, in order.
std::vector<ElementRun> element_runs(const std::vector<TensorFacts>& tensors, FileFormat format);

} // namespace qaic::perf
