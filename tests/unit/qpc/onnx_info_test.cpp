// SPDX-License-Identifier: BSD-3-Clause
// Inputs and outputs of ONNX files. The files are put together here byte by byte from the format's field
// numbers.
#include "qpc/onnx_info.hpp"
#include "samples.hpp"

namespace qpc::samples {
namespace {

/// A length-delimited protobuf field.
std::string field(unsigned number, const std::string& content)
{
    std::string out;
    for (auto n : {std::size_t{number << 3 | 2}, content.size()}) {
        for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
        out += static_cast<char>(n);
    }
    return out + content;
}
std::string number(unsigned field_number, unsigned value)
{
    return {static_cast<char>(field_number << 3), static_cast<char>(value)};
}
std::string dim(unsigned n) { return field(1, number(1, n)); }

std::string tensor(const std::string& name, unsigned type, const std::string& dims)
{
    return field(1, name) + field(2, field(1, number(1, type) + field(2, dims)));
}

struct Parts {
    std::string input = field(11, tensor("image", 1, dim(1) + dim(1) + dim(8) + dim(8)));
    std::string output = field(12, tensor("logits", 1, dim(1) + dim(10)));
    std::string weights = field(5, number(1, 4) + field(8, "w") + field(9, std::string(64, 'x')));
    std::string ir = number(1, 8);
    [[nodiscard]] std::string graph() const
    {
        return field(2, "net") + field(1, "node") + weights + input + output;
    }
    [[nodiscard]] std::string model() const { return ir + field(2, "maker") + field(7, graph()); }
};

std::string read_error(const std::string& file) { return error_of(read_onnx_info(as_span(file))); }

TEST(OnnxInfo, ReadsInputsAndOutputs)
{
    Parts p;
    p.input += field(11, tensor("w", 1, dim(4))); // old files list weights as inputs
    const auto info = read_onnx_info(as_span(p.model()));
    ASSERT_TRUE(info) << info.error().message();
    EXPECT_EQ(info->ir_version, 8);
    EXPECT_EQ(info->graph_name, "net");
    EXPECT_EQ(info->producer, "maker");
    ASSERT_EQ(info->inputs.size(), 1u);
    EXPECT_EQ(info->inputs[0].name, "image");
    EXPECT_EQ(info->inputs[0].dims, (std::vector<std::uint32_t>{1, 1, 8, 8}));
    ASSERT_EQ(info->outputs.size(), 1u);
    EXPECT_EQ(info->outputs[0].name, "logits");
}

TEST(OnnxInfo, EveryRefusalNamesTheTensorAndTheRemedy)
{
    const auto with_input = [](const std::string& t) {
        Parts p;
        p.input = field(11, t);
        return read_error(p.model());
    };
    const auto with = [](auto change) {
        Parts p;
        change(p);
        return read_error(p.model());
    };
    const std::pair<std::string, const char*> cases[] = {
        {with_input(tensor("x", 7, dim(1))), "E_UNSUPP: input \"x\" is int64, supported is float32; export"},
        {with_input(tensor("x", 99, dim(1))), "input \"x\" is type 99"},
        {with_input(tensor("x", 1, field(1, field(2, "batch")))),
         "input \"x\": dimension 0 is not fixed (\"batch\"); export the model with a fixed batch"},
        {with_input(tensor("x", 1, field(1, ""))), "dimension 0 is not fixed (\"\")"},
        {with_input(tensor("x", 1, dim(0))), "dimension 0 out of range got=0"},
        {with_input(tensor("", 1, dim(1))), "an input of the graph has no name"},
        {with_input(field(1, "x")), "input \"x\" is not a tensor"},
        {with_input(field(1, "x") + field(2, field(4, ""))), "input \"x\" is not a tensor"},
        {with_input(field(1, "x") + field(2, field(1, number(1, 1)))), "input \"x\" has no shape"},
        {with_input(
             tensor("x", 1, dim(1) + dim(1) + dim(1) + dim(1) + dim(1) + dim(1) + dim(1) + dim(1) + dim(1))),
         "too many dimensions got=9 limit=8"},
        {with([](Parts& p) { p.output = field(12, tensor("y", 11, dim(1))); }), "output \"y\" is float64"},
        {with([](Parts& p) { p.input.clear(); }),
         "E_FORMAT: ONNX graph has no inputs: graph.input is missing"},
        {with([](Parts& p) { p.output.clear(); }), "ONNX graph has no outputs: graph.output is missing"},
        {with([](Parts& p) { p.ir.clear(); }), "not an ONNX model: ir_version is missing"},
        {with([](Parts& p) { p.weights = field(5, field(8, "w") + number(14, 1)); }),
         "weight \"w\" lies in another file; save the model as one file"},
        {read_error(number(1, 8)), "ONNX model without a graph: model.graph is missing"},
        {read_error(""), "ONNX file is empty"},
        {read_error("hello, world"), "not an ONNX model: "},
        {read_error(std::string("\x7f"
                                "ELF\x02\x01\x01",
                                7)),
         "not an ONNX model: "},
    };
    for (const auto& [got, expected] : cases)
        EXPECT_NE(got.find(expected), std::string::npos) << got << "\nexpected: " << expected;
}

TEST(OnnxInfo, EveryTruncationIsRefused)
{
    const auto model = Parts{}.model();
    for (std::size_t n = 0; n < model.size(); ++n)
        EXPECT_FALSE(read_onnx_info(as_span(std::string_view(model).substr(0, n)))) << n;
}

} // namespace
} // namespace qpc::samples
