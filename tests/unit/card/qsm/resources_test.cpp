// SPDX-License-Identifier: BSD-3-Clause
// Resource groups and reservations: what they carve out, who may use and release them. aic100-device.md 4.13
#include "rig.hpp"

namespace qsm_test {
namespace {

class Resources : public ::testing::Test {
  protected:
    Resources() { rig.handshake(); }
    aic100::ReservationResp create(std::uint32_t nsps, std::uint32_t vcs, std::uint64_t memory,
                                   std::int32_t source = -1)
    {
        aic100::CreateResourceGroup c{};
        c.type = 28;
        c.source_group = source;
        c.nsps = nsps;
        c.mcids = 64;
        c.semaphores = 16;
        c.vcs = vcs;
        c.memory = memory;
        return rig.command<aic100::ReservationResp>(c);
    }
    aic100::ResourceInfoResp info(std::int32_t group = -1)
    {
        return rig.command<aic100::ResourceInfoResp>(aic100::ResourceInfo{32u, 0u, group, 0u});
    }
    std::int32_t release(std::uint32_t command, std::int32_t id, std::uint32_t handle = 7)
    {
        return rig
            .command<aic100::StatusResp>(aic100::UnloadId{command, static_cast<std::uint32_t>(id)}, handle)
            .status;
    }
    std::uint32_t validate(std::uint32_t partition)
    {
        aic100::NncValidatePartition v{};
        v.partition = partition;
        const auto reply = rig.call({Rig::transaction(aic100::NncType::VALIDATE_PARTITION_TO_DEV, v)});
        EXPECT_EQ(reply.transactions[0].first, aic100::NncType::VALIDATE_PARTITION_FROM_DEV);
        return reply.as<aic100::NncStatusWord>(0).status;
    }
    Rig rig;
};

TEST_F(Resources, GroupIsCarvedOutAndGivenBack)
{
    const auto g = create(4, 2, 1u << 30);
    ASSERT_EQ(g.status, 0);
    EXPECT_GT(g.id, 0);
    EXPECT_EQ(validate(static_cast<std::uint32_t>(g.id.get())), 0u);
    EXPECT_NE(validate(static_cast<std::uint32_t>(g.id.get()) + 1), 0u);
    EXPECT_EQ(info().block.nsp_free, 12);
    EXPECT_EQ(info().block.vc_free, 14);
    EXPECT_EQ(info().block.dram_free_mb, 31u << 10);
    EXPECT_EQ(info(g.id).block.nsp_total, 4);
    EXPECT_EQ(info(g.id).block.semaphore_total, 16u);
    EXPECT_EQ(info(g.id).block.dram_total_mb, 1024u);
    EXPECT_EQ(info(99).status, -19);
    const auto inner = create(3, 1, 1u << 20, g.id);
    ASSERT_EQ(inner.status, 0);
    EXPECT_EQ(info(g.id).block.nsp_free, 1);
    EXPECT_EQ(release(30, g.id), -9); // a part of it is somebody's
    EXPECT_EQ(release(30, inner.id, 8), -9);
    EXPECT_EQ(release(30, inner.id), 0);
    EXPECT_EQ(release(30, g.id), 0);
    EXPECT_EQ(release(30, g.id), -19);
    EXPECT_EQ(info().block.nsp_free, 16);
    EXPECT_EQ(info().block.dram_free_mb, 32768u);
}

TEST_F(Resources, MoreThanThereIs)
{
    EXPECT_EQ(create(17, 1, 0).status, -13);
    EXPECT_EQ(create(1, 17, 0).status, -14);
    EXPECT_EQ(create(1, 1, 33ull << 30).status, -4);
    EXPECT_EQ(create(1, 1, 0, 5).status, -19);
    aic100::CreateResourceGroup c{};
    c.type = 28;
    c.source_group = -1;
    c.memory = c.shared_ddr = ~0ull;
    EXPECT_EQ(rig.command<aic100::ReservationResp>(c).status, -4);
    c.memory = c.shared_ddr = 0;
    c.mcids = 1025;
    EXPECT_EQ(rig.command<aic100::ReservationResp>(c).status, -12);
    c.mcids = 0;
    c.semaphores = 513;
    EXPECT_EQ(rig.command<aic100::ReservationResp>(c).status, -15);
    c.semaphores = 0;
    for (int i = 0; i < 64; ++i) ASSERT_EQ(rig.command<aic100::ReservationResp>(c).status, 0);
    EXPECT_EQ(rig.command<aic100::ReservationResp>(c).status, -18);
}

TEST_F(Resources, MessagesOfAPartitionDrawFromIt)
{
    const auto g = create(1, 2, 1u << 20);
    const auto elf = rig.load_elf(elf_of(echo_program(64)), 7, g.id);
    ASSERT_EQ(elf.status, 0);
    EXPECT_EQ(info().block.nsp_free, 15);
    const auto base = rig.host_memory(8192);
    const auto activate = [&](std::int32_t partition) {
        return rig.try_activate(Rig::activate_command(elf.id), base, 16, 7, partition)
            .response<aic100::ActivateResp>();
    };
    const auto first = activate(g.id);
    EXPECT_EQ(first.status, 0);
    EXPECT_EQ(info(g.id).block.nsp_free, 0);
    EXPECT_EQ(activate(g.id).status, -13);
    EXPECT_EQ(activate(-1).status, 0);
    EXPECT_EQ(activate(3).status, -19);
    EXPECT_EQ(activate(-2).status, -19);
    EXPECT_EQ(release(30, g.id), -9);
    auto big = echo_program(64);
    big.static_ddr = 2u << 20;
    const auto too_big = rig.load_elf(elf_of(big), 7, g.id);
    EXPECT_EQ(rig.try_activate(Rig::activate_command(too_big.id), base, 16, 7, g.id)
                  .response<aic100::ActivateResp>()
                  .status,
              -13);
}

TEST_F(Resources, GroupOutlivesItsOwnerWhileInUse)
{
    const auto g = create(2, 2, 1u << 20);
    const auto elf = rig.load_elf(elf_of(echo_program(64)), 8);
    const auto base = rig.host_memory(8192);
    const auto other =
        rig.try_activate(Rig::activate_command(elf.id), base, 16, 8, g.id).response<aic100::ActivateResp>();
    ASSERT_EQ(other.status, 0);
    aic100::NncTerminateToDev t{};
    t.handle = 7;
    rig.call({Rig::transaction(aic100::NncType::TERMINATE_TO_DEV, t)}, 7, 0);
    EXPECT_NE(validate(static_cast<std::uint32_t>(g.id.get())), 0u);
    EXPECT_EQ(info().block.nsp_free, 14); // still held by user 8's activation
    t.handle = 8;
    rig.call({Rig::transaction(aic100::NncType::TERMINATE_TO_DEV, t)}, 8, 0);
    EXPECT_EQ(info().block.nsp_free, 16);
}

TEST_F(Resources, ReservedChannel)
{
    aic100::ReserveVc c{};
    c.type = 19;
    c.source_group = -1;
    c.semaphores = 2;
    c.command_block_bytes = 5000;
    const auto r = rig.command<aic100::ReserveVcResp>(c);
    ASSERT_EQ(r.status, 0);
    EXPECT_EQ(r.command_block_bytes, 5000u);
    EXPECT_NE(r.command_block_addr, 0u);
    EXPECT_EQ(info().block.vc_free, 15);
    EXPECT_EQ(info().block.semaphore_free, 510u);
    const auto elf = rig.load_elf(elf_of(echo_program(64)));
    auto command = Rig::activate_command(elf.id);
    command.vc_reservation_id = static_cast<std::int32_t>(r.reservation_id.get());
    const auto base = rig.host_memory(8192);
    const auto a = rig.try_activate(command, base, 16).response<aic100::ActivateResp>();
    EXPECT_EQ(a.status, 0);
    EXPECT_EQ(a.vc_id, r.vc_id);
    EXPECT_EQ(rig.try_activate(command, base, 16).response<aic100::ActivateResp>().status, -14);
    EXPECT_EQ(release(22, static_cast<std::int32_t>(r.reservation_id.get())), -9);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::Deactivate{11u, a.activation_id, 1u, 0u}).status, 0);
    EXPECT_EQ(release(22, static_cast<std::int32_t>(r.reservation_id.get())), 0);
    EXPECT_EQ(info().block.dram_free_mb, 32767u); // the ELF alone
    c.semaphores = 33;
    EXPECT_EQ(rig.command<aic100::ReserveVcResp>(c).status, -15);
}

