// SPDX-License-Identifier: BSD-3-Clause
// simple_io.qpc as the build made it from config/programs/simple_io.json, against every vector of
// aic100-workload.md Appendix A. The metadata is read with the generated flatbuffer code, not with lib/qpc.
#include "aic100/wire/nsp_native.hpp"
#include "aic_metadata_generated.h"
#include "qpc/program.hpp"
#include <cstdlib>
#include <gtest/gtest.h>

namespace qpc {
namespace {
namespace fb = aic100::meta;

Bytes from_hex(std::string_view hex)
{
    Bytes out;
    int high = -1;
    for (const char c : hex) {
        if (c == ' ' || c == '\n') continue;
        const int v = c <= '9' ? c - '0' : c - 'a' + 10;
        if (high >= 0) out.push_back(static_cast<std::byte>(high * 16 + v));
        high = high >= 0 ? -1 : v;
    }
    return out;
}

constexpr std::string_view constants_bin = R"(
01 00 18 01 c8 00 00 00  04 00 00 00 04 00 02 00
01 00 01 00 00 00 01 00  01 00 01 00 28 00 00 00
03 00 00 00 80 04 00 00  00 00 00 00 00 0c 00 00
40 00 00 00 00 00 00 00  01 00 00 00 01 00 00 00
00 00 00 00 01 00 01 00  00 00 00 00 00 00 00 00
01 00 00 00 00 10 00 00  40 00 00 00 01 00 00 00
01 00 00 00 01 00 00 00  00 00 00 00 02 00 01 00
00 00 00 00 00 00 00 00  02 00 00 00 40 00 00 00
40 00 00 00 02 00 00 00  01 00 00 00 01 00 00 00
00 00 00 00 00 00 01 00  01 00 00 00 00 00 00 00
00 00 00 00 00 05 00 00  00 04 00 00 00 00 00 00
00 00 00 00 00 00 00 00  00 00 00 00 00 00 01 00
02 00 00 00 00 00 00 00)";

constexpr std::string_view network_desc_bin = R"(
08 09 1a 08 73 69 6d 70 6c 65 69 6f 22 2d 0a 0b 69 6e 70 75 74 42 75 66 66 5f 30 12 05 08 08 22
01 40 1a 05 08 08 22 01 40 22 0e 08 06 10 08 1d 00 00 80 3f 2a 01 40 4a 00 30 01 22 2f 0a 0b 69
6e 70 75 74 42 75 66 66 5f 31 12 05 08 08 22 01 40 1a 05 08 08 22 01 40 22 10 08 06 10 08 1d 00
00 80 3f 2a 01 40 4a 02 18 01 30 01 2a 30 0a 0c 6f 75 74 70 75 74 42 75 66 66 5f 30 12 05 08 08
22 01 40 1a 05 08 08 22 01 40 22 12 08 06 10 08 1d 00 00 80 3f 2a 01 40 4a 04 08 01 18 02 32 02
08 40 32 02 08 40 32 04 08 40 10 01 38 01 40 04 48 04 52 04 00 00 00 00 58 02 6a 03 48 56 58 6a
03 48 4d 58 70 01 8a 01 01 00)";

class Vectors : public ::testing::Test {
  protected:
    void SetUp() override
    {
        const char* dir = std::getenv("QAIC_TEST_PROGRAMS");
        ASSERT_NE(dir, nullptr);
        auto loaded = load_program_file(std::string(dir) + "/simple_io.qpc");
        ASSERT_TRUE(loaded) << loaded.error().message();
        owned = std::move(*loaded);
        const auto* section = owned.program.elf_file.find("metadata");
        ASSERT_NE(section, nullptr);
        metadata.assign(section->data.begin(), section->data.end());
        // The terminator record comes first (4.2).
        ASSERT_GT(metadata.size(), 8u);
        EXPECT_EQ(Bytes(metadata.begin(), metadata.begin() + 8), from_hex("01 00 00 00 00 00 00 00"));
        metadata.erase(metadata.begin(), metadata.begin() + 8);
        flatbuffers::Verifier v(reinterpret_cast<const std::uint8_t*>(metadata.data()), metadata.size());
        ASSERT_TRUE(v.VerifyBuffer<fb::Metadata>(nullptr));
        m = flatbuffers::GetRoot<fb::Metadata>(metadata.data());
    }
    [[nodiscard]] Bytes segment(std::string_view name) const
    {
        const auto* s = owned.program.container.find(name);
        EXPECT_NE(s, nullptr) << name;
        return s == nullptr ? Bytes() : Bytes(s->data.begin(), s->data.end());
    }
    OwnedProgram owned;
    Bytes metadata;
    const fb::Metadata* m = nullptr;
};

