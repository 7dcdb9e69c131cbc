// SPDX-License-Identifier: BSD-3-Clause
// Activations: FIFO rules, refusals, limits, ownership, ends. aic100-device.md 4.8, 4.9, 6.1
#include "rig.hpp"

namespace qsm_test {
namespace {
using aic100::NncType;

class Activation : public ::testing::Test {
  protected:
    Activation() { rig.handshake(); }
    std::uint32_t load(const ProgramSpec& spec, std::uint32_t handle = 7)
    {
        const auto r = rig.load_elf(elf_of(spec), handle);
        EXPECT_EQ(r.status, 0);
        return r.id;
    }
    std::int32_t status_of(const Bytes& to_dev, std::uint32_t elf)
    {
        const auto reply = rig.call({Rig::passthrough(bytes_of(Rig::activate_command(elf))), to_dev});
        return reply.response<aic100::ActivateResp>().status;
    }
    void terminate(std::uint32_t handle)
    {
        aic100::NncTerminateToDev t{};
        t.handle = handle;
        const auto reply = rig.call({Rig::transaction(NncType::TERMINATE_TO_DEV, t)}, handle, 0);
        EXPECT_EQ(reply.transactions[0].first, NncType::TERMINATE_FROM_DEV);
        EXPECT_EQ(reply.as<aic100::NncStatusWord>(0).status, 0u);
    }
    Rig rig{{}, 24u << 20};
};

TEST_F(Activation, FifoSizes)
{
    const auto elf = load(echo_program(64));
    for (const std::uint32_t n : {1u, 2u, 3u, 512u, 65536u}) {
        SCOPED_TRACE(n);
        auto a = rig.activate(elf, 0, n);
        EXPECT_EQ(rig.qsm->dbc(a.dbc).elements, n);
        if (n > 1) { // a FIFO of one element never carries work
            for (std::uint16_t i = 0; i < 5; ++i) {
                rig.submit(a, {no_transfer(i)});
                const auto got = rig.finish(a);
                ASSERT_EQ(got.size(), 1u);
                EXPECT_EQ(got[0].req_id, i);
            }
        } else {
            rig.set_reg(a.dbc, aic100::dbc_reg::REQTP, 1); // not an index of it: ignored
            rig.settle();
            EXPECT_EQ(rig.qsm->dbc(a.dbc).executed, 0u);
        }
        EXPECT_EQ(rig.deactivate(a), 0);
    }
}

TEST_F(Activation, FifoRules)
{
    const auto elf = load(echo_program(64));
    const auto spoil = [](void (*how)(aic100::NncActivateToDev&)) {
        auto bytes = Rig::activate_to_dev(FakeHost::base, 16);
        auto t = read_at<aic100::NncActivateToDev>(bytes).value();
        how(t);
        return Rig::transaction(NncType::ACTIVATE_TO_DEV, t);
    };
    EXPECT_EQ(status_of(spoil([](auto& t) { t.response_elements = 17; }), elf), -6);
    EXPECT_EQ(status_of(spoil([](auto& t) { t.request_elements = t.response_elements = 0; }), elf), -6);
    EXPECT_EQ(status_of(spoil([](auto& t) { t.request_elements = t.response_elements = 65537; }), elf), -6);
    EXPECT_EQ(status_of(spoil([](auto& t) { t.buffer_bytes = 4095; }), elf), -6);
    EXPECT_EQ(status_of(spoil([](auto& t) { t.response_fifo = t.response_fifo - 4; }), elf), -6);
    EXPECT_EQ(status_of(spoil([](auto& t) { t.request_fifo = ~0ull - 100; }), elf), -6);
    // A larger buffer is fine as long as the response FIFO ends with it.
    EXPECT_EQ(status_of(spoil([](auto& t) {
                            t.buffer_bytes = 8192;
                            t.response_fifo = FakeHost::base + 8192 - 64;
                        }),
                        elf),
              0);
}

TEST_F(Activation, WhatItNames)
{
    const auto elf = load(echo_program(64));
    const auto with = [&](void (*how)(aic100::Activate&)) {
        auto c = Rig::activate_command(elf);
        how(c);
        return rig.try_activate(c, FakeHost::base, 16).response<aic100::ActivateResp>().status.get();
    };
    EXPECT_EQ(with([](auto& c) { c.elf_id = 99; }), -19);
    EXPECT_EQ(with([](auto& c) { c.constants_id = 99; }), -19);
    EXPECT_EQ(with([](auto& c) { c.initial_state = 3; }), -6);
    EXPECT_EQ(with([](auto& c) { c.vc_setup = 0; }), -6);
    EXPECT_EQ(with([](auto& c) { c.reservation_id = 5; }), -19);
    EXPECT_EQ(with([](auto& c) { c.vc_reservation_id = 5; }), -19);
    EXPECT_EQ(with([](auto& c) { c.vc_reservation_id = 0xfe; }), 0);
    EXPECT_EQ(rig.command<aic100::ActivateResp>(Rig::activate_command(elf)).status, -6); // no ACTIVATE_TO_DEV
    EXPECT_EQ(rig.try_activate(Rig::activate_command(elf), FakeHost::base, 16, 8)
                  .response<aic100::ActivateResp>()
                  .status,
              -9);
}

TEST_F(Activation, AllSixteenChannelsAtOnceAndTheSeventeenthRefused)
{
    const auto elf = load(echo_program(64));
    std::vector<Active> all;
    for (unsigned i = 0; i < 16; ++i) all.push_back(rig.activate(elf));
    const auto in = rig.host_memory(4096);
    for (unsigned i = 0; i < 16; ++i) {
        for (unsigned j = 0; j < i; ++j) {
            EXPECT_NE(all[i].dbc, all[j].dbc);
            EXPECT_NE(all[i].resp.mcid_base, all[j].resp.mcid_base);
            EXPECT_NE(all[i].resp.nsp_mask, all[j].resp.nsp_mask);
            EXPECT_NE(all[i].resp.ddr_base, all[j].resp.ddr_base);
        }
        EXPECT_EQ(all[i].resp.mcid_base % (128u << 20), 0u);
        EXPECT_EQ(all[i].resp.ddr_base % 2048, 0u);
        rig.host.put(in + 64 * i, static_cast<std::uint64_t>(i + 1000));
        rig.submit(all[i], {to_device(1, in + 64 * i, all[i].resp.ddr_base, 64)});
    }
    rig.settle();
    for (unsigned i = 0; i < 16; ++i) {
        rig.submit(all[i], {from_device(2, all[i].resp.ddr_base, in + 2048, 64)});
        EXPECT_EQ(rig.finish(all[i]).size(), 2u);
        EXPECT_EQ(rig.host.get<std::uint64_t>(in + 2048), i + 1000u);
    }
    const auto refused = rig.try_activate(Rig::activate_command(elf), FakeHost::base, 16);
    ASSERT_EQ(refused.transactions.size(), 1u);
    EXPECT_EQ(refused.response<aic100::ActivateResp>().status, -14);
    EXPECT_EQ(rig.deactivate(all[5]), 0);
    EXPECT_EQ(rig.activate(elf).dbc, all[5].dbc);
}

TEST(ActivationRefusal, FormWithBothTransactions)
{
    card::CardConfig config;
    config.activate_refusal_alone = false;
    Rig rig(config);
    rig.handshake();
    const auto refused = rig.try_activate(Rig::activate_command(1), FakeHost::base, 16);
    ASSERT_EQ(refused.transactions.size(), 2u);
    EXPECT_EQ(refused.response<aic100::ActivateResp>().status, -19);
    EXPECT_EQ(refused.transactions[1].first, NncType::ACTIVATE_FROM_DEV);
    EXPECT_NE(refused.as<aic100::NncActivateFromDev>(1).status, 0u);
    EXPECT_LT(refused.as<aic100::NncActivateFromDev>(1).dbc, 16u);
}

TEST_F(Activation, NspsRunOut)
{
    auto spec = echo_program(64);
    spec.nsps = 9;
    const auto elf = load(spec);
    auto a = rig.activate(elf);
    EXPECT_EQ(a.resp.nsp_mask, 0x1ffu);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), elf), -13);
    EXPECT_EQ(rig.deactivate(a), 0);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), elf), 0);
}

