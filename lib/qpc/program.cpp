// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/program.hpp"
#include "base/checked.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <libdeflate.h>

namespace qpc {
namespace {

Result<const Segment*> required(const Container& c, std::string_view name)
{
    if (const auto* s = c.find(name)) return s;
    return fail(Code::E_FORMAT, "segment {} is missing", name);
}

/// Puts the segment's name in front of an error: an offset= counts from the start of the innermost part named
/// before it.
template<class T>
Result<T> in_segment(std::string_view segment, Result<T> result)
{
    if (!result) return fail_at(segment, std::move(result).error());
    return result;
}

std::uint32_t crc_of(ConstSpan bytes) noexcept
{
    return ::libdeflate_crc32(0, bytes.data(), bytes.size()); // several times zlib's speed
}

/// F09: a CRC segment that is wrong is an error, one that is absent is worth a word. Zero means "not used"
/// (1.4).
Result<void> check_crc(Program& p, std::string_view name)
{
    const auto* s = p.container.find(name);
    if (s == nullptr || s->data.empty()) return {};
    const auto crc_name = std::string(name) + std::string(segment_name::crc_suffix);
    const auto* crc = p.container.find(crc_name);
    const auto stored = crc == nullptr ? std::nullopt : read_at<le32>(crc->data);
    if (crc != nullptr && !stored)
        return fail(Code::E_FORMAT, "{}: shorter than a CRC got={} limit=4 offset=0x0", crc_name,
                    crc->data.size());
    if (!stored || *stored == 0) {
        p.warnings.push_back(fmt::format("{} has no checksum: damage to it would go unnoticed", name));
        return {};
    }
    const auto computed = crc_of(s->data);
    if (*stored != computed)
        return fail(Code::E_FORMAT,
                    "{}: checksum differs from {} (damaged file?) got={:#010x} expected={:#010x} "
                    "offset=0x0",
                    name, crc_name, computed, stored->get());
    return {};
}

Result<void> load_constants(Program& p)
{
    QAIC_TRY(const auto* desc, required(p.container, segment_name::constants_desc));
    const auto d = read_at<ConstantsDesc>(desc->data);
    if (!d || desc->data.size() != sizeof(ConstantsDesc))
        return fail(Code::E_FORMAT, "{}: size got={} expected={} offset=0x0", desc->name, desc->data.size(),
                    sizeof(ConstantsDesc));
    p.constants_desc = *d;
    const auto total = checked_add<std::uint64_t>(d->static_size, d->dynamic_size);
    const auto* data = p.container.find(segment_name::constants);
    const std::uint64_t have = data == nullptr ? 0 : data->data.size();
    if (!total || *total != have)
        return fail(Code::E_FORMAT,
                    "{}: static + dynamic size differs from constants.bin got={}+{} expected={} "
                    "offset=0x0",
                    desc->name, d->static_size.get(), d->dynamic_size.get(), have);
    if (data == nullptr) return {};
    if (data->split != d->static_size)
        return fail(
            Code::E_FORMAT, "split point of {} differs from the static size got={} expected={} offset={:#x}",
            data->name, data->split, d->static_size.get(), data->record_at + offsetof(SegmentRecord, split));
    p.static_constants = data->data.first(static_cast<std::size_t>(data->split));
    p.dynamic_constants = data->data.subspan(static_cast<std::size_t>(data->split));
    return {};
}

Result<void> load_metadata(Program& p)
{
    QAIC_TRY(p.elf_file, parse_elf(p.elf));
    const auto* section = p.elf_file.find("metadata_fb");
    if (section == nullptr || section->data.empty()) section = p.elf_file.find("metadata");
    if (section == nullptr || section->data.empty())
        return fail(Code::E_FORMAT, "no section metadata_fb or metadata with data");
    QAIC_TRY(p.metadata, in_segment(section->name, decode_metadata(section->data)));
    return {};
}

/// Metadata against network descriptor: 4.7, 4.8.
Result<void> check_buffers(const Program& p)
{
    const auto& buffers = p.network.buffers;
    std::size_t used = 0;
    for (std::size_t i = 0; i < p.metadata.requests.size(); ++i) {
        const auto& r = p.metadata.requests[i];
        if (r.num == no_buffer) continue;
        used = std::max<std::size_t>(used, r.num + std::size_t{1});
        if (r.num >= buffers.size())
            return fail(Code::E_FORMAT, "dma_requests[{}]: DMA buffer does not exist got={} limit={}", i,
                        r.num, buffers.size());
        const auto& b = buffers[r.num];
        if (!range_inside(r.host_offset, r.size, b.size))
            return fail(Code::E_FORMAT, "dma_requests[{}]: outside DMA buffer {} got={}+{} limit={}", i,
                        r.num, r.host_offset, r.size, b.size);
        if (r.size != 0 && r.from_card != (b.direction == Direction::OUT))
            return fail(Code::E_FORMAT, "dma_requests[{}]: direction differs from that of DMA buffer {}", i,
                        r.num);
    }
    if (used != buffers.size())
        return fail(Code::E_FORMAT,
                    "number of DMA buffers differs between metadata and {} got={} expected={}",
                    segment_name::network_desc, used, buffers.size());
    return {};
}

Result<void> check_constants(const Program& p)
{
    const auto& m = p.metadata;
    if (m.static_constants != p.static_constants.size() || m.dynamic_constants != p.dynamic_constants.size())
        return fail(Code::E_FORMAT,
                    "sizes of constants differ between metadata and {} got={}+{} expected={}+{}",
                    segment_name::constants_desc, m.static_constants, m.dynamic_constants,
                    p.static_constants.size(), p.dynamic_constants.size());
    return {};
}

Result<Program> load(ConstSpan bytes, std::string_view name)
{
    Program p;
    p.name = printable(name, 512);
    QAIC_TRY(p.container, parse_container(bytes));
    QAIC_TRY(const auto* elf, required(p.container, segment_name::elf));
    QAIC_TRY(const auto* desc, required(p.container, segment_name::network_desc));
    p.elf = elf->data;
    QAIC_CHECK(load_constants(p));
    QAIC_CHECK(check_crc(p, segment_name::elf));
    QAIC_CHECK(check_crc(p, segment_name::constants));
    QAIC_TRY(p.network, in_segment(desc->name, parse_network_desc(desc->data)));
    if (p.network.version_major != 9)
        p.warnings.push_back(fmt::format("network descriptor has version {}.{}, this reader knows 9.0",
                                         p.network.version_major, p.network.version_minor));
    QAIC_CHECK(in_segment(elf->name, load_metadata(p)));
    QAIC_CHECK(in_segment(elf->name, check_buffers(p)));
    QAIC_CHECK(in_segment(elf->name, check_constants(p)));
    return p;
}

} // namespace

Result<Program> load_program(ConstSpan bytes, std::string_view name)
{
    auto program = load(bytes, name);
    if (!program) return fail_at(printable(name, 512), std::move(program).error());
    return program;
}

Result<OwnedProgram> load_program_file(const std::string& path)
{
    OwnedProgram out;
    QAIC_TRY(out.file, read_file(path));
    QAIC_TRY(out.program, load_program(out.file.span(), path));
    return out;
}

} // namespace qpc
