// SPDX-License-Identifier: BSD-3-Clause
// Programs through the DMA Bridge: simple_io's elements, the builtins, several NSPs, ONNX.
// aic100-workload.md 7.7, 7.8, Appendix A
#include "rig.hpp"
#include <bit>
#include <fstream>
#include <zlib.h>

namespace qsm_test {
namespace {
using aic100::NspBuiltin;
using aic100::NspSpace;

/// Device address of a tensor: its multicast window, numbered in request order from 1, or the shared DDR.
struct Streamer {
    Streamer(Rig& r, const ProgramSpec& s, Active& active) : rig(r), spec(s), a(active) {}
    /// The elements of one inference by the rules of 4.5 and 7.7; one response, from the last.
    std::vector<aic100::RequestElement> elements(std::uint16_t id, const std::vector<std::uint64_t>& buffers)
    {
        std::vector<aic100::RequestElement> out;
        std::uint32_t window = 1, k = 0;
        const auto all = spec.inputs.size() + spec.outputs.size();
        for (const auto* list : {&spec.inputs, &spec.outputs}) {
            const bool in = list == &spec.inputs;
            for (const auto& t : *list) {
                const auto device = t.space == NspSpace::DDR
                                        ? a.resp.ddr_base + t.dev_offset
                                        : a.resp.mcid_base + 0x800000ull * window++ + t.dev_offset;
                auto e = in ? to_device(id, buffers[k], device, t.size)
                            : from_device(id, device, buffers[k], t.size);
                if (k + 1 != all) e.cmd = static_cast<std::uint8_t>(e.cmd & ~0x10u);
                const std::uint32_t fence = t.in_fence ? 0x40000000u : 0;
                e.sem[0] = (in ? 0x84400000u | spec.nsps : 0x84410000u) | fence;
                if (&t == &list->back()) e.sem[1] = (in ? 0x81000000u : 0x81010000u | spec.nsps) | fence;
                add_doorbell(e, a.resp.mcid_base + 4ull * k, 1);
                out.push_back(e);
                ++k;
            }
        }
        return out;
    }
    Rig& rig;
    const ProgramSpec& spec;
    Active& a;
};

/// E0 to E2 of Appendix A, byte for byte but for M, D, I0, I1, O.
TEST(NspProgram, SimpleIoWithTheElementsOfAppendixA)
{
    Rig rig;
    rig.handshake();
    const auto spec = simple_io_program();
    auto a = rig.run(spec);
    EXPECT_EQ(rig.qsm->dbc(a.dbc).semaphores[0], 0); // t 0: before any NSP has run
    EXPECT_EQ(rig.qsm->dbc(a.dbc).semaphores[1], 1);
    const auto i0 = rig.host_memory(64), i1 = rig.host_memory(64), o = rig.host_memory(64);
    const auto m = a.resp.mcid_base, d = a.resp.ddr_base;
    auto e0 = to_device(1, i0, m + 0x800c00, 0x40), e1 = to_device(2, i1, m + 0x1000000, 0x40),
         e2 = from_device(3, d + 0x40, o, 0x40);
    add_doorbell(e0, m, 1);
    add_doorbell(e1, m + 4, 1);
    add_doorbell(e2, m + 8, 1);
    e0.sem[0] = 0x84400001;
    e1.sem[0] = 0xc4400001;
    e1.sem[1] = 0xc1000000;
    e2.sem[0] = 0x84410000;
    e2.sem[1] = 0x81010001;
    for (std::uint32_t round = 0; round < 50; ++round) {
        Bytes text(128);
        for (std::size_t i = 0; i < 128; ++i) text[i] = static_cast<std::byte>(i * (round + 3));
        std::memcpy(rig.host.at(i0), text.data(), 64);
        std::memcpy(rig.host.at(i1), text.data() + 64, 64);
        rig.submit(a, {e0, e1, e2});
        const auto got = rig.finish(a);
        ASSERT_EQ(got.size(), 3u);
        for (unsigned i = 0; i < 3; ++i) {
            EXPECT_EQ(got[i].req_id, i + 1);
            EXPECT_EQ(got[i].code, 0);
        }
        const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), 128);
        ASSERT_EQ(rig.host.get<le32>(o), crc);
    }
    EXPECT_EQ(rig.deactivate(a), 0);
}

