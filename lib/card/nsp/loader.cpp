// SPDX-License-Identifier: BSD-3-Clause
// LOAD_ELF on the card: ELF -> metadata -> the program of the emulated NSP.
#include "aic100/wire/nnc_commands.hpp"
#include "aic100/wire/nsp_native.hpp"
#include "base/checked.hpp"
#include "card/nsp/elf.hpp"
#include "card/nsp/metadata_reader.hpp"
#include <algorithm>
#include <set>

namespace card {
namespace {
namespace status = aic100::nnc_status;
using aic100::NspBuiltin;
using aic100::NspKind;
using aic100::NspSpace;
constexpr std::uint64_t doorbell_bytes = 4;
constexpr unsigned hexagon_context = 5; ///< the version whose layout this card knows (7.2)

std::uint64_t space_bytes(const Program& p, NspSpace space)
{
    if (space == NspSpace::L2TCM) return p.l2tcm_bytes;
    if (space == NspSpace::VTCM) return p.vtcm_bytes;
    return p.static_ddr;
}

bool read_tensor(const aic100::NspTensor& record, unsigned index, const Program& p, ProgramTensor& out)
{
    if (record.space > static_cast<std::uint32_t>(NspSpace::DDR) || record.rank > aic100::nsp_max_dims ||
        record.doorbell >= max_buffers)
        return false;
    out.space = static_cast<NspSpace>(record.space.get());
    out.doorbell = record.doorbell * static_cast<std::uint32_t>(doorbell_bytes);
    out.offset = record.offset;
    out.size = record.size;
    out.type = record.type;
    out.dims.assign(record.dims, record.dims + record.rank);
    const auto* end = std::find(std::begin(record.name), std::end(record.name), '\0');
    if (end == std::end(record.name)) return false;
    out.name.assign(std::begin(record.name), end);
    const auto mask = p.buffer_masks[index];
    out.nsp_mask = out.space == NspSpace::DDR || mask == 0 ? 1 : mask;
    const bool exits = p.exit_doorbell != 0 && p.exit_doorbell / doorbell_bytes == record.doorbell;
    return !exits && range_inside(out.doorbell, doorbell_bytes, p.l2tcm_bytes) &&
           range_inside(out.offset, out.size, space_bytes(p, out.space));
}

bool read_tensors(ConstSpan section, const aic100::NspProgram& head, Program& p)
{
    const std::uint64_t count = std::uint64_t{head.inputs} + head.outputs;
    if (head.inputs > max_buffers || count > max_buffers ||
        section.size() - sizeof(head) < count * sizeof(aic100::NspTensor))
        return false;
    std::set<std::uint32_t> doorbells;
    for (unsigned i = 0; i < count; ++i) {
        const auto record = read_at<aic100::NspTensor>(section, sizeof(head) + i * sizeof(aic100::NspTensor));
        ProgramTensor t;
        if (!record || !read_tensor(*record, i, p, t) || !doorbells.insert(t.doorbell).second) return false;
        (i < head.inputs ? p.inputs : p.outputs).push_back(std::move(t));
    }
    return true;
}

/// What each builtin needs of its tensors.
bool builtin_fits(const Program& p)
{
    switch (p.builtin) {
    case NspBuiltin::ECHO:
    case NspBuiltin::WAIT:
        return p.inputs.size() == p.outputs.size() &&
               std::equal(p.inputs.begin(), p.inputs.end(), p.outputs.begin(),
                          [](const auto& in, const auto& out) { return in.size == out.size; });
    case NspBuiltin::CHECKSUM: return p.outputs.size() == 1 && p.outputs[0].size >= 4;
    case NspBuiltin::SCALE:
        return p.inputs.size() == 1 && p.outputs.size() == 1 && p.inputs[0].size == p.outputs[0].size &&
               p.inputs[0].size % sizeof(float) == 0;
    case NspBuiltin::TIMED: return !p.inputs.empty() && !p.outputs.empty();
    default: return false;
    }
}

NncResult<Program> load_host_native(ConstSpan elf, ConstSpan metadata)
{
    auto program = read_metadata(metadata, aic100::nsp_native_context);
    if (!program) return program;
    if (!elf_executable(elf, program->native.entries)) return tl::unexpected(status::METADATA);
    program->native.elf_bytes = elf.size();
    return program;
}
} // namespace

bool read_nsp_program(ConstSpan section, Program& p)
{
    const auto head = read_at<aic100::NspProgram>(section);
    if (!head || head->magic != aic100::nsp_magic || head->version != aic100::nsp_version) return false;
    if (!read_tensors(section, *head, p)) return false;
    p.kind = static_cast<NspKind>(head->kind.get());
    p.builtin = static_cast<NspBuiltin>(head->builtin.get());
    p.arg0 = head->arg0;
    if (p.kind == NspKind::ONNX)
        return p.builtin == NspBuiltin::NONE && !p.inputs.empty() && !p.outputs.empty() &&
               p.static_constants != 0;
    return p.kind == NspKind::BUILTIN && builtin_fits(p);
}

NncResult<Program> load_program(ConstSpan elf)
{
    const auto kind = elf_kind(elf);
    if (kind == ElfKind::HEXAGON) return tl::unexpected(status::EXEC_CONTEXT); // no Hexagon core in here
    if (kind == ElfKind::BAD) return tl::unexpected(status::METADATA);
    auto metadata = elf_section(elf, "metadata_fb");
    if (!metadata) metadata = elf_section(elf, "metadata");
    if (metadata && kind == ElfKind::HOST) return load_host_native(elf, *metadata);
    const auto nsp = elf_section(elf, aic100::nsp_section);
    if (!metadata || !nsp) return tl::unexpected(status::METADATA);
    auto program = read_metadata(*metadata, hexagon_context);
    if (program && !read_nsp_program(*nsp, *program)) return tl::unexpected(status::METADATA);
    return program;
}

} // namespace card
