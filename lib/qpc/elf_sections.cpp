// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/elf_sections.hpp"
#include "base/checked.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <bit>
#include <cstddef>
#include <elf.h>

namespace qpc {
namespace {
static_assert(std::endian::native == std::endian::little, "ELF structs are read as they lie");

/// What both classes share once read.
struct TableInfo {
    std::uint64_t at;
    std::size_t count, names, entry_size;
};

template<class Ehdr>
Result<TableInfo> parse_elf_header(ConstSpan file, std::size_t entry_size, ElfFile& out)
{
    const auto h = read_at<Ehdr>(file);
    if (!h)
        return fail(Code::E_FORMAT, "ELF header ends behind the file got={} limit={} offset=0x0", file.size(),
                    sizeof(Ehdr));
    out.machine = h->e_machine;
    if (h->e_shoff == 0 || h->e_shnum == 0)
        return fail(Code::E_FORMAT, "ELF file has no section table offset={:#x}", offsetof(Ehdr, e_shoff));
    if (h->e_shentsize != entry_size)
        return fail(Code::E_FORMAT, "ELF section header size got={} expected={} offset={:#x}", h->e_shentsize,
                    entry_size, offsetof(Ehdr, e_shentsize));
    if (h->e_shnum > limits::elf_sections)
        return fail(Code::E_FORMAT, "too many ELF sections got={} limit={} offset={:#x}", h->e_shnum,
                    limits::elf_sections, offsetof(Ehdr, e_shnum));
    if (!range_inside(h->e_shoff, std::uint64_t{h->e_shnum} * entry_size, file.size()))
        return fail(Code::E_FORMAT,
                    "ELF section table lies outside the file got={:#x} limit={:#x} offset={:#x}",
                    std::uint64_t{h->e_shoff}, file.size(), offsetof(Ehdr, e_shoff));
    if (h->e_shstrndx >= h->e_shnum)
        return fail(Code::E_FORMAT, "ELF section of names does not exist got={} limit={} offset={:#x}",
                    h->e_shstrndx, h->e_shnum, offsetof(Ehdr, e_shstrndx));
    return TableInfo{h->e_shoff, h->e_shnum, h->e_shstrndx, entry_size};
}

/// Bytes of a section in the file; a section without bytes is empty.
template<class Shdr>
Result<ConstSpan> section_bytes(ConstSpan file, const Shdr& s, std::size_t index, std::uint64_t header_at)
{
    if (s.sh_type == SHT_NULL || s.sh_type == SHT_NOBITS) return ConstSpan{};
    if (!range_inside(s.sh_offset, s.sh_size, file.size()))
        return fail(Code::E_FORMAT,
                    "ELF section {} lies outside the file got={:#x}+{:#x} limit={:#x} offset={:#x}", index,
                    std::uint64_t{s.sh_offset}, std::uint64_t{s.sh_size}, file.size(),
                    header_at + offsetof(Shdr, sh_offset));
    return file.subspan(s.sh_offset, s.sh_size);
}

Result<std::string_view> section_name(ConstSpan names, std::uint64_t at, std::size_t index,
                                      std::uint64_t header_at)
{
    if (at >= names.size())
        return fail(Code::E_FORMAT,
                    "name of ELF section {} lies outside the names got={:#x} limit={:#x} offset={:#x}", index,
                    at, names.size(), header_at);
    const auto rest = names.subspan(at, std::min<std::size_t>(names.size() - at, limits::name + 1));
    const auto nul = std::find(rest.begin(), rest.end(), std::byte{0});
    if (nul == rest.end())
        return fail(Code::E_FORMAT, "name of ELF section {} has no end within {} characters offset={:#x}",
                    index, limits::name, header_at);
    return std::string_view(reinterpret_cast<const char*>(rest.data()),
                            static_cast<std::size_t>(nul - rest.begin()));
}

template<class Shdr>
Result<void> parse_table(ConstSpan file, const TableInfo& table, ElfFile& out)
{
    const auto header_at = [&](std::size_t i) { return table.at + i * table.entry_size; };
    const auto header = [&](std::size_t i) {
        return *read_at<Shdr>(file, header_at(i));
    }; // range was checked
    const auto names_header = header(table.names);
    QAIC_TRY(const auto names, section_bytes(file, names_header, table.names, header_at(table.names)));
    out.sections.reserve(table.count);
    for (std::size_t i = 0; i < table.count; ++i) {
        const auto h = header(i);
        ElfSection s;
        s.type = h.sh_type;
        s.at = h.sh_offset;
        QAIC_TRY(s.data, section_bytes(file, h, i, header_at(i)));
        if (h.sh_type != SHT_NULL) {
            QAIC_TRY(s.name, section_name(names, h.sh_name, i, header_at(i)));
        }
        out.sections.push_back(s);
    }
    return {};
}

Result<void> check_metadata_unique(const ElfFile& elf)
{
    for (const std::string_view name : {"metadata", "metadata_fb"}) {
        const auto is = [&](const ElfSection& s) { return s.name == name; };
        if (std::count_if(elf.sections.begin(), elf.sections.end(), is) > 1)
            return fail(Code::E_FORMAT, "ELF file has two sections {}", name);
    }
    return {};
}

} // namespace

const ElfSection* ElfFile::find(std::string_view name) const noexcept
{
    const auto it =
        std::find_if(sections.begin(), sections.end(), [&](const ElfSection& s) { return s.name == name; });
    return it == sections.end() ? nullptr : &*it;
}

Result<ElfFile> parse_elf(ConstSpan file)
{
    const auto ident = read_at<std::array<unsigned char, EI_NIDENT>>(file);
    if (!ident || std::memcmp(ident->data(), ELFMAG, SELFMAG) != 0)
        return fail(Code::E_FORMAT, "not an ELF file (magic) offset=0x0");
    const auto cls = (*ident)[EI_CLASS];
    if (cls != ELFCLASS32 && cls != ELFCLASS64)
        return fail(Code::E_FORMAT, "unknown ELF class got={} offset={:#x}", cls, EI_CLASS);
    if ((*ident)[EI_DATA] != ELFDATA2LSB)
        return fail(Code::E_FORMAT, "ELF file is not little-endian got={} offset={:#x}", (*ident)[EI_DATA],
                    EI_DATA);
    ElfFile out;
    out.is_64 = cls == ELFCLASS64;
    if (out.is_64) {
        QAIC_TRY(const auto table, parse_elf_header<Elf64_Ehdr>(file, sizeof(Elf64_Shdr), out));
        QAIC_CHECK(parse_table<Elf64_Shdr>(file, table, out));
    } else {
        QAIC_TRY(const auto table, parse_elf_header<Elf32_Ehdr>(file, sizeof(Elf32_Shdr), out));
        QAIC_CHECK(parse_table<Elf32_Shdr>(file, table, out));
    }
    QAIC_CHECK(check_metadata_unique(out));
    return out;
}

} // namespace qpc