TEST_F(Activation, MulticastIdsRunOut)
{
    auto spec = echo_program(64);
    spec.extra_mcids = 127;
    const auto elf = load(spec);
    for (int i = 0; i < 8; ++i) rig.activate(elf);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), elf), -12);
}

TEST_F(Activation, CardMemoryRunsOut)
{
    auto spec = echo_program(64);
    spec.dynamic_ddr = 20ull << 30;
    const auto elf = load(spec);
    const auto a = rig.activate(elf);
    EXPECT_EQ(a.resp.dynamic_ddr_base, a.resp.ddr_base + 2048);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), elf), -4);
}

TEST_F(Activation, ConstantsAreKept)
{
    auto spec = echo_program(64);
    spec.static_constants = 100;
    const auto elf = load(spec);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), elf), -6);
    const auto few = rig.load_constants(Bytes(99)).id, enough = rig.load_constants(Bytes(100)).id;
    const auto c = Rig::activate_command(elf, few);
    EXPECT_EQ(rig.try_activate(c, FakeHost::base, 16).response<aic100::ActivateResp>().status, -5);
    const auto a = rig.activate(elf, enough);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{5u, enough}).status, -9);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{7u, elf}).status, -9);
    EXPECT_EQ(rig.deactivate(a), 0);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{5u, enough}, 8).status, -9);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{5u, enough}).status, 0);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{7u, elf}).status, 0);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{7u, elf}).status, -19);
}

