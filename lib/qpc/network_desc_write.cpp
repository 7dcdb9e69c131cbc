// SPDX-License-Identifier: BSD-3-Clause
#include "network_desc.pb.h"
#include "qpc/network_desc.hpp"
#include <array>

namespace qpc {
namespace {
namespace pb = aic100::nwdesc;

struct TypeRow {
    std::string_view name;
    unsigned bytes;
};
constexpr std::array<TypeRow, data_types> types{{{"float32", 4},
                                                 {"float16", 2},
                                                 {"int8q", 1},
                                                 {"uint8q", 1},
                                                 {"int16q", 2},
                                                 {"int32q", 4},
                                                 {"int32", 4},
                                                 {"int64", 8},
                                                 {"int8", 1}}};

void write_io(pb::IoDescriptor& to, const Binding& b)
{
    to.set_type(static_cast<pb::DataType>(b.type));
    to.set_qscale(b.qscale);
    to.set_qoffset(b.qoffset);
    for (const auto d : b.dims) to.add_dims(static_cast<std::int32_t>(d));
}

void write_binding(pb::IoBinding& to, const Binding& b, Direction dir)
{
    to.set_name(b.name);
    write_io(*to.mutable_io_initial(), b);
    write_io(*to.mutable_io_transformed(), b);
    auto& t = *to.add_transforms();
    t.set_kind(pb::COPY_DMA_BUFFER);
    t.set_type(static_cast<pb::DataType>(b.type));
    t.set_scale(1);
    for (const auto d : b.dims) t.add_dims(static_cast<std::int32_t>(d));
    auto& copy = *t.mutable_copy_dma_buffer(); // present even when every value is the default
    copy.set_dir(dir == Direction::IN ? pb::IN : pb::OUT);
    copy.set_offset(b.offset);
    copy.set_buffer_num(b.buffer);
    to.set_is_partial_allowed(b.partial);
    to.set_align(b.align);
}

} // namespace

unsigned element_bytes(DataType type) noexcept { return types[static_cast<std::size_t>(type)].bytes; }
std::string_view data_type_name(DataType type) noexcept { return types[static_cast<std::size_t>(type)].name; }

Result<Bytes> write_network_desc(const NetworkDesc& desc)
{
    constexpr std::uint32_t hvx_group = 0, hmx_group = 1;
    pb::NetworkDescriptor d;
    d.set_major_version(desc.version_major);
    d.set_minor_version(desc.version_minor);
    d.set_network_name(desc.name);
    for (const auto& b : desc.inputs) write_binding(*d.add_inputs(), b, Direction::IN);
    for (const auto& b : desc.outputs) write_binding(*d.add_outputs(), b, Direction::OUT);
    for (const auto& b : desc.buffers) {
        auto& to = *d.add_dma_buffers();
        to.set_size(b.size);
        to.set_dir(b.direction == Direction::IN ? pb::IN : pb::OUT);
    }
    d.set_num_cores(desc.cores);
    d.set_num_threads(desc.threads);
    d.set_num_hvx_threads(desc.hvx_threads);
    for (std::uint32_t i = 0; i < desc.threads; ++i)
        d.add_thread_groups(i < desc.hvx_threads ? hvx_group : hmx_group);
    d.set_thread_group_issue_count(2);
    d.add_thread_group_names("HVX");
    d.add_thread_group_names("HMX");
    d.set_batch_size(desc.batch);
    d.add_cluster_offsets(0);

    std::string text;
    if (!d.SerializeToString(&text)) return fail(Code::E_INVAL, "network descriptor cannot be written");
    const auto bytes = std::as_bytes(std::span(text));
    return Bytes(bytes.begin(), bytes.end());
}

} // namespace qpc
