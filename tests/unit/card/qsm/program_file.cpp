// SPDX-License-Identifier: BSD-3-Clause
#include "program_file.hpp"
#include "aic_metadata_generated.h"
#include <cstring>
#include <elf.h>

namespace qsm_test {
namespace {
namespace fb = aic100::meta;
using aic100::NspSpace;
using Builder = flatbuffers::FlatBufferBuilder;
constexpr std::uint64_t exit_doorbell = 0x460;
constexpr std::uint32_t doorbell_window = 1124;

struct Requests {
    std::vector<flatbuffers::Offset<fb::DmaRequest>> list;
    std::vector<flatbuffers::Offset<fb::HostMulticastEntry>> host;
    std::vector<flatbuffers::Offset<fb::NspMulticastEntry>> nsp;
};

void add_request(Builder& b, Requests& r, const TensorSpec& t, bool out, bool last, unsigned nsps)
{
    std::vector<flatbuffers::Offset<fb::SemaphoreOp>> sems;
    const auto fence = static_cast<std::uint8_t>(t.in_fence);
    sems.push_back(fb::CreateSemaphoreOp(b, out, out ? 0 : static_cast<std::uint16_t>(nsps), 4, 1, fence, 0));
    if (last)
        sems.push_back(
            fb::CreateSemaphoreOp(b, out, out ? static_cast<std::uint16_t>(nsps) : 0, 1, 0, fence, 0));
    const auto number = static_cast<std::uint16_t>(r.list.size());
    const std::vector bells{fb::CreateDoorbellOp(b, number * 4u, 1, 0, 2)};
    std::uint16_t window = 0;
    if (t.space != NspSpace::DDR) {
        window = static_cast<std::uint16_t>(r.host.size());
        r.host.push_back(fb::CreateHostMulticastEntry(b, t.nsp_mask, t.size));
        r.nsp.push_back(fb::CreateNspMulticastEntry(b, t.window_base, 0, t.size, t.space == NspSpace::VTCM));
    }
    const auto sem_list = b.CreateVector(sems);
    const auto bell_list = b.CreateVector(bells);
    r.list.push_back(fb::CreateDmaRequest(b, sem_list, bell_list, 0, t.dev_offset, t.size, number, window,
                                          t.space == NspSpace::DDR, out, out ? 101 : 100));
}

std::vector<std::uint8_t> l2tcm_init_of(const ProgramSpec& spec)
{
    std::vector<std::uint8_t> init(1168);
    for (std::size_t i = 0; i < spec.outputs.size(); ++i) init[4 * (spec.inputs.size() + i)] = 1;
    return init;
}

aic100::NspTensor record_of(const TensorSpec& t, std::uint32_t doorbell)
{
    aic100::NspTensor r{};
    r.space = static_cast<std::uint32_t>(t.space);
    r.doorbell = doorbell;
    r.offset = t.space == NspSpace::DDR ? t.dev_offset : t.window_base + t.dev_offset;
    r.size = t.size;
    r.rank = static_cast<std::uint32_t>(t.dims.size());
    for (std::size_t i = 0; i < t.dims.size(); ++i) r.dims[i] = t.dims[i];
    std::strncpy(r.name, t.name.c_str(), sizeof r.name - 1);
    return r;
}
} // namespace

Bytes metadata_of(const ProgramSpec& spec)
{
    Builder b;
    b.ForceDefaults(true);
    Requests r;
    r.host.push_back(fb::CreateHostMulticastEntry(b, (1u << spec.nsps) - 1, doorbell_window));
    r.nsp.push_back(fb::CreateNspMulticastEntry(b, 0, 0, doorbell_window, 0));
    for (const auto& t : spec.inputs) add_request(b, r, t, false, &t == &spec.inputs.back(), spec.nsps);
    for (const auto& t : spec.outputs) add_request(b, r, t, true, &t == &spec.outputs.back(), spec.nsps);
    for (unsigned i = 0; i < spec.extra_mcids; ++i)
        r.nsp.push_back(fb::CreateNspMulticastEntry(b, 0, 0, 64, 0));
    std::vector<std::uint32_t> semaphores(spec.semaphores);
    if (spec.semaphores > 1) semaphores[1] = spec.nsps;
    const auto name = b.CreateString("test");
    const auto required = b.CreateVectorOfStrings(spec.required);
    const auto sems = b.CreateVector(semaphores);
    const auto init_bytes = l2tcm_init_of(spec);
    const auto init = b.CreateVector(init_bytes);
    const auto requests = b.CreateVector(r.list);
    const auto entries = b.CreateVector(r.nsp);
    const std::vector tables(spec.nsps, fb::CreateNspMulticastTable(b, entries));
    const auto nsp_tables = b.CreateVector(tables);
    const auto host_entries = b.CreateVector(r.host);
    const auto host_table = fb::CreateHostMulticastTable(b, host_entries);
    fb::MetadataBuilder m(b);
    m.add_version_major(spec.version);
    m.add_network_name(name);
    m.add_required_fields(required);
    m.add_semaphore_init_state(sems);
    m.add_l2tcm_init_state(init);
    m.add_dma_requests(requests);
    m.add_nsp_multicast_tables(nsp_tables);
    m.add_host_multicast_table(host_table);
    m.add_static_shared_ddr_size(spec.static_ddr);
    m.add_dynamic_shared_ddr_size(spec.dynamic_ddr);
    m.add_static_constants_size(spec.static_constants);
    m.add_exit_doorbell_offset(exit_doorbell);
    m.add_l2tcm_init_size(spec.l2tcm_init_size != 0 ? spec.l2tcm_init_size
                                                    : static_cast<std::uint32_t>(init_bytes.size()));
    m.add_exec_context_major_version(spec.exec_context);
    m.add_num_nsps(static_cast<std::uint16_t>(spec.nsps));
    m.add_num_semaphores(static_cast<std::uint16_t>(spec.semaphores));
    m.add_hw_version_major(spec.hw_major);
    m.add_vtcm_size(spec.vtcm);
    m.add_l2tcm_size(spec.l2tcm);
    b.Finish(m.Finish());
    const auto bytes = std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()));
    Bytes out;
    if (spec.terminator) out = {std::byte{1}, {}, {}, {}, {}, {}, {}, {}};
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
}

