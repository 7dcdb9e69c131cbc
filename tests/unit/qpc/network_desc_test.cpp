// SPDX-License-Identifier: BSD-3-Clause
// The network descriptor: appendix A's bytes both ways, and each semantic check of reliability.md F06.
#include "network_desc.pb.h"
#include "samples.hpp"
#include <functional>

namespace qpc::samples {
namespace {
namespace pb = aic100::nwdesc;

NetworkDesc two_inputs()
{
    NetworkDesc d;
    d.name = "simpleio";
    for (std::uint32_t i = 0; i < 2; ++i) {
        d.inputs.push_back({fmt::format("inputBuff_{}", i), DataType::INT8, {64}, 0, 0, 64, i, 0, false, 1});
        d.buffers.push_back({64, Direction::IN});
    }
    d.outputs.push_back({"outputBuff_0", DataType::INT8, {64}, 0, 0, 64, 2, 0, false, 0});
    d.buffers.push_back({64, Direction::OUT});
    return d;
}

/// Appendix A's descriptor with one change.
Bytes changed(const std::function<void(pb::NetworkDescriptor&)>& change)
{
    const auto bytes = simple_io_network_desc();
    pb::NetworkDescriptor d;
    EXPECT_TRUE(d.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    change(d);
    return to_bytes(as_span(d.SerializeAsString()));
}

TEST(NetworkDesc, WritesThe202BytesOfAppendixA)
{
    const auto bytes = write_network_desc(two_inputs());
    ASSERT_TRUE(bytes);
    ASSERT_EQ(bytes->size(), 202u);
    EXPECT_EQ(*bytes, simple_io_network_desc());
}

TEST(NetworkDesc, ReadsThe202BytesOfAppendixA)
{
    const auto d = parse_network_desc(simple_io_network_desc());
    ASSERT_TRUE(d) << d.error().message();
    EXPECT_EQ(d->version_major, 9u);
    EXPECT_EQ(d->version_minor, 0u);
    EXPECT_EQ(d->name, "simpleio");
    EXPECT_EQ(d->batch, 1);
    EXPECT_EQ(d->cores, 1u);
    EXPECT_EQ(d->threads, 4u);
    EXPECT_EQ(d->hvx_threads, 4u);
    ASSERT_EQ(d->inputs.size(), 2u);
    ASSERT_EQ(d->outputs.size(), 1u);
    ASSERT_EQ(d->buffers.size(), 3u);
    EXPECT_EQ(d->inputs[1].name, "inputBuff_1");
    EXPECT_EQ(d->inputs[1].buffer, 1u);
    EXPECT_EQ(d->inputs[1].type, DataType::INT8);
    EXPECT_EQ(d->inputs[1].dims, std::vector<std::uint32_t>{64});
    EXPECT_EQ(d->inputs[1].bytes, 64u);
    EXPECT_EQ(d->outputs[0].buffer, 2u);
    EXPECT_EQ(d->buffers[2].size, 64u);
    EXPECT_EQ(d->buffers[1].direction, Direction::IN);
    EXPECT_EQ(d->buffers[2].direction, Direction::OUT);
}

TEST(NetworkDesc, AcceptsUnpackedNumbersAndUnknownFields)
{
    auto bytes = simple_io_network_desc();
    const auto extra = from_hex("50005000"       // thread_groups, not packed
                                "fa3f03616263"); // field 1023
    bytes.insert(bytes.end(), extra.begin(), extra.end());
    EXPECT_TRUE(parse_network_desc(bytes));
}

TEST(NetworkDesc, EverySemanticRuleHasItsMessage)
{
    using D = pb::NetworkDescriptor;
    const struct {
        std::function<void(D&)> change;
        const char* text;
    } cases[] = {
        {[](D& d) { d.mutable_inputs(0)->set_name(""); }, "E_FORMAT: inputs[0]: name is empty"},
        {[](D& d) { d.mutable_inputs(0)->set_name(std::string(256, 'x')); },
         "name too long got=256 limit=255"},
        {[](D& d) { d.set_batch_size(0); }, "E_FORMAT: batch_size got=0 limit=1 or more"},
        {[](D& d) { d.set_batch_size(-4); }, "batch_size got=-4"},
        {[](D& d) { d.set_num_cores(17); }, "E_FORMAT: num_cores too large got=17 limit=16"},
        {[](D& d) { d.set_num_threads(0xffffffa7); }, "num_threads too large got=4294967207 limit=6"},
        {[](D& d) { d.set_num_hvx_threads(7); }, "num_hvx_threads too large got=7 limit=6"},
        {[](D& d) { d.mutable_inputs(1)->mutable_transforms(0)->set_dims(0, -64); },
         "inputs[1] \"inputBuff_1\" transform: dimension 0 is not positive got=-64"},
        {[](D& d) { d.mutable_inputs(1)->mutable_io_initial()->set_dims(0, 0); },
         "dimension 0 is not positive got=0"},
        {[](D& d) {
             for (int i = 0; i < 4; ++i) d.mutable_inputs(0)->mutable_io_initial()->add_dims(0x7fffffff);
         },
         "product of dimensions too large (bytes) limit=4294967295"},
        {[](D& d) {
             for (int i = 0; i < 8; ++i) d.mutable_inputs(0)->mutable_io_initial()->add_dims(1);
         },
         "too many dimensions got=9 limit=8"},
        {[](D& d) { d.mutable_inputs(0)->mutable_io_initial()->set_type(static_cast<pb::DataType>(9)); },
         "unknown data type got=9 limit=8"},
        {[](D& d) { d.mutable_inputs(0)->mutable_io_initial()->set_type(static_cast<pb::DataType>(-1)); },
         "unknown data type got=-1"},
        {[](D& d) { d.mutable_inputs(0)->mutable_io_initial()->set_type(pb::INT16_Q); },
         "transform moves another tensor than the binding describes (bytes) got=64 expected=128"},
        {[](D& d) { d.mutable_inputs(0)->clear_io_initial(); }, "no description of its type and dimensions"},
        {[](D& d) { d.mutable_inputs(0)->clear_transforms(); },
         "E_UNSUPP: inputs[0] \"inputBuff_0\": no transform"},
        {[](D& d) { d.mutable_inputs(0)->mutable_transforms(0)->set_kind(pb::QUANTIZE); },
         "E_UNSUPP: inputs[0] \"inputBuff_0\": host transform Quantize is not supported"},
        {[](D& d) {
             d.mutable_outputs(0)->mutable_transforms(0)->set_kind(static_cast<pb::TransformKind>(99));
         },
         "outputs[0] \"outputBuff_0\": host transform kind 99 is not supported"},
        {[](D& d) { *d.mutable_inputs(0)->add_transforms() = d.inputs(0).transforms(0); },
         "more than one CopyDMABuffer transform got=2 limit=1"},
        {[](D& d) { d.mutable_inputs(0)->mutable_transforms(0)->clear_copy_dma_buffer(); },
         "without its buffer"},
        {[](D& d) {
             d.mutable_inputs(0)->mutable_transforms(0)->mutable_copy_dma_buffer()->set_buffer_num(3);
         },
         "DMA buffer does not exist got=3 limit=3"},
        {[](D& d) {
             d.mutable_inputs(0)->mutable_transforms(0)->mutable_copy_dma_buffer()->set_buffer_num(2);
         },
         "DMA buffer 2 has the other direction"},
        {[](D& d) { d.mutable_inputs(0)->mutable_transforms(0)->mutable_copy_dma_buffer()->set_offset(1); },
         "does not fit DMA buffer 0 got=1+64 limit=64"},
        {[](D& d) {
             d.mutable_inputs(0)->mutable_transforms(0)->mutable_copy_dma_buffer()->set_offset(0xffffffff);
         },
         "does not fit DMA buffer 0 got=4294967295+64 limit=64"},
        {[](D& d) {
             d.mutable_inputs(0)->mutable_transforms(0)->mutable_copy_dma_buffer()->set_buffer_num(1);
         },
         "inputs \"inputBuff_0\" and \"inputBuff_1\" overlap in DMA buffer 1"},
        {[](D& d) { d.mutable_inputs(1)->set_name("inputBuff_0"); }, "two inputs are named \"inputBuff_0\""},
        {[](D& d) { d.mutable_dma_buffers(0)->set_dir(static_cast<pb::Direction>(2)); },
         "dma_buffers[0]: unknown direction got=2 limit=1"},
        {[](D& d) {
             d.mutable_inputs(0)->set_is_partial_allowed(true);
             d.mutable_inputs(0)->set_align(0);
         },
         "a partial tensor needs one dimension and an alignment"},
        {[](D& d) {
             for (int i = 0; i < 1100; ++i) d.add_dma_buffers();
         },
         "too many DMA buffers got=1103 limit=1024"},
    };
    for (const auto& c : cases) {
        const auto error = error_of(parse_network_desc(changed(c.change)));
        EXPECT_NE(error.find(c.text), std::string::npos) << error << "\nexpected: " << c.text;
    }
}

TEST(NetworkDesc, ControlCharactersOfNamesNeverReachTheMessage)
{
    const auto error = error_of(parse_network_desc(changed([](pb::NetworkDescriptor& d) {
        d.mutable_inputs(0)->set_name("a\n\x1b[31mb");
        d.mutable_inputs(0)->clear_transforms();
    })));
    EXPECT_NE(error.find("\"a\\x0a\\x1b[31mb\""), std::string::npos) << error;
}

TEST(NetworkDesc, BrokenWireFormatIsRefusedWithItsOffset)
{
    const struct {
        const char* hex;
        const char* text;
    } cases[] = {
        {"22ff", "number runs past its message offset=0x1"},
        {"2205", "field 4 runs past its message (truncated?) got=5 limit=0 offset=0x0"},
        {"2202120a", "field 2 runs past its message (truncated?) got=10 limit=0 offset=0x2"},
        {"08ffffffffffffffffffff01", "number longer than 10 bytes offset=0x1"},
        {"00", "impossible protobuf field number got=0 offset=0x0"},
        {"0b", "unknown protobuf wire type got=3 offset=0x0"},
    };
    for (const auto& c : cases) {
        const auto error = error_of(parse_network_desc(from_hex(c.hex)));
        EXPECT_NE(error.find(c.text), std::string::npos) << error;
    }
}

TEST(NetworkDesc, BombsAreRefusedBeforeTheyAreUnpacked)
{
    Bytes bindings; // 2 bytes in the file, 100 in memory
    for (int i = 0; i < 40000; ++i) {
        bindings.push_back(std::byte{0x22});
        bindings.push_back(std::byte{0});
    }
    EXPECT_NE(error_of(parse_network_desc(bindings)).find("too many messages limit=32768"),
              std::string::npos);
    auto dims = from_hex("528080a001"); // thread_groups: 2.5 MiB of packed zeros
    dims.resize(dims.size() + 0x280000);
    EXPECT_NE(error_of(parse_network_desc(dims)).find("too many numbers limit=262144"), std::string::npos);
    EXPECT_NE(error_of(parse_network_desc(Bytes((4u << 20) + 1))).find("descriptor too large"),
              std::string::npos);
}

} // namespace
} // namespace qpc::samples
