// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/model_layout.hpp"
#include <limits>

namespace qaic {
namespace {

bool quantized(qpc::DataType type)
{
    return type == qpc::DataType::INT8_Q || type == qpc::DataType::UINT8_Q ||
           type == qpc::DataType::INT16_Q || type == qpc::DataType::INT32_Q;
}

Tensor tensor_of(const qpc::Binding& b, std::uint64_t packed_at)
{
    Tensor t;
    t.name = b.name;
    t.type = b.type;
    t.dims = b.dims;
    if (t.dims.empty()) t.dims.push_back(1);
    if (quantized(b.type) && b.qscale != 0) t.scale = b.qscale, t.zero_point = b.qoffset;
    t.bytes = b.bytes;
    t.elements = b.bytes / qpc::element_bytes(b.type);
    t.packed_at = packed_at;
    return t;
}

std::vector<Tensor> pack(const std::vector<qpc::Binding>& bindings)
{
    std::vector<Tensor> out;
    std::uint64_t at = 0;
    for (const auto& b : bindings) {
        out.push_back(tensor_of(b, at));
        at += b.bytes; // each below 4 GiB and at most 1024 of them: no overflow
    }
    return out;
}

} // namespace

Result<ModelLayout> lay_out(const qpc::Program& program)
{
    ModelLayout layout;
    QAIC_TRY(auto resolved, resolve_transfers(program));
    constexpr auto most = std::numeric_limits<std::uint32_t>::max();
    if (const auto larger = std::max(resolved.input_bytes, resolved.output_bytes); larger > most)
        return fail(Code::E_LIMIT, "packed tensors: bytes got={} limit={}", larger, most);
    constexpr auto most_batches = std::numeric_limits<std::uint16_t>::max();
    if (program.network.batch > most_batches)
        return fail(Code::E_LIMIT, "batch size got={} limit={}", program.network.batch, most_batches);
    layout.batches = static_cast<std::uint16_t>(program.network.batch); // at least 1: parse_network_desc()
    layout.inputs = pack(program.network.inputs);
    layout.outputs = pack(program.network.outputs);
    layout.input_bytes = resolved.input_bytes;
    layout.output_bytes = resolved.output_bytes;
    layout.transfers = std::move(resolved.transfers);
    return layout;
}

} // namespace qaic
