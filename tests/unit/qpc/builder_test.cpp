// SPDX-License-Identifier: BSD-3-Clause
// The builder: what a built container says is what aic100-workload.md 7.7 prescribes for its tensors.
#include "aic100/wire/dbc.hpp"
#include "samples.hpp"
#include <bit>

namespace qpc::samples {
namespace {

struct Built {
    Bytes bytes;
    Program program;
    NspImage image;
};

Built build(const ProgramSpec& spec)
{
    Built b;
    auto bytes = build_container(spec);
    EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().message());
    if (!bytes) return b;
    b.bytes = std::move(*bytes);
    b.program = *load_program(b.bytes, "built");
    const auto* section = b.program.elf_file.find(aic100::nsp_section);
    EXPECT_NE(section, nullptr);
    b.image = *decode_nsp_image(section->data);
    return b;
}

TEST(Builder, SeveralTensorsInDdr)
{
    auto spec = *parse_builtin("echo:in=100+300");
    spec.in_place = false;
    spec.name = "two";
    const auto b = build(spec);
    const auto& m = b.program.metadata;
    EXPECT_EQ(m.network_name, "two");
    EXPECT_EQ(b.program.network.name, "two");
    EXPECT_EQ(m.static_ddr, 1024u + 300u); // 0, 256, 768, 1024
    EXPECT_EQ(m.semaphore_init, (std::vector<std::uint32_t>{0, 1}));
    ASSERT_EQ(m.requests.size(), 4u);
    const std::uint64_t offsets[] = {0, 256, 768, 1024};
    for (std::size_t i = 0; i < 4; ++i) {
        const auto& r = m.requests[i];
        const bool last = i == 1 || i == 3;
        EXPECT_EQ(r.num, i);
        EXPECT_EQ(r.dev_offset, offsets[i]);
        EXPECT_EQ(r.dev_offset % 256, 0u);
        EXPECT_EQ(r.space, AddrSpace::DDR);
        EXPECT_EQ(r.from_card, i >= 2);
        EXPECT_EQ(r.doorbell()->offset, 4 * i);
        ASSERT_EQ(r.semaphores.size(), last ? 2u : 1u);
        EXPECT_TRUE(r.semaphores[0].pre);
        EXPECT_EQ(r.semaphores[0].number, i / 2);
        EXPECT_EQ(r.semaphores[0].value, i < 2 ? 1 : 0);
        EXPECT_EQ(r.semaphores[0].op, static_cast<std::uint8_t>(aic100::SemOp::WAIT_EQUAL));
        EXPECT_EQ(r.semaphores[0].out_fence, i == 3); // one response for both outputs
        if (!last) continue;
        EXPECT_FALSE(r.semaphores[1].pre);
        EXPECT_EQ(r.semaphores[1].op, static_cast<std::uint8_t>(aic100::SemOp::INIT));
        EXPECT_EQ(r.semaphores[1].value, i < 2 ? 0 : 1);
    }
    EXPECT_EQ(m.l2tcm_init[8], std::byte{1});
    EXPECT_EQ(m.l2tcm_init[12], std::byte{1});
    EXPECT_EQ(m.l2tcm_init[4], std::byte{0});
    ASSERT_EQ(b.image.outputs.size(), 2u);
    EXPECT_EQ(b.image.outputs[1].offset, 1024u);
    EXPECT_EQ(b.image.outputs[1].doorbell, 3u);
    EXPECT_EQ(b.image.outputs[1].name, "outputBuff_1");
    EXPECT_EQ(b.image.outputs[1].space, aic100::NspSpace::DDR);
}

TEST(Builder, EchoWorksInPlaceUnlessToldOtherwise)
{
    const auto b = build(*parse_builtin("echo:in=64+1KiB"));
    const auto& r = b.program.metadata.requests;
    EXPECT_EQ(r[0].dev_offset, r[2].dev_offset);
    EXPECT_EQ(r[1].dev_offset, r[3].dev_offset);
    EXPECT_NE(r[0].dev_offset, r[1].dev_offset);
    EXPECT_EQ(b.image.inputs[1].offset, b.image.outputs[1].offset);
    EXPECT_EQ(b.program.metadata.static_ddr, 256u + 1024u);
}

TEST(Builder, VtcmTensorsHaveAMulticastWindowEach)
{
    auto spec = *parse_builtin("echo:in=5000+64");
    spec.in_place = false;
    spec.placement = Placement::VTCM;
    spec.nsps = 3;
    const auto b = build(spec);
    const auto& m = b.program.metadata;
    EXPECT_EQ(m.mcids(), 5u);
    EXPECT_EQ(m.static_ddr, 0u);
    EXPECT_EQ(m.vtcm, 8192u + 4096 + 8192 + 64);
    ASSERT_EQ(m.nsp_multicast.size(), 3u);
    EXPECT_EQ(m.host_multicast[0].mask, 7u);
    const std::uint64_t bases[] = {0, 8192, 12288, 20480};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(m.requests[i].space, AddrSpace::MULTICAST);
        EXPECT_EQ(m.requests[i].mcid, i + 1);
        EXPECT_EQ(m.requests[i].dev_offset, 0u);
        EXPECT_EQ(m.host_multicast[i + 1].mask, 1u);
        EXPECT_EQ(m.nsp_multicast[2][i + 1].base_offset, bases[i]);
        EXPECT_TRUE(m.nsp_multicast[2][i + 1].vtcm);
    }
    for (std::uint32_t nsp = 0; nsp < 3; ++nsp) EXPECT_EQ(m.nsp_multicast[nsp][0].mask, 7u & ~(1u << nsp));
    EXPECT_EQ(b.image.inputs[1].offset, 8192u);
    EXPECT_EQ(b.image.inputs[1].space, aic100::NspSpace::VTCM);
    EXPECT_EQ(b.program.network.cores, 3u);
}

