// SPDX-License-Identifier: BSD-3-Clause
// The JSON configuration: what the vendor's examples use, and each mistake with its message. The layout rules
// of several NSPs and internal buffers (aic100-workload.md 7.7).
#include "aic100/wire/nsp_native.hpp"
#include "qpc/native_builder.hpp"
#include "qpc/native_elf.hpp"
#include "qpc/program.hpp"
#include "qpc/program_description.hpp"
#include <gtest/gtest.h>

namespace qpc {
namespace {

std::string with(std::string_view rest)
{
    return fmt::format(R"({{"hwVersionMajor":2,"hwVersionMinor":0,"numNSPs":2,{}}})", rest);
}

TEST(ProgramConfig, LoneValuesAndTrailingCommasPass)
{
    const auto c = parse_program_config(
        with(R"("name":"a,]b","inputs":{"type":"Int16QTy","dims":[4,8,],"devOffset":4096,"nsps":1},
                "outputs":[{"dims":3,"dest":"DDR","outSyncFence":1,},],)"));
    ASSERT_TRUE(c) << c.error().message();
    EXPECT_EQ(c->name, "a,]b");
    ASSERT_EQ(c->inputs.size(), 1u);
    EXPECT_EQ(c->inputs[0].bytes, 64u);
    EXPECT_EQ(c->inputs[0].type, DataType::INT16_Q);
    EXPECT_EQ(c->inputs[0].nsp_mask, 2u);
    EXPECT_EQ(c->outputs[0].bytes, 12u); // float by default
    EXPECT_EQ(c->outputs[0].nsp_mask, 3u);
    EXPECT_TRUE(c->outputs[0].out_fence);
    EXPECT_EQ(c->threads, 4u);
}

TEST(ProgramConfig, EveryMistakeHasItsMessage)
{
    const std::pair<std::string, const char*> rows[] = {
        {"", "parse error"},
        {"[]", "not a JSON object"},
        {R"({"hwVersionMajor":2,"numNSPs":1})", "outputs is missing"},
        {R"({"hwVersionMajor":1,"numNSPs":1,"outputs":[]})", "hwVersionMajor: out of range got=1 limit=2..2"},
        {R"({"hwVersionMajor":2,"numNSPs":17,"outputs":[]})", "numNSPs: out of range got=17 limit=1..16"},
        {R"({"hwVersionMajor":2,"numNSPs":-1,"outputs":[]})", "numNSPs: not a whole number"},
        {with(R"("outputs":[],"inptus":[])"), "unknown key got=\"inptus\""},
        {with(R"("outputs":[],"numThreads":7)"), "numThreads: out of range got=7 limit=1..6"},
        {with(R"("outputs":[],"numThreads":1,"numHMXThreads":2)"),
         "numHMXThreads: more than there are threads"},
        {with(R"("outputs":7)"), "outputs[0].not an object"},
        {with(R"("outputs":[{"dims":4,"dest":"ROM"}])"),
         "outputs[0].dest: unknown got=\\\"ROM\\\" known=L2TCM,VTCM,DDR"},
        {with(R"("outputs":[{"dest":"DDR"}])"), "outputs[0].dims: number of dimensions got=0"},
        {with(R"("outputs":[{"dims":0,"dest":"DDR"}])"), "outputs[0].dims: out of range got=0"},
        {with(R"("outputs":[{"dims":[65536,65536],"dest":"DDR"}])"), "outputs[0].dims: buffer too large"},
        {with(R"("outputs":[{"dims":4,"dest":"VTCM"}])"),
         "an output in L2TCM or VTCM belongs to exactly one NSP got=2"},
        {with(R"("outputs":[{"dims":4,"nsps":0}])"),
         "inside the reserved part of the L2TCM got=0 limit=2176"},
        {with(R"("outputs":[{"dims":4,"nsps":2,"dest":"VTCM"}])"),
         "outputs[0].nsps: out of range got=2 limit=0..1"},
        {with(R"("outputs":[{"dims":4,"nsps":[],"dest":"VTCM"}])"), "outputs[0].nsps: empty"},
        {with(R"("outputs":[{"dims":4,"dest":"DDR","baseAddrOffset":4096}])"),
         "must be a multiple of 4096, and 0 in DDR"},
        {with(R"("outputs":[],"inputs":{"dims":4,"dest":"VTCM","baseAddrOffset":100})"),
         "must be a multiple of 4096"},
        {with(R"("outputs":[{"dims":4,"dest":"DDR","allowPartial":1}])"),
         "allowPartial: for inputs of one dimension"},
        {with(R"("outputs":[],"internalBuffers":{"dims":4,"dest":"VTCM","baseAddrOffset":4096})"),
         "NSPs cannot send to such a buffer"},
        {with(R"("outputs":[{"dims":4,"dest":"DDR","inSyncFence":2}])"),
         "inSyncFence: neither true nor false got=2"},
        {with(R"("outputs":[{"dims":4,"dest":"DDR","devOffset":1e3}])"), "devOffset: not a whole number"},
    };
    for (const auto& [text, message] : rows) {
        const auto c = parse_program_config(text);
        ASSERT_FALSE(c) << text;
        EXPECT_EQ(c.error().code, Code::E_INVAL);
        EXPECT_NE(c.error().text.find(message), std::string::npos) << text << "\n" << c.error().text;
    }
    std::string many;
    for (int i = 0; i < 281; ++i) many += R"({"dims":1,"dest":"DDR"},)";
    EXPECT_FALSE(parse_program_config(with("\"outputs\":[" + many + "]")));
    EXPECT_FALSE(parse_program_config(std::string(100'000, '[')));
}

TEST(ProgramMetadata, ThreeNspsWithInternalBuffers)
{
    const auto c = parse_program_config(R"({"hwVersionMajor":2,"numNSPs":3,"numThreads":5,"numHMXThreads":1,
        "inputs":[{"type":"Int8Ty","dims":64,"dest":"VTCM","nsps":[0,2]},
                  {"type":"Int8Ty","dims":64,"devOffset":4096,"nsps":[2]}],
        "outputs":[{"type":"Int8Ty","dims":128,"dest":"DDR","nsps":[0,1]}],
        "internalBuffers":[{"type":"Int8Ty","dims":32,"dest":"VTCM","devOffset":256,"nsps":[1,2]},
                           {"type":"Int8Ty","dims":16,"dest":"DDR","devOffset":512}]})");
    ASSERT_TRUE(c) << c.error().message();
    const auto m = program_metadata(*c, 0x1234, aic100::nsp_native_context);
    ASSERT_TRUE(m) << m.error().message();
    EXPECT_EQ(m->network_name, "unnamed");
    EXPECT_EQ(m->semaphore_init, (std::vector<std::uint32_t>{0, 2})); // outputs: NSPs 0 and 1
    ASSERT_EQ(m->requests.size(), 3u);
    EXPECT_EQ(m->requests[0].semaphores[0].value, 2); // inputs: NSPs 0 and 2
    EXPECT_EQ(m->requests[0].semaphores.size(), 1u);
    EXPECT_EQ(m->requests[1].semaphores.size(), 2u);
    EXPECT_EQ(m->requests[2].semaphores[1].value, 2);
    ASSERT_EQ(m->host_multicast.size(), 3u); // doorbells, two inputs; nothing for internals and DDR
    EXPECT_EQ(m->host_multicast[0].mask, 7u);
    EXPECT_EQ(m->host_multicast[1].mask, 5u);
    EXPECT_EQ(m->host_multicast[2].mask, 4u);
    ASSERT_EQ(m->nsp_multicast.size(), 3u);
    for (std::uint32_t n = 0; n < 3; ++n) {
        const auto& table = m->nsp_multicast[n];
        ASSERT_EQ(table.size(), 4u);
        EXPECT_EQ(table[0].mask, 7u & ~(1u << n));
        EXPECT_EQ(table[1].mask, 0u);
        EXPECT_EQ(table[3].mask, 6u); // the sender's own bit stays
        EXPECT_EQ(table[3].size, 32u);
        EXPECT_TRUE(table[3].vtcm);
        EXPECT_EQ(table[3].base_offset, 0u);
    }
    EXPECT_EQ(m->l2tcm, 4160u);
    EXPECT_EQ(m->vtcm, 288u);
    EXPECT_EQ(m->static_ddr, 528u);
    ASSERT_EQ(m->threads.size(), 5u);
    EXPECT_EQ(m->threads[0].entry, 0x1234u);
    EXPECT_EQ(m->threads[3].type_mask, 2);
    EXPECT_EQ(m->threads[4].type_mask, 1); // HMX comes last
    EXPECT_TRUE(m->exec_context.empty());
    EXPECT_EQ(m->mcids(), 4u);

    const auto d = encode_program_description(*c);
    ASSERT_EQ(d.size(), 40 + 6 * 40u);
    EXPECT_EQ(m->static_constants, d.size());
    const auto head = *read_at<aic100::ProgramDescription>(d);
    EXPECT_EQ(head.input_nsps, 5);
    EXPECT_EQ(head.output_nsps, 3);
    EXPECT_EQ(head.internals, 3);
    EXPECT_EQ(head.udma_buffer, 5u);
    const auto internal = *read_at<aic100::ProgramBuffer>(d, 40 + 3 * 40);
    EXPECT_EQ(internal.mcid, 3);
    EXPECT_EQ(internal.nsps, 6);
    EXPECT_EQ(internal.wait_doorbell, 3);
    const auto ddr = *read_at<aic100::ProgramBuffer>(d, 40 + 4 * 40);
    EXPECT_EQ(ddr.mcid, 0);
    EXPECT_EQ(ddr.location, 2u);
    const auto area = *read_at<aic100::ProgramBuffer>(d, 40 + 5 * 40);
    EXPECT_EQ(area.size, 5u * 256);
    EXPECT_EQ(area.nsps, 7);
}

TEST(ProgramMetadata, BuffersBeyondTheMemoriesAreRefused)
{
    const auto c = parse_program_config(with(
        R"("inputs":{"type":"Int8Ty","dims":64,"devOffset":1048576,"dest":"L2TCM"},"outputs":[{"dims":1,"dest":"DDR"}])"));
    ASSERT_TRUE(c) << c.error().message();
    const auto m = program_metadata(*c, 0, aic100::nsp_native_context);
    ASSERT_FALSE(m);
}

TEST(NativeElf, FilesThatAreNoProgramsAreRefused)
{
    const auto c = parse_program_config(with(R"("outputs":[{"dims":1,"dest":"DDR"}])"));
    ASSERT_TRUE(c);
    EXPECT_FALSE(build_native_container(*c, {}));
    const Bytes zeros(4096);
    EXPECT_FALSE(build_native_container(*c, zeros));
    const auto no_machine = write_elf(std::array{NewElfSection{".dynsym", zeros}});
    const auto r = build_native_container(*c, no_machine);
    ASSERT_FALSE(r);
    EXPECT_NE(r.error().text.find("not an x86-64 shared object"), std::string::npos) << r.error().text;
}

/// Every byte of the headers, and every length: an answer, whatever it is, and nothing read outside.
TEST(NativeElf, DamagedObjectsAreSurvived)
{
    const char* dir = std::getenv("QAIC_TEST_PROGRAMS");
    ASSERT_NE(dir, nullptr);
    const auto file = read_file(std::string(dir) + "/simple_io.so");
    ASSERT_TRUE(file) << file.error().message();
    const auto entry = exported_function(file->span(), aic100::nsp_native_entry);
    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_FALSE(exported_function(file->span(), "_qaic_stop"));
    const Bytes note(100, std::byte{7});
    const auto longer = with_section(file->span(), "metadata", note);
    ASSERT_TRUE(longer) << longer.error().message();
    EXPECT_EQ(*exported_function(*longer, aic100::nsp_native_entry), *entry);
    EXPECT_FALSE(with_section(*longer, "metadata", note)); // there already
    const auto elf = parse_elf(*longer);
    ASSERT_TRUE(elf);
    EXPECT_EQ(Bytes(elf->find("metadata")->data.begin(), elf->find("metadata")->data.end()), note);
    EXPECT_EQ(elf->sections.size(), parse_elf(file->span())->sections.size() + 1);
    unsigned accepted = 0;
    for (std::size_t cut = 0; cut < longer->size(); cut += 97) {
        const Bytes part(longer->begin(), longer->begin() + static_cast<std::ptrdiff_t>(cut));
        accepted += exported_function(part, aic100::nsp_native_entry).has_value();
    }
    EXPECT_EQ(accepted, 0u); // the section table is at the end
    for (std::size_t at = 0; at < 64; ++at)
        for (const auto bits : {0x01, 0x80, 0xff}) {
            auto damaged = *longer;
            damaged[at] ^= static_cast<std::byte>(bits);
            (void)exported_function(damaged, aic100::nsp_native_entry);
            (void)with_section(damaged, "other", note);
        }
}

} // namespace
} // namespace qpc