TEST(NspProgram, OutputIsNotReleasedBeforeItIsThere)
{
    Rig rig;
    rig.handshake();
    const auto spec = echo_program(64);
    auto a = rig.run(spec);
    const auto in = rig.host_memory(64), out = rig.host_memory(64);
    auto e = Streamer(rig, spec, a).elements(1, {in, out});
    rig.submit(a, {e[1]});
    rig.settle();
    EXPECT_EQ(rig.qsm->dbc(a.dbc).pending, 1u);
    rig.submit(a, {e[0]});
    EXPECT_EQ(rig.finish(a).size(), 1u);
}

TEST(NspProgram, EchoOfManyBuffersInEverySpace)
{
    Rig rig;
    rig.handshake();
    ProgramSpec spec;
    spec.inputs = {{.space = NspSpace::L2TCM, .window_base = 4096, .size = 100},
                   {.space = NspSpace::VTCM, .dev_offset = 64, .size = 1000},
                   {.size = 33}};
    spec.outputs = {{.space = NspSpace::L2TCM, .window_base = 4096, .dev_offset = 512, .size = 100},
                    {.dev_offset = 4096, .size = 1000},
                    {.space = NspSpace::VTCM, .window_base = 4096, .size = 33}};
    spec.static_ddr = 8192;
    auto a = rig.run(spec);
    Streamer s(rig, spec, a);
    std::vector<std::uint64_t> buffers;
    for (int i = 0; i < 6; ++i) buffers.push_back(rig.host_memory(1000));
    for (std::uint16_t round = 0; round < 40; ++round) {
        for (std::uint32_t i = 0; i < 3000; ++i)
            rig.host.put(buffers[i / 1000] + i % 1000, static_cast<std::uint8_t>(i * 3 + round));
        rig.submit(a, s.elements(round, buffers));
        ASSERT_EQ(rig.finish(a).size(), 1u);
        for (unsigned i = 0; i < 3; ++i)
            ASSERT_EQ(std::memcmp(rig.host.at(buffers[i]), rig.host.at(buffers[i + 3]), spec.inputs[i].size),
                      0)
                << i;
    }
}

/// Input and output at one address: the next input must not arrive before the host has the output.
TEST(NspProgram, EchoInPlaceWithManyInFlight)
{
    Rig rig;
    rig.handshake();
    auto spec = echo_program(256);
    spec.outputs[0].dev_offset = 0;
    auto a = rig.run(spec, 256);
    Streamer s(rig, spec, a);
    const auto in = rig.host_memory(256 * 100), out = rig.host_memory(256 * 100);
    for (std::uint32_t i = 0; i < 256 * 100; ++i)
        rig.host.put(in + i, static_cast<std::uint8_t>(i / 256 * 31 + i));
    // The outputs come late: only then is the next input taken.
    for (std::uint16_t i = 0; i < 100; ++i)
        rig.submit(a, {s.elements(i, {in + i * 256u, out + i * 256u})[0]});
    rig.settle();
    for (std::uint16_t i = 0; i < 100; ++i)
        rig.submit(a, {s.elements(i, {in + i * 256u, out + i * 256u})[1]});
    EXPECT_EQ(rig.finish(a).size(), 100u);
    EXPECT_EQ(std::memcmp(rig.host.at(in), rig.host.at(out), 25600), 0);
}

TEST(NspProgram, Scale)
{
    Rig rig;
    rig.handshake();
    auto spec = echo_program(16);
    spec.builtin = NspBuiltin::SCALE;
    spec.arg0 = std::bit_cast<std::uint32_t>(2.5f);
    auto a = rig.run(spec);
    const auto in = rig.host_memory(16), out = rig.host_memory(16);
    rig.host.put(in, std::array{1.0f, -2.0f, 0.5f, 1e30f});
    rig.submit(a, Streamer(rig, spec, a).elements(1, {in, out}));
    ASSERT_EQ(rig.finish(a).size(), 1u);
    EXPECT_EQ((rig.host.get<std::array<float, 4>>(out)), (std::array{2.5f, -5.0f, 1.25f, 2.5e30f}));
}

