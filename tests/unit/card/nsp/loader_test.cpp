// SPDX-License-Identifier: BSD-3-Clause
// LOAD_ELF of host-native programs: what is taken from the file, and what is refused with which status.
#include "aic100/wire/nnc_commands.hpp"
#include "aic100/wire/nsp_native.hpp"
#include "aic_metadata_generated.h"
#include "card/nsp/elf.hpp"
#include "qpc/native_elf.hpp"
#include "qpc/program_description.hpp"
#include "sample.hpp"
#include <elf.h>
#include <fstream>

namespace nsp_test {
namespace {
namespace status = aic100::nnc_status;

class Loader : public ::testing::Test {
  protected:
    void SetUp() override
    {
        const char* dir = std::getenv("QAIC_TEST_PROGRAMS");
        ASSERT_NE(dir, nullptr);
        auto file = qpc::read_file(std::string(dir) + "/simple_io.so");
        ASSERT_TRUE(file) << file.error().message();
        object.assign(file->span().begin(), file->span().end());
        auto parsed = qpc::parse_program_config(
            R"({"hwVersionMajor":2,"numNSPs":2,"outputs":{"dims":16,"dest":"DDR"},"heapSize":4096,
                "internalBuffers":{"dims":16,"dest":"VTCM","nsps":1}})");
        ASSERT_TRUE(parsed);
        config = *parsed;
        entry = *qpc::exported_function(object, aic100::nsp_native_entry);
        metadata = *qpc::program_metadata(config, entry, aic100::nsp_native_context);
    }
    /// Status of the object with this metadata.
    card::NncResult<card::Program> load(const qpc::Metadata& m) const
    {
        const auto elf = qpc::with_section(object, "metadata_fb", qpc::encode_metadata(m));
        EXPECT_TRUE(elf);
        return card::load_program(*elf);
    }
    static std::int32_t error(const card::NncResult<card::Program>& p) { return p ? 0 : p.error(); }
    Bytes object;
    qpc::ProgramConfig config;
    std::uint64_t entry = 0;
    qpc::Metadata metadata;
};

TEST_F(Loader, EverythingANativeProgramNeeds)
{
    const auto p = load(metadata);
    ASSERT_TRUE(p) << p.error();
    EXPECT_TRUE(p->host_native);
    EXPECT_EQ(p->nsps, 2u);
    EXPECT_EQ(p->native.entries, std::vector<std::uint64_t>(4, entry));
    EXPECT_EQ(p->native.heap_bytes, 4096u);
    EXPECT_EQ(p->native.constants_at, (std::vector<std::int64_t>{0, 0}));
    EXPECT_GT(p->native.elf_bytes, object.size());
    ASSERT_EQ(p->receive.size(), 2u);
    ASSERT_EQ(p->receive[0].size(), 2u);
    EXPECT_EQ(p->receive[0][0].send_mask, 2u);
    EXPECT_EQ(p->receive[1][0].send_mask, 1u);
    EXPECT_EQ(p->receive[0][1].send_mask, 2u);
    EXPECT_TRUE(p->receive[0][1].vtcm);
}

TEST_F(Loader, WhatCannotRunIsRefused)
{
    auto m = metadata;
    m.exec_context_major = 5;
    EXPECT_EQ(error(load(m)), status::EXEC_CONTEXT);
    m = metadata;
    m.threads.clear();
    EXPECT_EQ(error(load(m)), status::METADATA);
    m = metadata;
    m.threads.assign(7, {entry, 2});
    EXPECT_EQ(error(load(m)), status::METADATA);
    for (const auto address :
         {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 40}) { // no code there
        m = metadata;
        m.threads[2].entry = address;
        EXPECT_EQ(error(load(m)), status::METADATA) << address;
    }
    m = metadata;
    m.heap = (4ull << 30) + 1;
    EXPECT_EQ(error(load(m)), status::NO_MEMORY);
    m = metadata;
    m.nsp_multicast[0][1].mask = 4; // a third NSP
    EXPECT_EQ(error(load(m)), status::METADATA);
    m = metadata;
    m.constant_mappings[0].core_mask = 8;
    EXPECT_EQ(error(load(m)), status::METADATA);
    m = metadata;
    m.constant_mappings[0].offset = m.static_constants;
    EXPECT_EQ(error(load(m)), status::METADATA);
}

TEST_F(Loader, OnlySharedObjectsForThisMachine)
{
    const auto elf = *qpc::with_section(object, "metadata_fb", qpc::encode_metadata(metadata));
    EXPECT_EQ(card::elf_kind(elf), card::ElfKind::HOST);
    auto other = elf;
    const std::uint16_t executable = ET_EXEC, arm = EM_AARCH64;
    std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_type), &executable, 2);
    EXPECT_EQ(error(card::load_program(other)), status::METADATA);
    other = elf;
    std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_machine), &arm, 2);
    EXPECT_EQ(error(card::load_program(other)), status::METADATA);
    EXPECT_EQ(error(card::load_program(object)), status::METADATA); // no metadata at all
}

/// Damage anywhere is answered, never followed.
TEST_F(Loader, DamagedFilesAreSurvived)
{
    const auto elf = *qpc::with_section(object, "metadata_fb", qpc::encode_metadata(metadata));
    unsigned accepted = 0;
    for (std::size_t cut = 0; cut < elf.size(); cut += 61)
        accepted += card::load_program(ConstSpan(elf).first(cut)).has_value();
    EXPECT_EQ(accepted, 0u);
    const auto head = *read_at<Elf64_Ehdr>(elf);
    for (std::size_t i = 0; i < 64 + std::size_t{head.e_phnum} * sizeof(Elf64_Phdr); ++i)
        for (const auto bits : {0x01, 0xff}) {
            auto damaged = elf;
            damaged[i] ^= static_cast<std::byte>(bits);
            (void)card::load_program(damaged);
        }
    for (std::size_t i = elf.size() - 4000; i < elf.size(); i += 3) { // metadata and section table
        auto damaged = elf;
        damaged[i] ^= std::byte{0xff};
        (void)card::load_program(damaged);
    }
}

} // namespace
} // namespace nsp_test
