// SPDX-License-Identifier: BSD-3-Clause
// Resource groups (partitions) and reservations: pools carved out of pools. aic100-device.md 4.13
#include "base/checked.hpp"
#include "card/nnc/commands.hpp"
#include <bit>

namespace card {
namespace {
namespace status = aic100::nnc_status;
using aic100::NncCmd;

/// -1: where the caller's own messages draw from.
NncResult<std::shared_ptr<Pool>> source_pool(const Call& call, std::int32_t group)
{
    return call.firmware.pool_of(group == aic100::nnc_no_partition ? call.caller.partition : group);
}

NncResult<std::shared_ptr<Reservation>> reserve(const Call& call, const Table<Reservation>& table,
                                                std::int32_t group, const Demand& demand)
{
    if (table.full()) return tl::unexpected(status::NO_RESERVATION_ID);
    const auto source = source_pool(call, group);
    if (!source) return tl::unexpected(source.error());
    auto lease = Pool::take(*source, demand);
    if (!lease) return tl::unexpected(lease.error());
    auto made = std::make_shared<Reservation>();
    made->handle = call.caller.handle;
    made->pool = std::make_shared<Pool>(std::move(*lease));
    made->source = *source;
    return made;
}

NncStatus release(const Call& call, Table<Reservation>& table, std::uint32_t id)
{
    const auto found = Firmware::owned(table, id, call.caller);
    if (!found) return found.error();
    if (!(*found)->pool->idle()) return status::NOT_PERMITTED;
    table.remove(id);
    return status::OK;
}

NncStatus reserve_vc(Call& call, const aic100::ReserveVc& c, aic100::ReserveVcResp& out)
{
    if (c.semaphores > aic100::semaphore_count) return status::NO_SEMAPHORE;
    auto& table = call.firmware.channels_reserved;
    auto made = reserve(call, table, c.source_group, {.vcs = 1, .semaphores = c.semaphores});
    if (!made) return made.error();
    if (c.command_block_bytes != 0) {
        auto memory = call.firmware.take_memory((*made)->source, c.command_block_bytes);
        if (!memory) return memory.error();
        (*made)->memory_lease = std::move(memory->lease);
        (*made)->memory = std::move(memory->region);
        out.command_block_bytes = c.command_block_bytes;
        out.command_block_addr = (*made)->memory.address();
    }
    out.vc_id = static_cast<std::uint32_t>(std::countr_zero((*made)->pool->total().vc_mask));
    out.reservation_id = table.add(*made);
    return status::OK;
}

NncStatus reserve_cores(Call& call, const aic100::AcReservation& c, aic100::ReservationResp& out)
{
    auto& table = call.firmware.cores_reserved;
    const auto made =
        reserve(call, table, c.source_group, {.nsps = c.nsps, .mcids = c.mcids, .ddr = c.shared_ddr});
    if (!made) return made.error();
    out.id = static_cast<std::int32_t>(table.add(*made));
    return status::OK;
}

/// Another number of NSPs, everything else as it was. Only while nothing runs on it.
NncStatus update_cores(Call& call, const aic100::UpdateAcReservation& c, aic100::StatusResp&)
{
    const auto found = Firmware::owned(call.firmware.cores_reserved,
                                       static_cast<std::uint32_t>(c.reservation_id.get()), call.caller);
    if (!found) return found.error();
    auto& r = **found;
    if (!r.pool->idle()) return status::NOT_PERMITTED;
    const auto had = r.pool->total();
    r.pool.reset(); // first, so that what it holds counts as free
    auto lease = Pool::take(r.source, {.nsps = c.nsps, .mcids = had.mcids, .ddr = had.ddr});
    const auto outcome = lease ? status::OK : lease.error();
    if (!lease)
        lease = Pool::take(r.source, {.nsps = static_cast<std::uint32_t>(std::popcount(had.nsp_mask)),
                                      .mcids = had.mcids,
                                      .ddr = had.ddr}); // what it just gave back
    r.pool = std::make_shared<Pool>(std::move(*lease));
    return outcome;
}

NncStatus create_group(Call& call, const aic100::CreateResourceGroup& c, aic100::ReservationResp& out)
{
    auto& table = call.firmware.groups;
    const auto ddr = checked_add<std::uint64_t>(c.shared_ddr, c.memory);
    if (!ddr) return status::NO_MEMORY;
    const auto made =
        reserve(call, table, c.source_group,
                {.vcs = c.vcs, .nsps = c.nsps, .mcids = c.mcids, .semaphores = c.semaphores, .ddr = *ddr});
    if (!made) return made.error();
    out.id = static_cast<std::int32_t>(table.add(*made));
    return status::OK;
}

NncStatus release_vc(Call& call, const aic100::UnloadId& c, aic100::StatusResp&)
{
    return release(call, call.firmware.channels_reserved, c.id);
}
NncStatus release_cores(Call& call, const aic100::UnloadId& c, aic100::StatusResp&)
{
    return release(call, call.firmware.cores_reserved, c.id);
}
NncStatus release_group(Call& call, const aic100::UnloadId& c, aic100::StatusResp&)
{
    return release(call, call.firmware.groups, c.id);
}

constexpr Command reservation_table[] = {
    commands::entry<NncCmd::RESERVE_VC, aic100::ReserveVc, aic100::ReserveVcResp, reserve_vc>(),
    commands::entry<NncCmd::RELEASE_VC, aic100::UnloadId, aic100::StatusResp, release_vc>(),
    commands::entry<NncCmd::AC_RESERVATION, aic100::AcReservation, aic100::ReservationResp, reserve_cores>(),
    commands::entry<NncCmd::AC_RELEASE, aic100::UnloadId, aic100::StatusResp, release_cores>(),
    commands::entry<NncCmd::UPDATE_AC_RESERVATION, aic100::UpdateAcReservation, aic100::StatusResp,
                    update_cores>(),
    commands::entry<NncCmd::CREATE_RESOURCE_GROUP, aic100::CreateResourceGroup, aic100::ReservationResp,
                    create_group>(),
    commands::entry<NncCmd::RELEASE_RESOURCE_GROUP, aic100::UnloadId, aic100::StatusResp, release_group>(),
};
} // namespace

std::span<const Command> commands::reservation_commands() noexcept { return reservation_table; }

} // namespace card
