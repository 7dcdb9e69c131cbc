// SPDX-License-Identifier: BSD-3-Clause
// Resource groups: parts of the card's NSPs, channels and memory that only messages naming the group draw on.
// aic100-device.md 4.10, 4.12, 4.13
#include "qaic/nnc/client_impl.hpp"
#include <unistd.h>

namespace qaic::nnc {
using namespace aic100;

Result<std::int32_t> Client::create_group(const GroupRequest& request)
{
    auto& i = *impl_;
    CreateResourceGroup cmd{};
    cmd.type = static_cast<std::uint32_t>(NncCmd::CREATE_RESOURCE_GROUP);
    cmd.process_id = static_cast<std::uint32_t>(getpid());
    cmd.source_group = nnc_no_partition; // the default pool
    cmd.nsps = request.nsps, cmd.mcids = request.mcids, cmd.semaphores = request.semaphores;
    cmd.vcs = request.dbcs;
    cmd.memory = request.memory;
    cmd.networks = request.networks;
    Message message(i.handle);
    message.command(cmd);
    QAIC_TRY(const auto r,
             i.command<ReservationResp>(message, NncCmd::CREATE_RESOURCE_GROUP, "CREATE_RESOURCE_GROUP"));
    if (r.id <= 0)
        return i.broken(i.counters.n_trx, "N-TRX CREATE_RESOURCE_GROUP: accepted with id got={} limit=1",
                        r.id.get());
    return r.id.get();
}

Result<void> Client::release_group(std::int32_t id)
{
    return impl_->unload(NncCmd::RELEASE_RESOURCE_GROUP, static_cast<std::uint32_t>(id),
                         "RELEASE_RESOURCE_GROUP");
}

Result<void> Client::validate_group(std::int32_t id)
{
    auto& i = *impl_;
    Message message(i.handle);
    NncValidatePartition body{};
    body.partition = static_cast<std::uint32_t>(id);
    message.transaction(NncType::VALIDATE_PARTITION_TO_DEV, body);
    std::vector<DmaMemory> none;
    QAIC_TRY(const auto reply, i.exchange.request(message, "VALIDATE_PARTITION", none));
    const auto status = reply.only<NncStatusWord>(NncType::VALIDATE_PARTITION_FROM_DEV);
    if (!status || reply.transactions().size() != 1)
        return i.broken(i.counters.n_trx, "N-TRX reply to VALIDATE_PARTITION holds no single transaction");
    if (status->status != 0)
        return fail(Code::E_PERM, "{}: partition {} refused by the card: status got={} limit=0", i.bus.name(),
                    id, status->status.get());
    return {};
}

void Client::use_group(std::int32_t id) noexcept { impl_->group = id; }

} // namespace qaic::nnc