TEST_F(Resources, ReservedCoresAndTheirUpdate)
{
    aic100::AcReservation c{};
    c.type = 24;
    c.source_group = -1;
    c.nsps = 2;
    c.mcids = 8;
    c.shared_ddr = 1u << 20;
    const auto r = rig.command<aic100::ReservationResp>(c);
    ASSERT_EQ(r.status, 0);
    EXPECT_EQ(info().block.nsp_free, 14);
    const auto update = [&](std::uint32_t nsps) {
        aic100::UpdateAcReservation u{};
        u.type = 44;
        u.reservation_id = r.id;
        u.nsps = nsps;
        return rig.command<aic100::StatusResp>(u).status.get();
    };
    EXPECT_EQ(update(17), -13);
    EXPECT_EQ(info().block.nsp_free, 14);
    EXPECT_EQ(update(1), 0);
    EXPECT_EQ(info().block.nsp_free, 15);
    const auto elf = rig.load_elf(elf_of(echo_program(64)));
    auto command = Rig::activate_command(elf.id);
    command.reservation_id = r.id;
    const auto base = rig.host_memory(8192);
    const auto a = rig.try_activate(command, base, 16).response<aic100::ActivateResp>();
    EXPECT_EQ(a.status, 0);
    EXPECT_EQ(rig.try_activate(command, base, 16).response<aic100::ActivateResp>().status, -13);
    EXPECT_EQ(update(4), -9);
    EXPECT_EQ(release(26, r.id), -9);
    EXPECT_EQ(rig.command<aic100::StatusResp>(aic100::Deactivate{11u, a.activation_id, 1u, 0u}).status, 0);
    EXPECT_EQ(release(26, r.id), 0);
    EXPECT_EQ(info().block.nsp_free, 16);
}