TEST_F(Activation, NoDmaAfterDeactivate)
{
    const auto elf = load(echo_program(64));
    auto a = rig.activate(elf);
    const auto in = rig.host_memory(4096);
    auto e = to_device(3, in, a.resp.ddr_base, 64);
    e.sem[0] = 0x84450001; // semaphore 5 == 1: never
    rig.submit(a, {e, e});
    rig.settle();
    EXPECT_EQ(rig.qsm->dbc(a.dbc).pending, 2u);
    rig.submit(a, {no_transfer(4)}); // not even fetched
    EXPECT_EQ(rig.deactivate(a), 0);
    const auto reads = rig.host.reads, writes = rig.host.writes;
    rig.set_reg(a.dbc, aic100::dbc_reg::REQTP, 9);
    EXPECT_FALSE(rig.qsm->poll());
    EXPECT_EQ(rig.host.reads, reads);
    EXPECT_EQ(rig.host.writes, writes);
    EXPECT_EQ(rig.deactivate(a), -19);
    // The channel starts from nothing again.
    auto b = rig.activate(elf);
    EXPECT_EQ(b.dbc, a.dbc);
    rig.submit(b, {no_transfer(1)});
    EXPECT_EQ(rig.finish(b).size(), 1u);
}

TEST_F(Activation, DeactivateBelongsToTheOwner)
{
    const auto a = rig.activate(load(echo_program(64)));
    aic100::Deactivate c{11u, a.resp.activation_id, 1u, 0u};
    const auto reply = rig.call({Rig::passthrough(bytes_of(c))}, 8);
    EXPECT_EQ(reply.transactions.size(), 1u); // naming the channel would give it to the wrong user
    EXPECT_EQ(reply.response<aic100::StatusResp>().status, -9);
    EXPECT_TRUE(rig.qsm->dbc(a.dbc).active);
}

TEST_F(Activation, DeactivateWithoutTeardownKeepsTheChannelTaken)
{
    const auto elf = load(echo_program(64));
    const auto a = rig.activate(elf);
    aic100::Deactivate c{11u, a.resp.activation_id, 0u, 0u};
    EXPECT_EQ(rig.call({Rig::passthrough(bytes_of(c))}).transactions.size(), 1u);
    EXPECT_FALSE(rig.qsm->dbc(a.dbc).active);
    EXPECT_NE(rig.activate(elf).dbc, a.dbc);
    EXPECT_EQ(rig.deactivate(a), 0);
    EXPECT_EQ(rig.activate(elf).dbc, a.dbc);
}

