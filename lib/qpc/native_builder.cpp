// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/native_builder.hpp"
#include "aic100/wire/nsp_native.hpp"
#include "qpc/container.hpp"
#include "qpc/native_elf.hpp"
#include "qpc/program.hpp"
#include "qpc/program_description.hpp"

namespace qpc {
namespace {

/// The record the vendor's compiler puts before a metadata flatbuffer (4.2).
constexpr le64 metadata_terminator{1};

Binding binding(const BufferConfig& config, const char* prefix, std::size_t index, std::size_t buffer,
                bool input)
{
    Binding b;
    b.name = fmt::format("{}_{}", prefix, index);
    b.type = config.type;
    b.dims = config.dims;
    b.bytes = config.bytes;
    b.buffer = static_cast<std::uint32_t>(buffer);
    b.partial = config.allow_partial;
    b.align = input ? element_bytes(config.type) : 0;
    return b;
}

Result<Bytes> network_descriptor(const ProgramConfig& c)
{
    NetworkDesc d;
    d.name = c.name;
    d.cores = c.nsps;
    d.threads = c.threads;
    d.hvx_threads = c.threads - c.hmx_threads;
    for (const auto& b : c.inputs) {
        d.inputs.push_back(binding(b, "inputBuff", d.inputs.size(), d.buffers.size(), true));
        d.buffers.push_back({b.bytes, Direction::IN});
    }
    for (const auto& b : c.outputs) {
        d.outputs.push_back(binding(b, "outputBuff", d.outputs.size(), d.buffers.size(), false));
        d.buffers.push_back({b.bytes, Direction::OUT});
    }
    return write_network_desc(d);
}

} // namespace

Result<Bytes> build_native_container(const ProgramConfig& config, ConstSpan shared_object)
{
    QAIC_TRY(const auto entry, exported_function(shared_object, aic100::nsp_native_entry));
    QAIC_TRY(const auto metadata, program_metadata(config, entry, aic100::nsp_native_context));
    Bytes section;
    append(section, metadata_terminator);
    const auto flat = encode_metadata(metadata);
    section.insert(section.end(), flat.begin(), flat.end());
    QAIC_TRY(const auto elf, with_section(shared_object, "metadata", section));
    QAIC_TRY(const auto network, network_descriptor(config));
    const auto description = encode_program_description(config);
    ConstantsDesc constants{};
    constants.static_size = description.size();
    const le32 elf_crc = crc_segment(elf), constants_crc = crc_segment(description);
    const std::string elf_name(segment_name::elf), constants_name(segment_name::constants),
        crc(segment_name::crc_suffix);
    const NewSegment segments[] = {{constants_name, description, description.size()},
                                   {constants_name + crc, bytes_of(constants_crc)},
                                   {std::string(segment_name::constants_desc), bytes_of(constants)},
                                   {elf_name, elf},
                                   {elf_name + crc, bytes_of(elf_crc)},
                                   {std::string(segment_name::network_desc), network}};
    QAIC_TRY(auto container, write_container(segments));
    QAIC_CHECK(load_program(container, "built container"));
    return container;
}

} // namespace qpc
