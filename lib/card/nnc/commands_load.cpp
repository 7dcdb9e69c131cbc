// SPDX-License-Identifier: BSD-3-Clause
// Images and constants: LOAD_ELF, LOAD_CONSTANTS in both forms, UNLOAD_*. aic100-device.md 4.13, workload 3
#include "base/checked.hpp"
#include "card/nnc/commands.hpp"

namespace card {
namespace {
namespace status = aic100::nnc_status;
using aic100::NncCmd;

/// A load command without its data is a message that makes no sense.
NncStatus data_status(const Call& call)
{
    if (call.load == nullptr) return status::PARAMETER;
    if (call.load->status != 0) return call.load->status;
    return call.load->complete() ? status::OK : status::PARAMETER;
}

NncStatus load_elf(Call& call, const aic100::LoadElf&, aic100::LoadResp& out)
{
    if (const auto s = data_status(call); s != 0) return s;
    if (call.firmware.images.full()) return status::NO_ID;
    auto program = load_program(call.load->to);
    if (!program) return program.error();
    auto image = std::make_shared<Image>();
    image->handle = call.caller.handle;
    image->lease = std::move(call.load->memory.lease);
    image->memory = std::move(call.load->memory.region);
    image->program = std::move(*program);
    out.id = call.firmware.images.add(std::move(image));
    return status::OK;
}

NncStatus load_constants(Call& call, const aic100::LoadConstants&, aic100::LoadResp& out)
{
    if (const auto s = data_status(call); s != 0) return s;
    if (call.firmware.constants.full()) return status::NO_ID;
    auto made = std::make_shared<Constants>();
    made->handle = call.caller.handle;
    made->static_bytes = call.load->length; // the one-shot form knows no dynamic part
    made->lease = std::move(call.load->memory.lease);
    made->memory = std::move(call.load->memory.region);
    out.id = call.firmware.constants.add(std::move(made));
    return status::OK;
}

NncStatus load_constants_ex(Call& call, const aic100::LoadConstantsEx& c, aic100::LoadResp& out)
{
    const auto rest = call.command.subspan(sizeof c);
    if (c.descriptor_length > rest.size()) return status::COMMAND_LENGTH;
    const auto d = read_at<aic100::ConstantsDescriptor>(rest.first(c.descriptor_length));
    if (!d) return status::COMMAND_LENGTH;
    const auto total = checked_add<std::uint64_t>(d->static_bytes, d->dynamic_bytes);
    if (!total || *total == 0) return status::PARAMETER;
    if (call.firmware.constants.full()) return status::NO_ID;
    const auto pool = call.firmware.pool_of(call.caller.partition);
    if (!pool) return pool.error();
    auto memory = call.firmware.take_memory(*pool, *total);
    if (!memory) return memory.error();
    auto made = std::make_shared<Constants>();
    made->handle = call.caller.handle;
    made->static_bytes = d->static_bytes;
    made->dynamic_bytes = d->dynamic_bytes;
    made->lease = std::move(memory->lease);
    made->memory = std::move(memory->region);
    out.id = call.firmware.constants.add(std::move(made));
    return status::OK;
}

NncStatus load_payload(Call& call, const aic100::LoadConstantsPayload& c, aic100::LoadResp& out)
{
    auto s = data_status(call);
    if (s == 0 && call.firmware.constants.find(c.constants_id) != call.load->constants)
        s = status::ID_NOT_FOUND; // unloaded between two chunks
    if (s == 0) {
        out.id = c.constants_id;
        return s;
    }
    if (call.load != nullptr) drop_failed_payload(call.firmware, *call.load);
    return s;
}

NncStatus unload_elf(Call& call, const aic100::UnloadId& c, aic100::StatusResp&)
{
    const auto found = Firmware::owned(call.firmware.images, c.id, call.caller);
    if (!found) return found.error();
    if (const auto used = call.firmware.use_of(**found); used != 0) return used;
    call.firmware.images.remove(c.id);
    return status::OK;
}

NncStatus unload_constants(Call& call, const aic100::UnloadId& c, aic100::StatusResp&)
{
    const auto found = Firmware::owned(call.firmware.constants, c.id, call.caller);
    if (!found) return found.error();
    if (const auto used = call.firmware.use_of(**found); used != 0) return used;
    call.firmware.constants.remove(c.id);
    return status::OK;
}

constexpr Command load_table[] = {
    commands::entry<NncCmd::LOAD_CONSTANTS, aic100::LoadConstants, aic100::LoadResp, load_constants>(),
    commands::entry<NncCmd::LOAD_ELF, aic100::LoadElf, aic100::LoadResp, load_elf>(),
    commands::entry<NncCmd::UNLOAD_CONSTANTS, aic100::UnloadId, aic100::StatusResp, unload_constants>(),
    commands::entry<NncCmd::UNLOAD_ELF, aic100::UnloadId, aic100::StatusResp, unload_elf>(),
    commands::entry<NncCmd::LOAD_CONSTANTS_EX, aic100::LoadConstantsEx, aic100::LoadResp,
                    load_constants_ex>(),
    commands::entry<NncCmd::LOAD_CONSTANTS_PAYLOAD, aic100::LoadConstantsPayload, aic100::LoadResp,
                    load_payload>(),
};
} // namespace

void drop_failed_payload(Firmware& firmware, const Load& load)
{
    const auto found = firmware.constants.find(load.constants_id);
    if (load.command == NncCmd::LOAD_CONSTANTS_PAYLOAD && found && found == load.constants &&
        firmware.use_of(*found) == status::OK)
        firmware.constants.remove(load.constants_id);
}

std::span<const Command> commands::load_commands() noexcept { return load_table; }

} // namespace card
