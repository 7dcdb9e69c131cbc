// SPDX-License-Identifier: BSD-3-Clause
#include "card/nnc/transfer.hpp"
#include "base/checked.hpp"
#include <algorithm>

namespace card {
namespace {
namespace status = aic100::nnc_status;
using aic100::NncCmd;

/// Room for a new image or constants object.
void new_object(Firmware& firmware, Load& load, bool table_full)
{
    if (load.length == 0) {
        load.status = status::PARAMETER;
    } else if (table_full) {
        load.status = status::NO_ID;
    } else if (const auto pool = firmware.pool_of(load.caller.partition); !pool) {
        load.status = pool.error();
    } else if (auto memory = firmware.take_memory(*pool, load.length); !memory) {
        load.status = memory.error();
    } else {
        load.memory = std::move(*memory);
        load.to = load.memory.region.bytes().first(load.length);
    }
}

void payload_target(Firmware& firmware, Load& load, std::uint64_t offset)
{
    auto found = Firmware::owned(firmware.constants, load.constants_id, load.caller);
    if (!found) {
        load.status = found.error();
    } else if (const auto used = firmware.use_of(**found); used != 0) {
        load.status = used;
    } else {
        load.constants = *found;
        const auto size = load.constants->static_bytes + load.constants->dynamic_bytes;
        if (load.length == 0 || !range_inside(offset, load.length, size))
            load.status = status::PARAMETER;
        else
            load.to = load.constants->memory.bytes().subspan(offset, load.length);
    }
}
} // namespace

std::optional<DmaXfer> read_xfer(const Transaction& transaction)
{
    const auto head = read_at<aic100::NncDmaXfer>(transaction.bytes);
    if (!head) return std::nullopt;
    const auto pairs = transaction.bytes.subspan(sizeof *head);
    if (pairs.size() / sizeof(aic100::NncDmaPair) < head->count) return std::nullopt;
    return DmaXfer{head->tag, head->count, head->chunk_id,
                   pairs.first(head->count * sizeof(aic100::NncDmaPair))};
}

std::optional<Load> begin_load(Firmware& firmware, const Caller& caller, ConstSpan command)
{
    const auto type = read_at<le32>(command);
    if (!type) return std::nullopt;
    Load load;
    load.caller = caller;
    load.command = static_cast<NncCmd>(type->get());
    if (load.command == NncCmd::LOAD_ELF) {
        const auto c = read_at<aic100::LoadElf>(command);
        if (!c) return std::nullopt;
        load.tag = c->tag;
        load.length = c->data_length;
        new_object(firmware, load, firmware.images.full());
    } else if (load.command == NncCmd::LOAD_CONSTANTS) {
        const auto c = read_at<aic100::LoadConstants>(command);
        if (!c) return std::nullopt;
        load.tag = c->tag;
        load.length = c->data_length;
        new_object(firmware, load, firmware.constants.full());
    } else if (load.command == NncCmd::LOAD_CONSTANTS_PAYLOAD) {
        const auto c = read_at<aic100::LoadConstantsPayload>(command);
        if (!c) return std::nullopt;
        load.tag = c->tag;
        load.length = c->data_length;
        load.constants_id = c->constants_id;
        payload_target(firmware, load, c->offset);
    } else {
        return std::nullopt;
    }
    return load;
}

void pull(Firmware& firmware, Load& load, const DmaXfer& xfer)
{
    if (load.status != 0) return;
    if (xfer.tag != load.tag) load.status = status::PARAMETER;
    if (load.constants && load.status == 0) load.status = firmware.use_of(*load.constants);
    for (std::uint32_t i = 0; i < xfer.count && load.status == 0; ++i) {
        const auto pair = *read_at<aic100::NncDmaPair>(xfer.pairs, i * sizeof(aic100::NncDmaPair));
        if (pair.size == 0 || pair.size > load.length - load.done)
            load.status = status::PARAMETER;
        else if (!firmware.host.read(pair.address, load.to.subspan(load.done, pair.size)))
            load.status = status::GENERAL;
        else
            load.done += pair.size;
    }
    // Without a chunk id no more is to come.
    if (load.status == 0 && load.done != load.length && xfer.chunk == 0) load.status = status::PARAMETER;
}

bool PendingLoads::add(Entry entry)
{
    if (entries_.size() >= limit) return false;
    entries_.push_back(std::move(entry));
    return true;
}

std::optional<PendingLoads::Entry> PendingLoads::take(std::uint32_t handle, std::uint32_t chunk)
{
    const auto it = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
        return e.load.caller.handle == handle && e.chunk == chunk;
    });
    if (it == entries_.end()) return std::nullopt;
    auto out = std::move(*it);
    entries_.erase(it);
    return out;
}

void PendingLoads::drop_of(std::uint32_t handle)
{
    entries_.remove_if([&](const Entry& e) { return e.load.caller.handle == handle; });
}

} // namespace card
