// SPDX-License-Identifier: BSD-3-Clause
#include "samples.hpp"
#include <elf.h>

namespace qpc::samples {
namespace {

Bytes sample()
{
    const Bytes one(5, std::byte{1}), two(9, std::byte{2});
    const NewElfSection sections[] = {{"metadata_fb", one}, {".qaic.nsp", two}};
    return write_elf(sections);
}

/// A one-section ELF32 Hexagon file, as a real card's program is.
Bytes hexagon(ConstSpan metadata)
{
    const std::string names("\0metadata\0.shstrtab\0", 20);
    Elf32_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS32;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_machine = EM_QDSP6;
    h.e_shentsize = sizeof(Elf32_Shdr);
    h.e_shnum = 3;
    h.e_shstrndx = 2;
    Elf32_Shdr table[3]{};
    table[1].sh_name = 1;
    table[1].sh_type = SHT_PROGBITS;
    table[1].sh_offset = sizeof(h) + 1; // on purpose not aligned
    table[1].sh_size = static_cast<Elf32_Word>(metadata.size());
    table[2].sh_name = 10;
    table[2].sh_type = SHT_STRTAB;
    table[2].sh_offset = static_cast<Elf32_Off>(table[1].sh_offset + metadata.size());
    table[2].sh_size = static_cast<Elf32_Word>(names.size());
    h.e_shoff = static_cast<Elf32_Off>(table[2].sh_offset + names.size());
    Bytes out;
    append(out, h);
    out.push_back({});
    out.insert(out.end(), metadata.begin(), metadata.end());
    const auto n = as_span(names);
    out.insert(out.end(), n.begin(), n.end());
    for (const auto& s : table) append(out, s);
    return out;
}

std::string elf_error(const Bytes& b)
{
    const std::unique_ptr<std::byte[]> exact(new std::byte[b.size()]);
    std::copy(b.begin(), b.end(), exact.get());
    return error_of(parse_elf({exact.get(), b.size()}));
}

TEST(Elf, WriterAndReaderAgree)
{
    const auto file = sample();
    const auto elf = parse_elf(file);
    ASSERT_TRUE(elf) << elf.error().message();
    EXPECT_TRUE(elf->is_64);
    EXPECT_EQ(elf->machine, EM_NONE);
    ASSERT_NE(elf->find("metadata_fb"), nullptr);
    EXPECT_EQ(elf->find("metadata_fb")->data.size(), 5u);
    EXPECT_EQ(elf->find("metadata_fb")->at % 8, 0u);
    EXPECT_EQ(to_bytes(elf->find(".qaic.nsp")->data), Bytes(9, std::byte{2}));
    EXPECT_EQ(elf->find("metadata"), nullptr);
}

TEST(Elf, AHexagonProgramWithUnalignedMetadataLoads)
{
    auto parts = unpack(builtin("echo:in=64"));
    const auto ours = parse_elf(parts["network.elf"]);
    auto section =
        from_hex("0100000000000000"); // the terminator record that qaic-cc puts before the flatbuffer
    const auto flat = ours->find("metadata_fb")->data;
    section.insert(section.end(), flat.begin(), flat.end());
    parts["network.elf"] = hexagon(section);
    parts.erase("network.elf.crc");
    const auto bytes = pack(parts);
    const auto p = load_program(bytes, "net.qpc");
    ASSERT_TRUE(p) << p.error().message();
    EXPECT_FALSE(p->elf_file.is_64);
    EXPECT_EQ(p->metadata.requests.size(), 2u);
    ASSERT_EQ(p->warnings.size(), 1u);
    EXPECT_EQ(p->warnings[0], "network.elf has no checksum: damage to it would go unnoticed");
}

TEST(Elf, EveryTruncationIsRefused)
{
    const auto file = sample();
    for (std::size_t n = 0; n < file.size(); ++n) {
        const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n));
        ASSERT_NE(elf_error(cut).find("offset=0x"), std::string::npos) << n;
    }
}

TEST(Elf, HeaderAndTableFieldsAreChecked)
{
    const auto f = sample();
    const auto shoff = read_at<Elf64_Ehdr>(f)->e_shoff;
    const auto in_table = [&](std::size_t i, std::size_t field) {
        return shoff + i * sizeof(Elf64_Shdr) + field;
    };
    const struct {
        Bytes bytes;
        const char* text;
    } cases[] = {
        {patched(f, 0, 'x'), "not an ELF file (magic) offset=0x0"},
        {patched(f, EI_CLASS, char{3}), "unknown ELF class got=3 offset=0x4"},
        {patched(f, EI_DATA, char{2}), "not little-endian got=2 offset=0x5"},
        {patched(f, offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{0}), "no section table"},
        {patched(f, offsetof(Elf64_Ehdr, e_shoff), ~std::uint64_t{0}), "section table lies outside the file"},
        {patched(f, offsetof(Elf64_Ehdr, e_shnum), std::uint16_t{0xffff}),
         "too many ELF sections got=65535 limit=1024"},
        {patched(f, offsetof(Elf64_Ehdr, e_shnum), std::uint16_t{5}), "section table lies outside the file"},
        {patched(f, offsetof(Elf64_Ehdr, e_shentsize), std::uint16_t{0}),
         "section header size got=0 expected=64"},
        {patched(f, offsetof(Elf64_Ehdr, e_shstrndx), std::uint16_t{4}),
         "section of names does not exist got=4 limit=4"},
        {patched(f, in_table(1, offsetof(Elf64_Shdr, sh_offset)), ~std::uint64_t{0}),
         "ELF section 1 lies outside"},
        {patched(f, in_table(2, offsetof(Elf64_Shdr, sh_size)), std::uint64_t{f.size()}),
         "ELF section 2 lies outside"},
        {patched(f, in_table(1, offsetof(Elf64_Shdr, sh_name)), std::uint32_t{9999}),
         "name of ELF section 1 lies outside"},
        {patched(f, in_table(3, offsetof(Elf64_Shdr, sh_size)), std::uint64_t{4}),
         "name of ELF section 1 has no end"},
        {patched(f, in_table(2, offsetof(Elf64_Shdr, sh_name)), std::uint32_t{1}),
         "ELF file has two sections metadata_fb"},
    };
    for (const auto& c : cases) {
        const auto error = elf_error(c.bytes);
        EXPECT_NE(error.find(c.text), std::string::npos) << error << "\nexpected: " << c.text;
    }
}

} // namespace
} // namespace qpc::samples
