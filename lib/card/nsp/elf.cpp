// SPDX-License-Identifier: BSD-3-Clause
#include "card/nsp/elf.hpp"
#include "base/checked.hpp"
#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>

namespace card {
namespace {
constexpr std::uint16_t machine_hexagon = 164;

std::optional<ConstSpan> inside(ConstSpan file, std::uint64_t offset, std::uint64_t size) noexcept
{
    if (!range_inside(offset, size, file.size())) return std::nullopt;
    return file.subspan(offset, size);
}

bool name_is(ConstSpan names, std::uint32_t at, std::string_view wanted) noexcept
{
    if (at >= names.size() || names.size() - at <= wanted.size()) return false;
    const auto* p = names.data() + at;
    return std::memcmp(p, wanted.data(), wanted.size()) == 0 && p[wanted.size()] == std::byte{0};
}

std::optional<Elf64_Shdr> section_header(ConstSpan file, const Elf64_Ehdr& head, std::uint64_t index) noexcept
{
    const auto skip = checked_mul<std::uint64_t>(index, sizeof(Elf64_Shdr));
    const auto at = skip ? checked_add<std::uint64_t>(head.e_shoff, *skip) : std::nullopt;
    if (!at) return std::nullopt;
    return read_at<Elf64_Shdr>(file, *at);
}
} // namespace

ElfKind elf_kind(ConstSpan file) noexcept
{
    const auto ident = read_at<std::array<unsigned char, EI_NIDENT>>(file);
    if (!ident || std::memcmp(ident->data(), ELFMAG, SELFMAG) != 0 || (*ident)[EI_DATA] != ELFDATA2LSB)
        return ElfKind::BAD;
    if ((*ident)[EI_CLASS] == ELFCLASS32) {
        const auto head = read_at<Elf32_Ehdr>(file);
        return head && head->e_machine == machine_hexagon ? ElfKind::HEXAGON : ElfKind::BAD;
    }
    const auto head = read_at<Elf64_Ehdr>(file);
    if ((*ident)[EI_CLASS] != ELFCLASS64 || !head || head->e_shentsize != sizeof(Elf64_Shdr))
        return ElfKind::BAD;
    if (head->e_machine == EM_NONE) return ElfKind::NATIVE;
    return head->e_machine == EM_X86_64 && head->e_type == ET_DYN ? ElfKind::HOST : ElfKind::BAD;
}

std::optional<ConstSpan> elf_section(ConstSpan file, std::string_view name) noexcept
{
    const auto head = read_at<Elf64_Ehdr>(file);
    if (!head) return std::nullopt;
    const auto names_header = section_header(file, *head, head->e_shstrndx);
    if (!names_header || head->e_shstrndx >= head->e_shnum) return std::nullopt;
    const auto names = inside(file, names_header->sh_offset, names_header->sh_size);
    if (!names) return std::nullopt;
    for (unsigned i = 0; i < head->e_shnum; ++i) {
        const auto section = section_header(file, *head, i);
        if (!section) return std::nullopt;
        if (section->sh_type == SHT_NULL || section->sh_type == SHT_NOBITS) continue;
        if (name_is(*names, section->sh_name, name))
            return inside(file, section->sh_offset, section->sh_size);
    }
    return std::nullopt;
}

bool elf_executable(ConstSpan file, std::span<const std::uint64_t> addresses) noexcept
{
    const auto head = read_at<Elf64_Ehdr>(file);
    if (!head || head->e_phentsize != sizeof(Elf64_Phdr) ||
        !range_inside(head->e_phoff, std::uint64_t{head->e_phnum} * sizeof(Elf64_Phdr), file.size()))
        return false;
    const auto inside_code = [&](std::uint64_t address) {
        for (std::uint64_t i = 0; i < head->e_phnum; ++i) {
            const auto p = *read_at<Elf64_Phdr>(file, head->e_phoff + i * sizeof(Elf64_Phdr));
            if (p.p_type == PT_LOAD && (p.p_flags & PF_X) != 0 && address >= p.p_vaddr &&
                address - p.p_vaddr < p.p_filesz)
                return true;
        }
        return false;
    };
    return std::all_of(addresses.begin(), addresses.end(), inside_code);
}

} // namespace card
