// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/native_elf.hpp"
#include "qpc/elf_sections.hpp"
#include "qpc/limits.hpp"
#include "qpc/text.hpp"
#include <algorithm>
#include <elf.h>

namespace qpc {
namespace {

/// Header of a shared object for x86-64 whose section table parse_elf() has checked.
Result<Elf64_Ehdr> shared_object(ConstSpan object, const ElfFile& elf)
{
    const auto h = read_at<Elf64_Ehdr>(object);
    if (!h || !elf.is_64 || elf.machine != EM_X86_64 || h->e_type != ET_DYN)
        return fail(Code::E_FORMAT,
                    "not an x86-64 shared object (machine {}, type {}): build it with -shared -fPIC",
                    elf.machine, h ? h->e_type : 0);
    return *h;
}

std::string_view text_at(ConstSpan strings, std::uint64_t at)
{
    if (at >= strings.size()) return {};
    const auto rest = strings.subspan(at);
    const auto end = std::find(rest.begin(), rest.end(), std::byte{0});
    return {reinterpret_cast<const char*>(rest.data()), static_cast<std::size_t>(end - rest.begin())};
}

} // namespace

Result<std::uint64_t> exported_function(ConstSpan object, std::string_view name)
{
    QAIC_TRY(const auto elf, parse_elf(object));
    QAIC_CHECK(shared_object(object, elf));
    const auto* symbols = elf.find(".dynsym");
    const auto* strings = elf.find(".dynstr");
    if (symbols == nullptr || strings == nullptr) return fail(Code::E_FORMAT, "object exports nothing");
    for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= symbols->data.size(); at += sizeof(Elf64_Sym)) {
        const auto s = *read_at<Elf64_Sym>(symbols->data, at);
        const bool defined = s.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s.st_info) == STT_FUNC;
        if (defined && text_at(strings->data, s.st_name) == name) return s.st_value;
    }
    return fail(Code::E_FORMAT, "object does not export {}: link it with the NSP run-time library", name);
}

Result<Bytes> with_section(ConstSpan object, std::string_view name, ConstSpan data)
{
    QAIC_TRY(const auto elf, parse_elf(object));
    QAIC_TRY(auto head, shared_object(object, elf));
    if (elf.find(name) != nullptr)
        return fail(Code::E_FORMAT, "object has a section {} already", printable(name));
    if (elf.sections.size() + 1 > limits::elf_sections)
        return fail(Code::E_FORMAT, "too many ELF sections got={} limit={}", elf.sections.size() + 1,
                    limits::elf_sections);
    std::vector<Elf64_Shdr> table;
    for (std::size_t i = 0; i < elf.sections.size(); ++i)
        table.push_back(*read_at<Elf64_Shdr>(object, head.e_shoff + i * sizeof(Elf64_Shdr)));
    const auto old_names = elf.sections[head.e_shstrndx].data;
    Bytes names(old_names.begin(), old_names.end());
    const auto name_at = names.size();
    for (const char c : name) names.push_back(static_cast<std::byte>(c));
    names.push_back(std::byte{0});

    Bytes out(object.begin(), object.end());
    const auto add = [&out](ConstSpan bytes) {
        pad_to_8(out);
        const auto at = out.size();
        out.insert(out.end(), bytes.begin(), bytes.end());
        return at;
    };
    Elf64_Shdr own{};
    own.sh_name = static_cast<Elf64_Word>(name_at);
    own.sh_type = SHT_PROGBITS;
    own.sh_offset = add(data);
    own.sh_size = data.size();
    own.sh_addralign = 8;
    table[head.e_shstrndx].sh_offset = add(names); // a longer copy behind the file
    table[head.e_shstrndx].sh_size = names.size();
    table.push_back(own);
    pad_to_8(out);
    head.e_shoff = out.size();
    head.e_shnum = static_cast<Elf64_Half>(table.size());
    std::memcpy(out.data(), &head, sizeof head);
    for (const auto& s : table) append(out, s);
    return out;
}

} // namespace qpc
