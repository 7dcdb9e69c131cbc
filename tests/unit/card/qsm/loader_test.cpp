// SPDX-License-Identifier: BSD-3-Clause
// What LOAD_ELF accepts and with which status it refuses the rest. aic100-workload.md 4.2, 4.7
#include "card/nsp/program.hpp"
#include "program_file.hpp"
#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <random>

namespace qsm_test {
namespace {

std::int32_t status_of(ConstSpan elf)
{
    const auto p = card::load_program(elf);
    return p ? 0 : p.error();
}
std::int32_t spoilt(void (*how)(ProgramSpec&))
{
    auto spec = echo_program(64);
    how(spec);
    return status_of(elf_of(spec));
}

TEST(Loader, BothSectionNamesAndTheTerminator)
{
    EXPECT_EQ(spoilt([](auto&) {}), 0);
    EXPECT_EQ(spoilt([](auto& s) { s.metadata_section = "metadata"; }), 0);
    EXPECT_EQ(spoilt([](auto& s) {
                  s.metadata_section = "metadata";
                  s.terminator = true;
              }),
              0);
    EXPECT_EQ(spoilt([](auto& s) { s.metadata_section = "metadata_f"; }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.nsp_section = false; }), -5);
}

TEST(Loader, ContentsOfSimpleIo)
{
    const auto p = card::load_program(elf_of(simple_io_program()));
    ASSERT_TRUE(p);
    EXPECT_EQ(p->nsps, 1u);
    EXPECT_EQ(p->mcids, 3u);
    EXPECT_EQ(p->semaphore_init[1], 1);
    EXPECT_EQ(p->l2tcm_bytes, 4096u); // whole pages
    EXPECT_EQ(p->vtcm_bytes, 6144u);
    EXPECT_EQ(p->exit_doorbell, 0x460u);
    EXPECT_EQ(p->inputs.at(1).offset, 4096u);
    EXPECT_EQ(p->inputs.at(1).doorbell, 4u);
    EXPECT_EQ(p->outputs.at(0).doorbell, 8u);
}

TEST(Loader, StatusOfEachRule)
{
    EXPECT_EQ(spoilt([](auto& s) { s.version = 2; }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.hw_major = 1; }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.required.emplace_back("AicMetadataFlat_Metadata->flux"); }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.required.emplace_back("networkName"); }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.exec_context = 4; }), -102);
    EXPECT_EQ(spoilt([](auto& s) { s.nsps = 0; }), -13);
    EXPECT_EQ(spoilt([](auto& s) { s.nsps = 17; }), -13);
    EXPECT_EQ(spoilt([](auto& s) { s.semaphores = 33; }), -15);
    EXPECT_EQ(spoilt([](auto& s) { s.extra_mcids = 128; }), -65);
    EXPECT_EQ(spoilt([](auto& s) { s.l2tcm = (1u << 20) + 1; }), -4);
    EXPECT_EQ(spoilt([](auto& s) { s.vtcm = (8u << 20) + 1; }), -4);
    EXPECT_EQ(spoilt([](auto& s) { s.vtcm = 0; }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.l2tcm_init_size = 1169; }), -49);
    EXPECT_EQ(spoilt([](auto& s) { s.static_ddr = 127; }), -5); // the output does not fit any more
    EXPECT_EQ(spoilt([](auto& s) { s.bad_tensor_size = ~0ull; }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.outputs.clear(); }), -5); // an echo of what?
    EXPECT_EQ(spoilt([](auto& s) { s.outputs[0].size = 32; }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.builtin = static_cast<aic100::NspBuiltin>(9); }), -5);
    EXPECT_EQ(spoilt([](auto& s) { s.kind = static_cast<aic100::NspKind>(3); }), -5);
}

TEST(Loader, HexagonCodeIsRefusedAsWhatItIs)
{
    Elf32_Ehdr head{};
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS32;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_machine = 164;
    EXPECT_EQ(status_of(bytes_of(head)), -102);
    head.e_machine = 40;
    EXPECT_EQ(status_of(bytes_of(head)), -5);
}

TEST(Loader, EveryTruncationIsRefused)
{
    const auto elf = elf_of(echo_program(64));
    for (std::size_t n = 0; n < elf.size(); ++n) ASSERT_LT(status_of(ConstSpan(elf).first(n)), 0) << n;
}

TEST(Loader, DamagedFilesNeverCrash)
{
    const auto elf = elf_of(simple_io_program());
    std::mt19937 random(1);
    unsigned refused = 0;
    for (int i = 0; i < 20000; ++i) {
        auto bad = elf;
        for (unsigned k = random() % 4 + 1; k != 0; --k)
            bad[random() % bad.size()] = static_cast<std::byte>(random());
        refused += status_of(bad) != 0 ? 1u : 0u;
    }
    EXPECT_GT(refused, 1000u);
}

} // namespace
} // namespace qsm_test