TEST_F(Vectors, SegmentsByteForByte)
{
    EXPECT_EQ(segment("constants.bin"), from_hex(constants_bin));
    EXPECT_EQ(segment("constantsdesc.bin"),
              from_hex("c8 00 00 00 00 00 00 00 00000000 00000000 00000000 00000000"));
    EXPECT_EQ(segment("networkdesc.bin"), from_hex(network_desc_bin));
}

TEST_F(Vectors, SizesAndCounts)
{
    EXPECT_EQ(m->num_nsps(), 1);
    EXPECT_EQ(m->num_semaphores(), 2);
    ASSERT_EQ(m->semaphore_init_state()->size(), 2u);
    EXPECT_EQ(m->semaphore_init_state()->Get(0), 0u);
    EXPECT_EQ(m->semaphore_init_state()->Get(1), 1u);
    EXPECT_EQ(m->exit_doorbell_offset(), 0x460u);
    EXPECT_EQ(m->l2tcm_size(), 3136u);
    EXPECT_EQ(m->vtcm_size(), 4160u);
    EXPECT_EQ(m->static_shared_ddr_size(), 128u);
    EXPECT_EQ(m->dynamic_shared_ddr_size(), 0u);
    EXPECT_EQ(m->static_constants_size(), 200u);
    EXPECT_EQ(m->hw_version_major(), 2);
    EXPECT_EQ(m->hw_version_minor(), 0);
    EXPECT_EQ(m->version_major(), 1);
    EXPECT_EQ(m->network_name()->str(), "simpleio");
    EXPECT_EQ(m->exec_context_major_version(), aic100::nsp_native_context); // the one thing that is ours
    ASSERT_EQ(m->constant_mappings()->size(), 1u);
    EXPECT_EQ(m->constant_mappings()->Get(0)->base_offset(), 0u);
    EXPECT_EQ(m->constant_mappings()->Get(0)->core_mask(), 1u);
    EXPECT_EQ(m->constant_mappings()->Get(0)->size(), 200u);
    ASSERT_EQ(m->thread_descriptors()->size(), 4u);
    for (const auto* t : *m->thread_descriptors()) {
        EXPECT_EQ(t->type_mask(), 2);
        EXPECT_EQ(t->entry_point(), m->thread_descriptors()->Get(0)->entry_point());
    }
    ASSERT_EQ(m->port_table()->size(), 2u);
    EXPECT_EQ(m->port_table()->Get(0)->port_id(), 100);
    EXPECT_EQ(m->port_table()->Get(1)->port_id(), 101);
    EXPECT_EQ(m->raw_struct_version_length(), 2 * (metadata.size() + 8));
}

TEST_F(Vectors, InitialL2tcm)
{
    EXPECT_EQ(m->l2tcm_init_size(), 1168u);
    ASSERT_EQ(m->l2tcm_init_state()->size(), 1168u);
    for (unsigned i = 0; i < 1168; ++i)
        ASSERT_EQ(m->l2tcm_init_state()->Get(i), i == 8 ? 1 : i == 1159 ? 0x80 : 0) << i;
    ASSERT_EQ(m->l2tcm_non_zero_regions()->size(), 2u);
    const auto* first = m->l2tcm_non_zero_regions()->Get(0);
    const auto* second = m->l2tcm_non_zero_regions()->Get(1);
    EXPECT_EQ(first->start(), 0u);
    EXPECT_EQ(first->end(), 9u);
    EXPECT_EQ(first->size(), 9u);
    EXPECT_EQ(second->start(), 1159u);
    EXPECT_EQ(second->end(), 1168u);
    EXPECT_EQ(second->size(), 9u);
}