Bytes nsp_section_of(const ProgramSpec& spec)
{
    aic100::NspProgram head{};
    head.magic = aic100::nsp_magic;
    head.version = aic100::nsp_version;
    head.kind = static_cast<std::uint16_t>(spec.kind);
    head.builtin = spec.kind == aic100::NspKind::ONNX ? 0 : static_cast<std::uint32_t>(spec.builtin);
    head.inputs = static_cast<std::uint32_t>(spec.inputs.size());
    head.outputs = static_cast<std::uint32_t>(spec.outputs.size());
    head.arg0 = spec.arg0;
    Bytes out;
    append(out, head);
    std::uint32_t doorbell = 0;
    for (const auto* list : {&spec.inputs, &spec.outputs})
        for (const auto& t : *list) {
            auto record = record_of(t, doorbell++);
            if (spec.bad_tensor_size != 0) record.size = spec.bad_tensor_size;
            append(out, record);
        }
    return out;
}

Bytes elf_with(const std::vector<std::pair<std::string, Bytes>>& sections)
{
    Elf64_Ehdr head{};
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_ident[EI_VERSION] = head.e_version = EV_CURRENT;
    head.e_type = ET_EXEC;
    head.e_ehsize = sizeof head;
    head.e_shentsize = sizeof(Elf64_Shdr);
    head.e_shnum = static_cast<Elf64_Half>(sections.size() + 2);
    head.e_shstrndx = static_cast<Elf64_Half>(sections.size() + 1);
    std::vector<Elf64_Shdr> headers(1);
    std::string names(1, '\0');
    Bytes out;
    append(out, head);
    const auto add = [&](const std::string& name, ConstSpan bytes) {
        Elf64_Shdr s{};
        s.sh_name = static_cast<Elf64_Word>(names.size());
        s.sh_type = SHT_PROGBITS;
        s.sh_offset = out.size();
        s.sh_size = bytes.size();
        names += name + '\0';
        out.insert(out.end(), bytes.begin(), bytes.end());
        headers.push_back(s);
    };
    for (const auto& [name, bytes] : sections) add(name, bytes);
    names += ".shstrtab";
    names += '\0';
    const auto all_names = names;
    add("", std::as_bytes(std::span(all_names)));
    headers.back().sh_type = SHT_STRTAB;
    headers.back().sh_name = 0;
    head.e_shoff = out.size();
    for (const auto& h : headers) append(out, h);
    std::memcpy(out.data(), &head, sizeof head);
    return out;
}

Bytes elf_of(const ProgramSpec& spec)
{
    std::vector<std::pair<std::string, Bytes>> sections{{spec.metadata_section, metadata_of(spec)}};
    if (spec.nsp_section) sections.emplace_back(aic100::nsp_section, nsp_section_of(spec));
    return elf_with(sections);
}

ProgramSpec echo_program(std::uint32_t bytes)
{
    ProgramSpec s;
    s.inputs = {{.size = bytes}};
    s.outputs = {{.dev_offset = bytes, .size = bytes}};
    s.static_ddr = 2ull * bytes;
    return s;
}

ProgramSpec simple_io_program()
{
    ProgramSpec s;
    s.builtin = aic100::NspBuiltin::CHECKSUM;
    s.inputs = {{.space = NspSpace::L2TCM, .dev_offset = 3072, .size = 64},
                {.space = NspSpace::VTCM, .window_base = 4096, .size = 64, .in_fence = true}};
    s.outputs = {{.dev_offset = 64, .size = 64}};
    s.static_ddr = 128;
    s.l2tcm = 3136;
    s.vtcm = 4160;
    return s;
}

} // namespace qsm_test
