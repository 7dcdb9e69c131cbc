// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/elf_sections.hpp"
#include <elf.h>

namespace qpc {
namespace {

Elf64_Shdr section_header(std::size_t name_at, std::uint32_t type, std::size_t at, std::size_t size)
{
    Elf64_Shdr s{};
    s.sh_name = static_cast<Elf64_Word>(name_at);
    s.sh_type = type;
    s.sh_offset = at;
    s.sh_size = size;
    s.sh_addralign = 8;
    return s;
}

Elf64_Ehdr file_header(std::size_t table_at, std::size_t sections)
{
    Elf64_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = ET_EXEC;
    h.e_machine = EM_NONE;
    h.e_version = EV_CURRENT;
    h.e_shoff = table_at;
    h.e_ehsize = sizeof(Elf64_Ehdr);
    h.e_shentsize = sizeof(Elf64_Shdr);
    h.e_shnum = static_cast<Elf64_Half>(sections);
    h.e_shstrndx = static_cast<Elf64_Half>(sections - 1);
    return h;
}

} // namespace

Bytes write_elf(std::span<const NewElfSection> sections)
{
    static constexpr std::string_view names_name = ".shstrtab";
    std::string names(1, '\0');
    std::vector<Elf64_Shdr> table{Elf64_Shdr{}};
    Bytes out(sizeof(Elf64_Ehdr));
    const auto add = [&](std::size_t name_at, std::uint32_t type, ConstSpan data) {
        pad_to_8(out);
        table.push_back(section_header(name_at, type, out.size(), data.size()));
        out.insert(out.end(), data.begin(), data.end());
    };
    for (const auto& s : sections) {
        add(names.size(), SHT_PROGBITS, s.data);
        (names += s.name) += '\0';
    }
    const auto own_name_at = names.size();
    (names += names_name) += '\0';
    add(own_name_at, SHT_STRTAB, std::as_bytes(std::span(names)));
    pad_to_8(out);
    const auto header = file_header(out.size(), table.size());
    std::memcpy(out.data(), &header, sizeof(header));
    for (const auto& s : table) append(out, s);
    return out;
}

} // namespace qpc
