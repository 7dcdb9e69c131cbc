// SPDX-License-Identifier: BSD-3-Clause
// A host-native program under the management firmware: activation, the elements of Appendix A in, a crash
// told to who restarts it, and the log. aic100-workload.md 7.8
#include "../qsm/rig.hpp"
#include "card/nsp/native_process.hpp"
#include "sample.hpp"
#include <optional>

namespace nsp_test {
namespace {
using namespace qsm_test;

class NativeFirmware : public ::testing::Test {
  protected:
    void SetUp() override
    {
        rig.qsm = std::make_unique<card::Qsm>(
            rig.config, card::QsmPorts{rig.host, rig.clock, rig.window,
                                       [this](unsigned dbc, const std::function<card::CrashDump()>& dump) {
                                           ++asked;
                                           if (!accept) return false;
                                           crashed = dbc;
                                           crash = dump();
                                           return true;
                                       }});
        rig.handshake();
    }
    Active activate(const qpc::OwnedProgram& file)
    {
        const auto elf = rig.load_elf(file.program.elf);
        EXPECT_EQ(elf.status, 0);
        const auto constants = rig.load_constants(file.program.static_constants);
        EXPECT_EQ(constants.status, 0);
        return rig.activate(elf.id, constants.id);
    }
    /// Responses until there are `count`.
    std::vector<aic100::ResponseElement> collect(Active& a, std::size_t count)
    {
        std::vector<aic100::ResponseElement> out;
        EXPECT_TRUE(eventually([&] {
            rig.clock.advance(1ms);
            for (const auto& r : rig.finish(a)) out.push_back(r);
            return out.size() >= count;
        }));
        return out;
    }
    Rig rig;
    bool accept = true;
    unsigned asked = 0;
    std::optional<unsigned> crashed;
    card::CrashDump crash;
};

TEST_F(NativeFirmware, SimpleIoWithTheElementsOfAppendixA)
{
    const auto file = container("simple_io");
    auto a = activate(file);
    ASSERT_EQ(a.resp.status, 0);
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
    for (std::uint32_t i = 0; i < 64; ++i) {
        rig.host.put(i0 + i, static_cast<std::uint8_t>(i));
        rig.host.put(i1 + i, static_cast<std::uint8_t>(0x80 + i));
    }
    rig.submit(a, {e0, e1, e2});
    const auto got = collect(a, 3);
    ASSERT_EQ(got.size(), 3u);
    for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(got[i].code, 0);
    for (std::uint32_t i = 0; i < 64; ++i)
        ASSERT_EQ(rig.host.get<std::uint8_t>(o + i), i < 32 ? i : 0x80 + i) << i;
    EXPECT_TRUE(eventually(
        [&] { return rig.qsm->program_log(a.dbc).find("one inference done") != std::string::npos; }));
    // The second one finds nobody.
    rig.submit(a, {e0, e1, e2});
    for (int i = 0; i < 100; ++i) {
        rig.clock.advance(1ms);
        EXPECT_TRUE(rig.finish(a).empty());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(rig.qsm->dbc(a.dbc).pending, 3u);
    EXPECT_EQ(rig.deactivate(a), 0);
    EXPECT_FALSE(crashed);
}

TEST_F(NativeFirmware, ACrashIsToldUntilItIsTakenAndThenNoMore)
{
    const auto file = container("crash");
    auto a = activate(file);
    ASSERT_EQ(a.resp.status, 0);
    const auto in = rig.host_memory(64), out = rig.host_memory(64);
    rig.host.put(in, 'C');
    auto e = to_device(1, in, a.resp.ddr_base, 64);
    add_doorbell(e, a.resp.mcid_base, 1);
    e.sem[0] = 0x84400001;
    e.sem[1] = 0x81000000;
    (void)out;
    accept = false;
    rig.submit(a, {e});
    ASSERT_TRUE(eventually([&] {
        rig.clock.advance(5ms);
        rig.settle();
        return asked >= 3;
    }));
    EXPECT_FALSE(crashed);
    accept = true;
    rig.settle();
    ASSERT_TRUE(crashed);
    EXPECT_EQ(*crashed, a.dbc);
    const auto so_far = asked;
    rig.settle();
    EXPECT_EQ(asked, so_far);
    ASSERT_GE(crash.regions().size(), 3u);
    const auto text = [&](std::size_t i) {
        const auto& data = crash.regions()[i].data;
        return std::string(reinterpret_cast<const char*>(data.data()), data.size());
    };
    EXPECT_NE(text(0).find("program \"crash\" on NSP 0 thread 0: signal 11"), std::string::npos) << text(0);
    EXPECT_NE(text(1).find("about to crash, as asked"), std::string::npos) << text(1);
    EXPECT_EQ(crash.regions()[2].file, "nsp0_l2tcm.bin");
    EXPECT_TRUE(rig.qsm->ssr_begin(a.dbc));
    rig.qsm->ssr_end(a.dbc);
    auto again = activate(file);
    EXPECT_EQ(again.resp.status, 0);
    EXPECT_EQ(rig.deactivate(again), 0);
}

TEST_F(NativeFirmware, AProgramThatCannotBeLoadedIsACrashThatSaysWhy)
{
    const auto file = container("unresolved");
    auto a = activate(file);
    ASSERT_EQ(a.resp.status, 0);
    ASSERT_TRUE(eventually([&] {
        rig.clock.advance(5ms);
        rig.settle();
        return crashed.has_value();
    }));
    EXPECT_EQ(*crashed, a.dbc);
    ASSERT_FALSE(crash.empty());
    const auto& data = crash.regions()[0].data;
    const std::string text(reinterpret_cast<const char*>(data.data()), data.size());
    EXPECT_NE(text.find("program cannot be loaded"), std::string::npos) << text;
    EXPECT_NE(text.find("qaic_nsp_nobody_has_this"), std::string::npos) << text;
}

TEST_F(NativeFirmware, WithoutTheExecutableActivationFails)
{
    const auto file = container("streaming");
    const auto elf = rig.load_elf(file.program.elf);
    const auto constants = rig.load_constants(file.program.static_constants);
    const std::string before = card::native_host_path();
    ASSERT_EQ(::setenv("QAIC_NSP_HOST", "/nonexistent", 1), 0);
    const auto c = Rig::activate_command(elf.id, constants.id);
    EXPECT_EQ(rig.try_activate(c, FakeHost::base, 16).response<aic100::ActivateResp>().status, -16);
    ASSERT_EQ(::setenv("QAIC_NSP_HOST", before.c_str(), 1), 0);
    const auto all = rig.qsm->dbc(0);
    EXPECT_FALSE(all.active);
    auto a = rig.activate(elf.id, constants.id); // nothing was kept
    EXPECT_EQ(a.resp.status, 0);
    EXPECT_EQ(rig.deactivate(a), 0);
}

TEST_F(NativeFirmware, ResetAndTerminateEndPrograms)
{
    const auto file = container("multicast");
    (void)activate(file);
    (void)activate(file);
    rig.qsm->reset(); // the destructor of the fixture joins them
    rig.handshake();
    auto a = activate(file);
    EXPECT_EQ(a.resp.status, 0);
}

} // namespace
} // namespace nsp_test