TEST(Builder, ConstantsAreAllStaticAndMappedToEveryNsp)
{
    const Bytes onnx(1000, std::byte{9});
    ProgramSpec spec;
    spec.name = "net";
    spec.kind = aic100::NspKind::ONNX;
    spec.inputs = {{"image", DataType::FLOAT32, {1, 1, 8, 8}}};
    spec.outputs = {{"logits", DataType::FLOAT32, {1, 10}}};
    spec.static_constants = onnx;
    spec.nsps = 2;
    const auto b = build(spec);
    EXPECT_EQ(to_bytes(b.program.static_constants), onnx);
    EXPECT_EQ(b.program.container.find("constants.bin")->split, 1000u);
    EXPECT_TRUE(b.program.warnings.empty());
    ASSERT_EQ(b.program.metadata.constant_mappings.size(), 1u);
    EXPECT_EQ(b.program.metadata.constant_mappings[0].core_mask, 3u);
    EXPECT_EQ(b.program.network.inputs[0].dims, (std::vector<std::uint32_t>{1, 1, 8, 8}));
    EXPECT_EQ(b.program.network.inputs[0].align, 4u);
    EXPECT_EQ(b.image.kind, aic100::NspKind::ONNX);
    EXPECT_EQ(b.image.inputs[0].dims, (std::vector<std::uint32_t>{1, 1, 8, 8}));
    EXPECT_EQ(b.image.outputs[0].name, "logits");
    EXPECT_EQ(b.image.outputs[0].size, 40u);
}

