// SPDX-License-Identifier: BSD-3-Clause
// What a container needs to know of an ONNX file: the inputs and outputs of its graph.
#pragma once
#include "qpc/builder.hpp"

namespace qpc {

struct OnnxInfo {
    std::string graph_name; ///< may be empty
    std::string producer;
    std::int64_t ir_version = 0;
    std::vector<TensorSpec> inputs; ///< without those that are weights of the graph
    std::vector<TensorSpec> outputs;
};

/// Reads inputs and outputs of a model. Only float32 tensors of fixed shape, with all weights inside the
/// file: E_UNSUPP names the tensor and the remedy; E_FORMAT says what of the file is broken or missing.
Result<OnnxInfo> read_onnx_info(ConstSpan file);

} // namespace qpc