TEST_F(Activation, TerminateWithWorkInFlight)
{
    const auto mine = load(echo_program(64)), others = load(echo_program(64), 8);
    auto a = rig.activate(mine), b = rig.activate(others, 0, 64, 8);
    auto e = no_transfer(3);
    e.sem[0] = 0x84450001;
    rig.submit(a, {e, e, e});
    rig.submit(b, {e});
    rig.settle();
    rig.submit(a, {no_transfer(4)});
    const auto writes = rig.host.writes;
    terminate(7);
    rig.settle();
    EXPECT_EQ(rig.host.writes, writes);
    EXPECT_FALSE(rig.qsm->dbc(a.dbc).active);
    EXPECT_TRUE(rig.qsm->dbc(b.dbc).active);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{7u, mine}).status, -19);
    rig.submit(b, {no_transfer(9)});
    EXPECT_EQ(rig.finish(b).size(), 1u);
    terminate(8);
    terminate(4711); // of nobody
    const auto r = rig.command<aic100::ResourceInfoResp>(aic100::ResourceInfo{32u, 0u, -1, 0u});
    EXPECT_EQ(r.block.nsp_free, 16);
    EXPECT_EQ(r.block.vc_free, 16);
    EXPECT_EQ(r.block.mcid_free, r.block.mcid_total);
    EXPECT_EQ(r.block.semaphore_free, r.block.semaphore_total);
    EXPECT_EQ(r.block.dram_free_mb, r.block.dram_total_mb);
}

TEST_F(Activation, HandleZeroIsAnOrdinaryOwner)
{
    const auto elf = load(echo_program(64), 0);
    const auto a = rig.activate(elf, 0, 64, 0);
    terminate(0);
    EXPECT_FALSE(rig.qsm->dbc(a.dbc).active);
}

TEST_F(Activation, StatesGateTheProgram)
{
    const auto elf = load(echo_program(64));
    auto command = Rig::activate_command(elf);
    command.initial_state = 0;
    const auto base = rig.host_memory(8192);
    const auto made = rig.try_activate(command, base, 16).response<aic100::ActivateResp>();
    rig.settle();
    EXPECT_EQ(rig.qsm->dbc(made.vc_id).semaphores[0], 0); // standby: nobody is ready for inputs
    aic100::ActivateStateCmd c{};
    c.type = 36;
    c.count = 1;
    c.entries[0] = {made.activation_id, 1};
    EXPECT_EQ(rig.command<aic100::StatusResp>(c).status, 0);
    rig.settle();
    EXPECT_EQ(rig.qsm->dbc(made.vc_id).semaphores[0], 1);
    c.count = 9;
    EXPECT_EQ(rig.command<aic100::StatusResp>(c).status, -57);
    c.count = 2;
    EXPECT_EQ(rig.command<aic100::StatusResp>(c).status, -19);
    c.count = 1;
    c.entries[0].state = 3;
    EXPECT_EQ(rig.command<aic100::StatusResp>(c).status, -59);
    c.entries[0].state = 2;
    EXPECT_EQ(rig.command<aic100::StatusResp>(c, 8).status, -9);
}

TEST_F(Activation, SubsystemRestart)
{
    const auto elf = load(echo_program(64));
    auto a = rig.activate(elf), b = rig.activate(elf);
    rig.submit(a, {no_transfer(1)});
    EXPECT_FALSE(rig.qsm->ssr_begin(9));
    EXPECT_FALSE(rig.qsm->ssr_begin(16));
    ASSERT_TRUE(rig.qsm->ssr_begin(a.dbc));
    EXPECT_FALSE(rig.qsm->ssr_begin(a.dbc));
    const auto writes = rig.host.writes;
    rig.settle();
    EXPECT_EQ(rig.host.writes, writes);
    EXPECT_EQ(rig.deactivate(a), -36);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::UnloadId{7u, elf}).status, -36);
    auto spec = echo_program(64);
    spec.nsps = 15; // as many as there would be if the restarting one were back
    const auto big = load(spec);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), big), -36);
    rig.submit(b, {no_transfer(2)}); // the others keep working
    EXPECT_EQ(rig.finish(b).size(), 1u);
    rig.qsm->ssr_end(a.dbc);
    EXPECT_EQ(status_of(Rig::activate_to_dev(FakeHost::base, 16), big), 0);
    EXPECT_EQ(rig.deactivate(a), -19);
}

TEST_F(Activation, ResetDropsEverything)
{
    auto a = rig.activate(load(echo_program(64)));
    rig.submit(a, {no_transfer(1)});
    rig.settle();
    rig.qsm->reset();
    for (std::uint32_t r = 0; r < 16; r += 4) EXPECT_EQ(rig.reg(a.dbc, r), 0u);
    EXPECT_FALSE(rig.qsm->poll());
    EXPECT_FALSE(rig.qsm->dbc(a.dbc).active);
    rig.handshake();
    EXPECT_EQ(rig.deactivate(a), -19);
    rig.activate(load(echo_program(64)));
}

} // namespace
} // namespace qsm_test