TEST(NspProgram, WaitTakesItsTimeOfTheClock)
{
    Rig rig;
    rig.handshake();
    auto spec = echo_program(64);
    spec.builtin = NspBuiltin::WAIT;
    spec.arg0 = 5'000'000;
    auto a = rig.run(spec);
    Streamer s(rig, spec, a);
    const auto in = rig.host_memory(64), out = rig.host_memory(64);
    EXPECT_FALSE(rig.qsm->next_due());
    rig.submit(a, s.elements(1, {in, out}));
    rig.submit(a, s.elements(2, {in, out}));
    EXPECT_TRUE(rig.finish(a).empty());
    EXPECT_EQ(rig.qsm->next_due(), Nanos(5ms));
    rig.clock.advance(4'999'999ns);
    EXPECT_TRUE(rig.finish(a).empty());
    rig.clock.advance(1ns);
    EXPECT_EQ(rig.finish(a).size(), 1u);
    EXPECT_EQ(rig.qsm->next_due(), Nanos(10ms)); // the next one began at once
    rig.clock.advance(5ms);
    EXPECT_EQ(rig.finish(a).size(), 1u);
    EXPECT_FALSE(rig.qsm->next_due());
    rig.submit(a, s.elements(3, {in, out}));
    rig.settle();
    EXPECT_EQ(rig.deactivate(a), 0); // in the middle of it
    EXPECT_FALSE(rig.qsm->next_due());
}

TEST(NspProgram, MulticastReachesEveryNsp)
{
    Rig rig;
    rig.handshake();
    auto spec = echo_program(64);
    spec.nsps = 3;
    spec.inputs[0] = {.space = NspSpace::L2TCM, .window_base = 4096, .size = 64, .nsp_mask = 7};
    spec.outputs[0] = {
        .space = NspSpace::L2TCM, .window_base = 4096, .dev_offset = 64, .size = 64, .nsp_mask = 4};
    auto a = rig.run(spec);
    EXPECT_EQ(a.resp.nsp_mask, 7u);
    Streamer s(rig, spec, a);
    const auto in = rig.host_memory(64), out = rig.host_memory(64);
    for (std::uint16_t i = 0; i < 20; ++i) {
        rig.host.put(in, static_cast<std::uint64_t>(i) * 0x0101010101);
        rig.submit(a, s.elements(i, {in, out}));
        const auto got = rig.finish(a);
        ASSERT_EQ(got.size(), 1u);
        EXPECT_EQ(got[0].code, 0);
        EXPECT_EQ(rig.host.get<std::uint64_t>(in), rig.host.get<std::uint64_t>(out));
    }
    // Reading through the window of three NSPs at once is an error.
    rig.submit(a, {from_device(9, a.resp.mcid_base + 0x800000, out, 4)});
    EXPECT_EQ(rig.finish(a).at(0).code, 1);
    EXPECT_EQ(rig.deactivate(a), 0);
}

TEST(NspProgram, TwoActivationsOfOneImageHaveMemoriesOfTheirOwn)
{
    Rig rig;
    rig.handshake();
    const auto spec = echo_program(64);
    const auto elf = rig.load_elf(elf_of(spec)).id;
    auto a = rig.activate(elf), b = rig.activate(elf);
    const auto in = rig.host_memory(128), out = rig.host_memory(128);
    rig.host.put(in, 1);
    rig.host.put(in + 64, 2);
    rig.submit(a, Streamer(rig, spec, a).elements(1, {in, out}));
    rig.submit(b, Streamer(rig, spec, b).elements(1, {in + 64, out + 64}));
    rig.settle();
    EXPECT_EQ(rig.host.get<int>(out), 1);
    EXPECT_EQ(rig.host.get<int>(out + 64), 2);
}

TEST(NspProgram, DynamicSharedDdrHasABaseOfItsOwn)
{
    Rig rig;
    rig.handshake();
    auto spec = echo_program(64);
    spec.dynamic_ddr = 100;
    auto a = rig.run(spec);
    const auto base = a.resp.dynamic_ddr_base;
    EXPECT_EQ(base % 2048, 0u);
    EXPECT_GE(base, a.resp.ddr_base + 128);
    const auto in = rig.host_memory(128), out = rig.host_memory(128);
    rig.host.put(in, std::uint64_t{0x1122334455667788});
    rig.submit(a, {to_device(1, in, base + 92, 8), from_device(2, base + 92, out, 8),
                   to_device(3, in, base + 93, 8), to_device(4, in, base - 1, 8)});
    const auto got = rig.finish(a);
    ASSERT_EQ(got.size(), 4u);
    EXPECT_EQ(got[1].code, 0);
    EXPECT_EQ(rig.host.get<std::uint64_t>(out), 0x1122334455667788u);
    EXPECT_EQ(got[2].code, 1); // past its end
    EXPECT_EQ(got[3].code, 1); // between the two
}

