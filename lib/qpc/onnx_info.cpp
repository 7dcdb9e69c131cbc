// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/onnx_info.hpp"
#include "onnx.pb.h"
#include "qpc/limits.hpp"
#include "qpc/pb_scan.hpp"
#include "qpc/text.hpp"
#include <array>
#include <google/protobuf/io/coded_stream.h>
#include <set>

namespace qpc {
namespace {
enum OnnxMsg : std::uint8_t { MODEL, GRAPH, VALUE, TYPE, TENSOR_TYPE, ONNX_SHAPE, ONNX_LEAF };
constexpr PbField onnx_schema[] = {
    {MODEL, 7, PbKind::MESSAGE, GRAPH},
    {GRAPH, 5, PbKind::MESSAGE, ONNX_LEAF},
    {GRAPH, 11, PbKind::MESSAGE, VALUE},
    {GRAPH, 12, PbKind::MESSAGE, VALUE},
    {VALUE, 2, PbKind::MESSAGE, TYPE},
    {TYPE, 1, PbKind::MESSAGE, TENSOR_TYPE},
    {TENSOR_TYPE, 2, PbKind::MESSAGE, ONNX_SHAPE},
    {ONNX_SHAPE, 1, PbKind::MESSAGE, ONNX_LEAF},
};

constexpr std::array<std::string_view, 17> type_names{
    "undefined", "float32", "uint8",   "int8",   "uint16", "int16",     "int32",      "int64",   "string",
    "bool",      "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"};
constexpr int onnx_float32 = 1, onnx_external = 1;

std::string type_name(int type)
{
    if (type >= 0 && static_cast<std::size_t>(type) < type_names.size()) return std::string(type_names[type]);
    return fmt::format("type {}", type);
}

Result<TensorSpec> read_tensor(const char* what, const onnxpb::ValueInfo& v)
{
    if (v.name().empty()) return fail(Code::E_FORMAT, "an {} of the graph has no name", what);
    const auto where = fmt::format("{} \"{}\"", what, printable(v.name()));
    if (!v.has_type() || !v.type().has_tensor())
        return fail(Code::E_UNSUPP, "{} is not a tensor; only tensors go to and from the card", where);
    const auto& t = v.type().tensor();
    if (t.elem_type() != onnx_float32)
        return fail(Code::E_UNSUPP,
                    "{} is {}, supported is float32; export the model with float32 inputs and outputs", where,
                    type_name(t.elem_type()));
    if (!t.has_shape())
        return fail(Code::E_UNSUPP, "{} has no shape; export the model with fixed shapes", where);
    TensorSpec out{v.name(), DataType::FLOAT32, {}};
    if (static_cast<std::size_t>(t.shape().dims_size()) > limits::rank)
        return fail(Code::E_UNSUPP, "{} has too many dimensions got={} limit={}", where,
                    t.shape().dims_size(), limits::rank);
    for (const auto& d : t.shape().dims()) {
        const auto index = out.dims.size();
        if (d.value_case() == onnxpb::TensorShape::Dim::kSymbol ||
            d.value_case() == onnxpb::TensorShape::Dim::VALUE_NOT_SET)
            return fail(Code::E_UNSUPP,
                        "{}: dimension {} is not fixed (\"{}\"); export the model with a fixed batch, "
                        "e.g. without dynamic_axes",
                        where, index, printable(d.symbol()));
        if (d.size() <= 0 || d.size() > 0x7fffffff)
            return fail(Code::E_FORMAT, "{}: dimension {} out of range got={} limit=1..{}", where, index,
                        d.size(), 0x7fffffff);
        out.dims.push_back(static_cast<std::uint32_t>(d.size()));
    }
    return out;
}

Result<std::set<std::string>> read_weights(const onnxpb::Graph& graph)
{
    std::set<std::string> names;
    for (const auto& i : graph.initializers()) {
        if (i.data_location() == onnx_external)
            return fail(Code::E_UNSUPP,
                        "weight \"{}\" lies in another file; save the model as one file "
                        "(save_as_external_data=False)",
                        printable(i.name()));
        names.insert(i.name());
    }
    return names;
}

Result<OnnxInfo> read_model(const onnxpb::Model& model)
{
    if (model.ir_version() <= 0) return fail(Code::E_FORMAT, "not an ONNX model: ir_version is missing");
    if (!model.has_graph()) return fail(Code::E_FORMAT, "ONNX model without a graph: model.graph is missing");
    const auto& graph = model.graph();
    OnnxInfo out;
    out.graph_name = graph.name();
    out.producer = model.producer_name();
    out.ir_version = model.ir_version();
    QAIC_TRY(const auto weights, read_weights(graph));
    for (const auto& v : graph.inputs()) {
        if (weights.count(v.name()) != 0) continue;
        QAIC_TRY(auto tensor, read_tensor("input", v));
        out.inputs.push_back(std::move(tensor));
    }
    for (const auto& v : graph.outputs()) {
        QAIC_TRY(auto tensor, read_tensor("output", v));
        out.outputs.push_back(std::move(tensor));
    }
    if (out.inputs.empty()) return fail(Code::E_FORMAT, "ONNX graph has no inputs: graph.input is missing");
    if (out.outputs.empty())
        return fail(Code::E_FORMAT, "ONNX graph has no outputs: graph.output is missing");
    return out;
}

} // namespace

Result<OnnxInfo> read_onnx_info(ConstSpan file)
{
    if (file.size() > limits::onnx_file)
        return fail(Code::E_LIMIT, "ONNX file too large got={} limit={}", file.size(), limits::onnx_file);
    if (file.empty()) return fail(Code::E_FORMAT, "ONNX file is empty offset=0x0");
    if (auto scanned = scan_protobuf(file, onnx_schema, MODEL); !scanned)
        return fail_at("not an ONNX model", std::move(scanned).error());
    onnxpb::Model model;
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(file.data()),
                                              static_cast<int>(file.size()));
    in.SetRecursionLimit(limits::pb_depth);
    if (!model.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage())
        return fail(Code::E_FORMAT, "not an ONNX model (protobuf)");
    return read_model(model);
}

} // namespace qpc