TEST_F(Resources, DeviceConfigAndPerformance)
{
    const auto dedicate = [&](std::uint32_t option, std::uint32_t count) {
        return rig.command<aic100::StatusResp>(aic100::DeviceConfig{38u, 0u, option, count}).status.get();
    };
    EXPECT_EQ(dedicate(1, 3), 0);
    EXPECT_EQ(info().block.physical_channels_dedicated, 3);
    EXPECT_EQ(dedicate(1, 9), -6);
    EXPECT_EQ(dedicate(2, 1), -6);
    const auto p = rig.command<aic100::PerformanceInfoResp>(aic100::PerformanceInfo{34u, 0u});
    EXPECT_EQ(p.status, 0);
    EXPECT_GT(p.block.nsp_hz, 0u);
    auto a = rig.run(echo_program(4096));
    const auto in = rig.host_memory(4096);
    for (int i = 0; i < 25; ++i) rig.submit(a, {to_device(1, in, a.resp.ddr_base, 4000)});
    rig.finish(a);
    rig.clock.advance(100ms); // 100 KB in 0.1 s
    EXPECT_EQ(
        rig.command<aic100::PerformanceInfoResp>(aic100::PerformanceInfo{34u, 0u}).block.dram_bandwidth_kbps,
        1000u);
}

} // namespace
} // namespace qsm_test
