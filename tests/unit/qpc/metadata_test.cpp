// SPDX-License-Identifier: BSD-3-Clause
// Metadata: simple_io's values and request elements of appendix A, and each check of
// aic100-workload.md 4.7, 4.8.
#include "aic100/wire/dbc.hpp"
#include "aic_metadata_generated.h"
#include "samples.hpp"
#include <functional>

namespace qpc::samples {
namespace {
namespace fb = aic100::meta;

Metadata simple_io()
{
    auto m = plan_metadata(simple_io_plan());
    EXPECT_TRUE(m) << (m ? "" : m.error().message());
    return m ? *m : Metadata{};
}

/// The semaphore word of a request element, by the bit layout of 4.5 and not by our driver.
std::uint32_t word(const SemaphoreOp& s)
{
    return (s.op != 0 ? 1u << 31 : 0) | (s.in_fence ? 1u << 30 : 0) | (s.out_fence ? 1u << 29 : 0) |
           s.op << 24u | (s.pre ? 1u << 22 : 0) | s.number << 16u | s.value;
}

void expect_simple_io(const Metadata& m)
{
    EXPECT_EQ(m.network_name, "simpleio");
    EXPECT_EQ(m.nsps, 1);
    EXPECT_EQ(m.semaphores, 2);
    EXPECT_EQ(m.semaphore_init, (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(m.exit_doorbell, 0x460u);
    EXPECT_EQ(m.l2tcm, 4096u); // appendix A: 3136, which the card rounds up to pages
    EXPECT_EQ(m.vtcm, 4160u);
    EXPECT_EQ(m.static_ddr, 128u);
    EXPECT_EQ(m.static_constants, 200u);
    EXPECT_EQ(m.hw_major, 2);
    EXPECT_EQ(m.hw_minor, 0);
    EXPECT_EQ(m.mcids(), 3u);

    Bytes init(1168);
    init[8] = std::byte{1};
    init[1159] = std::byte{0x80};
    EXPECT_EQ(m.l2tcm_init, init);

    ASSERT_EQ(m.host_multicast.size(), 3u);
    const std::uint32_t sizes[] = {1124, 64, 64}, bases[] = {0, 0, 4096};
    ASSERT_EQ(m.nsp_multicast.size(), 1u);
    ASSERT_EQ(m.nsp_multicast[0].size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(m.host_multicast[i].mask, 1u);
        EXPECT_EQ(m.host_multicast[i].size, sizes[i]);
        EXPECT_EQ(m.nsp_multicast[0][i].mask, 0u);
        EXPECT_EQ(m.nsp_multicast[0][i].size, sizes[i]);
        EXPECT_EQ(m.nsp_multicast[0][i].base_offset, bases[i]);
        EXPECT_EQ(m.nsp_multicast[0][i].vtcm, i == 2);
    }
    ASSERT_EQ(m.constant_mappings.size(), 1u);
    EXPECT_EQ(m.constant_mappings[0].core_mask, 1u);
    EXPECT_EQ(m.constant_mappings[0].size, 200u);
    ASSERT_EQ(m.threads.size(), 4u);
    EXPECT_EQ(m.threads[3].type_mask, 2);
    ASSERT_EQ(m.ports.size(), 2u);
    EXPECT_EQ(m.ports[1].id, 101);

    ASSERT_EQ(m.requests.size(), 3u);
    const std::uint64_t offsets[] = {3072, 0, 64};
    const std::vector<std::uint32_t> words[] = {
        {0x84400001}, {0xC4400001, 0xC1000000}, {0x84410000, 0x81010001}};
    for (std::uint16_t i = 0; i < 3; ++i) {
        const auto& r = m.requests[i];
        EXPECT_EQ(r.num, i);
        EXPECT_EQ(r.size, 64u);
        EXPECT_EQ(r.host_offset, 0u);
        EXPECT_EQ(r.dev_offset, offsets[i]);
        EXPECT_EQ(r.mcid, i < 2 ? i + 1 : 0);
        EXPECT_EQ(r.space, i < 2 ? AddrSpace::MULTICAST : AddrSpace::DDR);
        EXPECT_EQ(r.from_card, i == 2);
        EXPECT_EQ(r.port, i < 2 ? 100 : 101);
        EXPECT_EQ(r.transaction_id, 0xffffffffu);
        ASSERT_NE(r.doorbell(), nullptr);
        EXPECT_EQ(r.doorbell()->offset, 4u * i);
        EXPECT_EQ(r.doorbell()->data, 1u);
        EXPECT_EQ(r.doorbell()->width, 4);
        EXPECT_EQ(r.doorbell()->mcid, 0);
        ASSERT_EQ(r.semaphores.size(), words[i].size());
        for (std::size_t k = 0; k < words[i].size(); ++k)
            EXPECT_EQ(word(r.semaphores[k]), words[i][k]) << i << k;
    }
}

TEST(Metadata, SimpleIoHasTheValuesOfAppendixA) { expect_simple_io(simple_io()); }

TEST(Metadata, SurvivesEncodingWithAndWithoutTerminator)
{
    const auto flat = encode_metadata(simple_io());
    const auto plain = decode_metadata(flat);
    ASSERT_TRUE(plain) << plain.error().message();
    expect_simple_io(*plain);
    EXPECT_EQ(plain->exec_context.size(), 984u); // the size the vendor's writer gives (4.3.1)
    auto with = from_hex("0100000000000000");
    with.insert(with.end(), flat.begin(), flat.end());
    const auto stripped = decode_metadata(with);
    ASSERT_TRUE(stripped) << stripped.error().message();
    expect_simple_io(*stripped);
}

TEST(Metadata, AllFortySlotsAreStored)
{
    const auto flat = encode_metadata(simple_io());
    const auto* root = flatbuffers::GetRoot<flatbuffers::Table>(flat.data());
    for (flatbuffers::voffset_t slot = 0; slot < 40; ++slot) {
        const bool optional = slot == 34 || slot == 39; // tables the emulated card has no use for
        EXPECT_EQ(root->CheckField(static_cast<flatbuffers::voffset_t>(4 + 2 * slot)), !optional) << slot;
    }
    EXPECT_EQ(fb::GetMetadata(flat.data())->raw_struct_version_length(), 2 * (flat.size() + 8));
}

TEST(Metadata, SlotsMatchAHandMadeBuffer)
{
    // vtable of 46 bytes: slots 0 (u16 versionMajor), 19 (u16 numNSPs), 20; then the table. Independent of
    // flatc.
    Bytes b(4 + 46 + 2 + 10);
    const auto put16 = [&](std::size_t at, std::uint16_t v) { b = patched(b, at, v); };
    b = patched(b, 0, std::uint32_t{52}); // root offset
    put16(4, 46);                         // vtable bytes
    put16(6, 10);                         // table bytes
    put16(8 + 2 * 0, 4);
    put16(8 + 2 * 19, 6);
    put16(8 + 2 * 20, 8);
    b = patched(b, 52, std::int32_t{52 - 4}); // distance to the vtable
    put16(56, 1);
    put16(58, 14);
    put16(60, 3);
    flatbuffers::Verifier v(reinterpret_cast<const std::uint8_t*>(b.data()), b.size());
    ASSERT_TRUE(fb::VerifyMetadataBuffer(v));
    const auto* m = fb::GetMetadata(b.data());
    EXPECT_EQ(m->version_major(), 1);
    EXPECT_EQ(m->num_nsps(), 14);
    EXPECT_EQ(m->num_semaphores(), 3);
}

TEST(Metadata, EveryRuleHasItsMessage)
{
    const struct {
        std::function<void(Metadata&)> change;
        const char* text;
    } cases[] = {
        {[](Metadata& m) { m.version_major = 2; }, "unknown major version got=2 expected=1"},
        {[](Metadata& m) { m.network_name.clear(); }, "network name is empty"},
        {[](Metadata& m) { m.hw_major = 3; }, "hwVersionMajor out of range got=3 limit=1..2"},
        {[](Metadata& m) { m.nsps = 0; }, "numNSPs out of range got=0 limit=1..16"},
        {[](Metadata& m) { m.nsps = 17; }, "numNSPs out of range got=17"},
        {[](Metadata& m) { m.nsps = 2; }, "NSP multicast tables got=1 expected=2"},
        {[](Metadata& m) { m.nsp_multicast.clear(); }, "NSP multicast tables got=0 expected=1"},
        {[](Metadata& m) { m.semaphores = 33; }, "numSemaphores out of range got=33 limit=0..32"},
        {[](Metadata& m) { m.semaphore_init.push_back(0); }, "initial values of semaphores got=3 expected=2"},
        {[](Metadata& m) { m.semaphore_init[1] = 4096; }, "initial value of semaphore 1 got=4096 limit=4095"},
        {[](Metadata& m) { m.vtcm = 0; }, "VTCMSize out of range got=0"},
        {[](Metadata& m) { m.vtcm = (8u << 20) + 1; }, "VTCMSize out of range got=8388609"},
        {[](Metadata& m) { m.l2tcm = (1u << 20) + 1; }, "L2TCMSize out of range"},
        {[](Metadata& m) { m.l2tcm = 1000; }, "L2TCMInitSize out of range got=1168 limit=0..1000"},
        {[](Metadata& m) { m.exit_doorbell = 4096; },
         "exitDoorbellOffset out of range got=4096 limit=0..4095"},
        {[](Metadata& m) { m.static_ddr = ~0ull, m.dynamic_ddr = 2; }, "sizes overflows"},
        {[](Metadata& m) { m.host_multicast[1].mask = 2; }, "host_multicast[1]: mask names an NSP"},
        {[](Metadata& m) { m.constant_mappings[0].offset = 1; }, "constant_mappings[0]: not inside"},
        {[](Metadata& m) { m.constant_mappings[0].size = 201; }, "constant_mappings[0]: not inside"},
        {[](Metadata& m) { m.constant_mappings.push_back(m.constant_mappings[0]); }, "mapped twice"},
        {[](Metadata& m) { m.threads.resize(7); }, "too many threads got=7 limit=6"},
        {[](Metadata& m) { m.requests[0].semaphores.resize(5); },
         "dma_requests[0]: too many semaphore operations got=5"},
        {[](Metadata& m) { m.requests[1].semaphores[1].pre = true; },
         "dma_requests[1]: more than one semaphore operation"},
        {[](Metadata& m) { m.requests[0].semaphores[0].number = 2; },
         "dma_requests[0]: semaphore does not exist got=2 limit=2"},
        {[](Metadata& m) { m.requests[0].semaphores[0].value = 4096; },
         "dma_requests[0]: semaphore value got=4096 limit=4095"},
        {[](Metadata& m) { m.requests[0].semaphores[0].op = 7; },
         "dma_requests[0]: unknown semaphore operation got=7"},
        {[](Metadata& m) { m.requests[2].doorbells[0].offset = 6; },
         "dma_requests[2]: doorbell not aligned to its width got=0x6"},
        {[](Metadata& m) { m.requests[2].doorbells[0].offset = 0x800000; },
         "dma_requests[2]: doorbell outside"},
        {[](Metadata& m) { m.requests[2].doorbells[0].mcid = 3; }, "dma_requests[2]: doorbell outside"},
        {[](Metadata& m) { m.requests[0].mcid = 3; },
         "dma_requests[0]: multicast id does not exist got=3 limit=3"},
        {[](Metadata& m) { m.requests[0].dev_offset = 0x7fffe0; },
         "dma_requests[0]: outside the multicast window"},
        {[](Metadata& m) { m.requests[2].dev_offset = 65; },
         "dma_requests[2]: outside the shared DDR got=0x41+0x40 limit=0x80"},
        {[](Metadata& m) { m.requests[2].dev_offset = ~0ull; }, "dma_requests[2]: outside the shared DDR"},
        {[](Metadata& m) { m.requests[2].space = AddrSpace::DYNAMIC_DDR; },
         "dma_requests[2]: outside the shared DDR"},
        {[](Metadata& m) { m.requests[2].space = AddrSpace::MULTICAST, m.host_multicast[0].mask = 0; },
         "dma_requests[2]: reads a multicast window of not exactly one NSP"},
        {[](Metadata& m) { m.requests[0].num = no_buffer; },
         "dma_requests[0]: a transfer without a DMA buffer"},
        {[](Metadata& m) { m.requests[2].num = 0; },
         "dma_requests[2]: requests of DMA buffer 0 do not stand together"},
        {[](Metadata& m) { m.requests[2].num = 1; },
         "dma_requests[2]: DMA buffer 1 is used in both directions"},
    };
    for (const auto& c : cases) {
        auto m = simple_io();
        c.change(m);
        const auto result = decode_metadata(encode_metadata(m));
        ASSERT_FALSE(result) << c.text;
        EXPECT_EQ(result.error().code, Code::E_FORMAT);
        EXPECT_NE(result.error().text.find(c.text), std::string::npos)
            << result.error().text << "\nexpected: " << c.text;
    }
}

TEST(Metadata, UnknownValuesOfTheBufferItselfAreRefused)
{
    const auto with = [](std::uint8_t space, std::uint8_t in_out, std::uint8_t width) {
        flatbuffers::FlatBufferBuilder b;
        const auto bells = b.CreateVector(std::vector{fb::CreateDoorbellOp(b, 0, 1, 0, width)});
        const auto requests =
            b.CreateVector(std::vector{fb::CreateDmaRequest(b, 0, bells, 0, 0, 0, 0, 0, space, in_out)});
        fb::MetadataBuilder m(b);
        m.add_version_major(1);
        m.add_dma_requests(requests);
        b.Finish(m.Finish());
        return error_of(decode_metadata(std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()))));
    };
    EXPECT_NE(with(3, 0, 2).find("dma_requests[0]: unknown address space got=3 limit=2"), std::string::npos);
    EXPECT_NE(with(0, 2, 2).find("dma_requests[0]: unknown direction got=2 limit=1"), std::string::npos);
    EXPECT_NE(with(0, 0, 3).find("dma_requests[0]: doorbell width code got=3 limit=2"), std::string::npos);
    EXPECT_NE(with(0, 0, 2).find("no host multicast table"), std::string::npos);
}

TEST(Metadata, RequiredFieldsOfNewerRuntimesAreRefusedByName)
{
    EXPECT_TRUE(known_required_field("AicMetadataFlat_Metadata->dmaRequests->doorbellOps->mcId"));
    EXPECT_FALSE(known_required_field("dmaRequests"));
    flatbuffers::FlatBufferBuilder b;
    const auto required =
        b.CreateVectorOfStrings({"AicMetadataFlat_Metadata->numNSPs", "AicMetadataFlat_Metadata->x\n"});
    fb::MetadataBuilder m(b);
    m.add_version_major(1);
    m.add_required_fields(required);
    b.Finish(m.Finish());
    const auto error = error_of(decode_metadata(std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()))));
    EXPECT_NE(error.find("requires field \"AicMetadataFlat_Metadata->x\\x0a\""), std::string::npos) << error;
}