TEST_F(Vectors, MulticastTables)
{
    const std::pair<std::uint32_t, std::uint32_t> host[] = {{1, 1124}, {1, 64}, {1, 64}};
    const auto* h = m->host_multicast_table()->entries();
    ASSERT_EQ(h->size(), std::size(host));
    for (unsigned i = 0; i < h->size(); ++i) {
        EXPECT_EQ(h->Get(i)->mask(), host[i].first);
        EXPECT_EQ(h->Get(i)->size(), host[i].second);
    }
    struct Row {
        std::uint64_t base;
        std::uint32_t mask, size;
        std::uint8_t space;
    };
    const Row rows[] = {{0, 0, 1124, 0}, {0, 0, 64, 0}, {4096, 0, 64, 1}};
    ASSERT_EQ(m->nsp_multicast_tables()->size(), 1u);
    const auto* t = m->nsp_multicast_tables()->Get(0)->entries();
    ASSERT_EQ(t->size(), std::size(rows));
    for (unsigned i = 0; i < t->size(); ++i) {
        EXPECT_EQ(t->Get(i)->base_addr_offset(), rows[i].base) << i;
        EXPECT_EQ(t->Get(i)->mask(), rows[i].mask) << i;
        EXPECT_EQ(t->Get(i)->size(), rows[i].size) << i;
        EXPECT_EQ(t->Get(i)->addr_space(), rows[i].space) << i;
        EXPECT_EQ(t->Get(i)->dynamic(), 0) << i;
    }
}

TEST_F(Vectors, Requests)
{
    struct Row {
        std::uint64_t dev_offset;
        std::uint16_t mcid;
        std::uint8_t space, in_out;
        std::uint16_t port;
        std::vector<std::uint32_t> words; ///< semaphores as element words
    };
    const Row rows[] = {{3072, 1, 0, 0, 100, {0x84400001}},
                        {0, 2, 0, 0, 100, {0xc4400001, 0xc1000000}},
                        {64, 0, 1, 1, 101, {0x84410000, 0x81010001}}};
    ASSERT_EQ(m->dma_requests()->size(), 3u);
    for (unsigned i = 0; i < 3; ++i) {
        const auto* r = m->dma_requests()->Get(i);
        EXPECT_EQ(r->dev_offset(), rows[i].dev_offset) << i;
        EXPECT_EQ(r->mc_id(), rows[i].mcid) << i;
        EXPECT_EQ(r->dev_addr_space(), rows[i].space) << i;
        EXPECT_EQ(r->in_out(), rows[i].in_out) << i;
        EXPECT_EQ(r->port_id(), rows[i].port) << i;
        EXPECT_EQ(r->size(), 64u) << i;
        EXPECT_EQ(r->num(), i);
        EXPECT_EQ(r->host_offset(), 0u);
        EXPECT_EQ(r->transaction_id(), 0xffffffffu);
        ASSERT_EQ(r->doorbell_ops()->size(), 1u);
        const auto* d = r->doorbell_ops()->Get(0);
        EXPECT_EQ(d->offset(), 4u * i);
        EXPECT_EQ(d->data(), 1u);
        EXPECT_EQ(d->mc_id(), 0);
        EXPECT_EQ(d->size(), 2); // 32 bits
        std::vector<std::uint32_t> words;
        for (const auto* s : *r->semaphore_ops())
            words.push_back(0x80000000u | (s->in_sync_fence() != 0 ? 0x40000000u : 0) |
                            (s->out_sync_fence() != 0 ? 0x20000000u : 0) | std::uint32_t{s->sem_op()} << 24 |
                            (s->pre_or_post() == 1 ? 0x400000u : 0) | std::uint32_t{s->sem_num()} << 16 |
                            s->sem_value());
        EXPECT_EQ(words, rows[i].words) << i;
    }
}

} // namespace
} // namespace qpc