TEST(Builder, SegmentsAreSortedByName)
{
    const auto b = build(*parse_builtin("echo:in=64"));
    std::vector<std::string> names;
    for (const auto& s : b.program.container.segments) names.emplace_back(s.name);
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(Builder, SameInputSameBytes)
{
    EXPECT_EQ(builtin("scale:in=1KiB,factor=0.5"), builtin("scale:in=1KiB,factor=0.5"));
    EXPECT_NE(builtin("scale:in=1KiB,factor=0.5"), builtin("scale:in=1KiB,factor=0.25"));
}

TEST(Builder, EveryMistakeHasItsMessage)
{
    const auto echo = *parse_builtin("echo:in=64");
    const auto error = [&](auto change) {
        auto spec = echo;
        change(spec);
        return error_of(build_container(spec));
    };
    const struct {
        std::string got;
        const char* text;
    } cases[] = {
        {error([](ProgramSpec& s) { s.name.clear(); }), "E_INVAL: network name got=0 characters"},
        {error([](ProgramSpec& s) { s.inputs.clear(); }), "at least one input and one output"},
        {error([](ProgramSpec& s) { s.nsps = 0; }), "number of NSPs got=0 limit=1..16"},
        {error([](ProgramSpec& s) { s.nsps = 17; }), "number of NSPs got=17 limit=1..16"},
        {error([](ProgramSpec& s) { s.inputs[0].name.clear(); }), "a tensor has no name"},
        {error([](ProgramSpec& s) { s.inputs[0].name.assign(64, 'x'); }), "name too long got=64 limit=63"},
        {error([](ProgramSpec& s) { s.inputs[0].dims = {0}; }), "dimension 0 or size out of range"},
        {error([](ProgramSpec& s) { s.inputs[0].dims = {1u << 31}; }),
         "dimension 2147483648 or size out of range"},
        {error([](ProgramSpec& s) {
             s.inputs[0].dims = {65536, 65536};
         }),
         "dimension 65536 or size out of range"},
        {error([](ProgramSpec& s) { s.inputs[0].dims.assign(9, 1); }), "too many dimensions got=9 limit=8"},
        {error([](ProgramSpec& s) { s.outputs[0].dims = {65}; }),
         "output 0 has another size than input 0 got=65 expected=64"},
        {error([](ProgramSpec& s) { s.placement = Placement::VTCM; }), "working in place needs DDR"},
        {error([](ProgramSpec& s) {
             s.in_place = false;
             s.placement = Placement::VTCM;
             s.inputs[0].dims = {8u << 20};
         }),
         "tensors do not fit the VTCM got=8388672 limit=8388608; place them in DDR"},
        {error([](ProgramSpec& s) { s.inputs.resize(281, s.inputs[0]); }),
         "too many inputs and outputs got=282 limit=280"},
        {error([](ProgramSpec& s) {
             s.in_place = false;
             s.inputs.push_back(s.inputs[0]);
         }),
         "two inputs are named \"inputBuff_0\""},
    };
    for (const auto& c : cases)
        EXPECT_NE(c.got.find(c.text), std::string::npos) << c.got << "\nexpected: " << c.text;
}

TEST(BuiltinSpec, ParsesEveryKind)
{
    const auto echo = *parse_builtin("echo:in=64+4KiB,out=64+4KiB");
    EXPECT_EQ(echo.builtin, aic100::NspBuiltin::ECHO);
    ASSERT_EQ(echo.inputs.size(), 2u);
    EXPECT_EQ(echo.inputs[1].dims, std::vector<std::uint32_t>{4096});
    EXPECT_EQ(echo.inputs[1].type, DataType::INT8);
    EXPECT_TRUE(echo.in_place);
    const auto sum = *parse_builtin("checksum:in=1+2+3");
    EXPECT_EQ(sum.inputs.size(), 3u);
    EXPECT_EQ(sum.outputs[0].type, DataType::INT32);
    EXPECT_EQ(sum.outputs[0].dims, std::vector<std::uint32_t>{1});
    const auto scale = *parse_builtin("scale:in=1MiB,factor=-0.5");
    EXPECT_EQ(scale.inputs[0].dims, std::vector<std::uint32_t>{1u << 18});
    EXPECT_EQ(std::bit_cast<float>(static_cast<std::uint32_t>(scale.arg0)), -0.5f);
    EXPECT_FALSE(scale.in_place);
    const auto wait = *parse_builtin("wait:in=64,us=100");
    EXPECT_EQ(wait.arg0, 100000u);
    const auto timed = *parse_builtin("timed:in=150528,out=1000+8");
    EXPECT_EQ(timed.outputs[1].dims, std::vector<std::uint32_t>{8});
    EXPECT_EQ(timed.arg0, 0u);
    EXPECT_FALSE(timed.in_place);
    EXPECT_EQ(parse_builtin("timed:in=1,out=1,us=5")->arg0, 5000u);
    EXPECT_EQ(parse_builtin("echo:in=3GiB")->inputs[0].dims.size(), 2u);
}

TEST(BuiltinSpec, EveryMistakeHasItsMessage)
{
    const std::pair<const char*, const char*> cases[] = {
        {"", "unknown program got=\"\" known=echo,checksum,scale,wait,timed"},
        {"foo:in=1", "unknown program got=\"foo\""},
        {"echo", "echo needs in=SIZE"},
        {"echo:in=", "in: not a size got=\"\""},
        {"echo:in=64,in=64", "key unknown, repeated or without value got=\"in\""},
        {"echo:us=5", "key unknown, repeated or without value got=\"us\" known=in,out"},
        {"echo:in=0", "in: size out of range got=0"},
        {"echo:in=-1", "in: not a size got=\"-1\""},
        {"echo:in=4kb", "in: not a size got=\"4kb\""},
        {"echo:in=4GiB", "in: size out of range got=4GiB limit=1..4294967295"},
        {"echo:in=99999999999999999999", "in: not a size"},
        {"echo:in=18446744073709551615KiB", "in: size out of range"},
        {"echo:in=64,out=65", "echo needs outputs of the inputs' sizes"},
        {"checksum:in=64,out=8", "checksum has one output of 4 bytes"},
        {"scale:in=64", "scale needs factor=N"},
        {"scale:in=63,factor=1", "size is not a multiple of the element got=63 limit=4"},
        {"scale:in=4+4,factor=1", "scale has one input got=2"},
        {"scale:in=64,factor=x", "factor is not a number got=\"x\""},
        {"scale:in=64,factor=inf", "factor is not a number"},
        {"wait:in=64", "wait needs us=N"},
        {"timed:in=64", "timed needs out=SIZE"},
        {"wait:in=64,us=60000001", "us is not a number of microseconds got=\"60000001\" limit=60000000"},
        {"echo:in=4294967295", "sizes above 2 GiB must be even"},
    };
    for (const auto& [text, expected] : cases) {
        const auto error = error_of(parse_builtin(text));
        EXPECT_NE(error.find(expected), std::string::npos) << text << ": " << error;
    }
}

TEST(NspImage, RefusesWhatIsNoProgram)
{
    const auto parts = unpack(builtin("echo:in=64"));
    const auto section = to_bytes(parse_elf(parts.at("network.elf"))->find(aic100::nsp_section)->data);
    EXPECT_NE(error_of(decode_nsp_image(ConstSpan(section).first(39))).find("not an NSP program"),
              std::string::npos);
    EXPECT_NE(
        error_of(decode_nsp_image(ConstSpan(section).first(section.size() - 1))).find("tensor record 1 ends"),
        std::string::npos);
    EXPECT_NE(error_of(decode_nsp_image(patched(section, 0, 'x'))).find("not an NSP program"),
              std::string::npos);
    EXPECT_NE(error_of(decode_nsp_image(patched(section, 12, ~0u))).find("too many tensors"),
              std::string::npos);
    EXPECT_NE(error_of(decode_nsp_image(patched(section, 40 + 28, 9u))).find("rank 9 unknown"),
              std::string::npos);
}

} // namespace
} // namespace qpc::samples