TEST(Metadata, ADagOfTablesIsStoppedByTheVerifier)
{
    // 4000 requests, all the same table with 100 semaphore operations, all the same: 400,000 tables to visit.
    flatbuffers::FlatBufferBuilder b;
    const auto sem = fb::CreateSemaphoreOp(b);
    const auto sems = b.CreateVector(std::vector(100, sem));
    const auto request = fb::CreateDmaRequest(b, sems);
    const auto requests = b.CreateVector(std::vector(4000, request));
    fb::MetadataBuilder m(b);
    m.add_version_major(1);
    m.add_dma_requests(requests);
    b.Finish(m.Finish());
    const auto error = error_of(decode_metadata(std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()))));
    EXPECT_NE(error.find("not a valid flatbuffer"), std::string::npos) << error;
}

TEST(Metadata, TruncationsAndGarbageNeverPass)
{
    const auto flat = encode_metadata(simple_io());
    for (std::size_t n = 0; n + 8 < flat.size(); n += 3)
        EXPECT_FALSE(decode_metadata(ConstSpan(flat).first(n))) << n;
    EXPECT_NE(error_of(decode_metadata(from_hex("0100000000000000"))).find("behind the terminator"),
              std::string::npos);
    EXPECT_NE(error_of(decode_metadata({})).find("not a valid flatbuffer"), std::string::npos);
    EXPECT_NE(error_of(decode_metadata(Bytes((16u << 20) + 1))).find("metadata too large"),
              std::string::npos);
}

} // namespace
} // namespace qpc::samples