Bytes file(const std::string& name)
{
    std::ifstream in(std::string(QAIC_DIGITS_DIR) + "/" + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

ProgramSpec digits_program(std::uint64_t onnx_bytes)
{
    ProgramSpec spec;
    spec.kind = aic100::NspKind::ONNX;
    spec.inputs = {{.size = 256, .dims = {1, 1, 8, 8}, .name = "image"}};
    spec.outputs = {{.dev_offset = 4096, .size = 40, .dims = {1, 10}, .name = "logits"}};
    spec.static_ddr = 8192;
    spec.static_constants = onnx_bytes;
    return spec;
}

TEST(NspProgram, DigitsMatchPyTorch)
{
    Rig rig;
    rig.handshake();
    const auto onnx = file("digits.onnx"), images = file("test_images.f32"),
               expected = file("torch_outputs.f32");
    ASSERT_GE(images.size(), 256u);
    const auto spec = digits_program(onnx.size());
    const auto elf = rig.load_elf(elf_of(spec));
    ASSERT_EQ(elf.status, 0);
    const auto constants = rig.load_constants(onnx);
    auto a = rig.activate(elf.id, constants.id);
    ASSERT_EQ(a.resp.status, 0);
    Streamer s(rig, spec, a);
    const auto in = rig.host_memory(256), out = rig.host_memory(64);
    const auto count = std::min<std::size_t>(images.size() / 256, 100);
    ASSERT_GE(expected.size(), count * 40);
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(rig.host.at(in), images.data() + i * 256, 256);
        rig.submit(a, s.elements(static_cast<std::uint16_t>(i), {in, out}));
        ASSERT_EQ(rig.finish(a).size(), 1u);
        std::array<float, 10> got{}, want{};
        std::memcpy(got.data(), rig.host.at(out), 40);
        std::memcpy(want.data(), expected.data() + i * 40, 40);
        for (std::size_t k = 0; k < 10; ++k) ASSERT_NEAR(got[k], want[k], 1e-3) << i;
    }
}

TEST(NspProgram, NetworksThatCannotRunAreRefusedAtActivation)
{
    Rig rig;
    rig.handshake();
    const auto onnx = file("digits.onnx");
    const auto status_of = [&](const ProgramSpec& spec, const Bytes& network) {
        const auto elf = rig.load_elf(elf_of(spec));
        EXPECT_EQ(elf.status, 0);
        const auto c = Rig::activate_command(elf.id, rig.load_constants(network).id);
        return rig.try_activate(c, FakeHost::base, 16).response<aic100::ActivateResp>().status.get();
    };
    auto spec = digits_program(onnx.size());
    auto corrupt = onnx;
    for (std::size_t i = 0; i < corrupt.size(); i += 7) corrupt[i] ^= std::byte{0x55};
    EXPECT_EQ(status_of(spec, corrupt), -46);
    EXPECT_EQ(status_of(spec, Bytes(onnx.size())), -46);
    spec.inputs[0].name = "picture";
    EXPECT_EQ(status_of(spec, onnx), -46);
    spec = digits_program(onnx.size());
    spec.outputs[0].name = "none";
    EXPECT_EQ(status_of(spec, onnx), -46);
    spec = digits_program(onnx.size());
    spec.outputs[0].dims = {1, 5};
    spec.outputs[0].size = 20;
    EXPECT_EQ(status_of(spec, onnx), -46);
    spec = digits_program(onnx.size());
    spec.inputs[0].dims = {1, 1, 8, 4};
    EXPECT_EQ(status_of(spec, onnx), -46);
    EXPECT_EQ(status_of(digits_program(onnx.size()), onnx), 0);
}

} // namespace
} // namespace qsm_test
