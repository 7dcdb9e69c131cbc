// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/dbc/slice_plan.hpp"
#include "base/checked.hpp"
#include <optional>

namespace qaic::dbc {
namespace {
using namespace aic100;

/// Index of the presync semaphore of a transfer, if it waits on one.
std::optional<std::uint32_t> presync_of(const Transfer& t)
{
    for (const auto w : t.sem)
        if ((w & sem_word::ENABLE) && (w & sem_word::PRESYNC)) return sem_word::index(w);
    return std::nullopt;
}

/// Requests that wait on one presync semaphore start in FIFO order (5.4). A direction whose transfers all do
/// needs no fence, provided the program itself makes outputs wait for inputs, which is what the semaphore is
/// for.
bool ordered_by_semaphore(std::span<const Transfer> transfers, bool to_device)
{
    std::optional<std::uint32_t> common;
    for (const auto& t : transfers) {
        if (t.to_device != to_device || t.bytes == 0) continue;
        const auto sem = presync_of(t);
        if (!sem || (common && *common != *sem)) return false;
        common = sem;
    }
    return true;
}

Result<std::uint64_t> device_address(const Transfer& t, const DeviceBases& bases, std::size_t i)
{
    const auto base = t.on_chip ? bases.mcid : t.dynamic_ddr ? bases.dynamic_ddr : bases.ddr;
    const auto at = checked_add<std::uint64_t>(base, t.device_offset);
    if (!at || !checked_add<std::uint64_t>(*at, t.bytes))
        return fail(Code::E_PROTO, "DMA request {}: device address overflows base=0x{:x} offset=0x{:x}", i,
                    base, t.device_offset);
    return *at;
}

Result<SlicePlan::Element> make_element(const Transfer& t, const DeviceBases& bases, std::size_t i)
{
    SlicePlan::Element e{};
    auto& w = e.wire;
    QAIC_TRY(const std::uint64_t device, device_address(t, bases, i));
    const auto direction = t.bytes == 0  ? req_cmd::NO_TRANSFER
                           : t.to_device ? req_cmd::TO_DEVICE
                                         : req_cmd::FROM_DEVICE;
    w.cmd = static_cast<std::uint8_t>(req_cmd::BULK | direction);
    if (t.bytes != 0) {
        w.source = t.to_device ? t.host_offset : device;
        w.destination = t.to_device ? device : t.host_offset;
        (t.to_device ? e.in_mask : e.out_mask) = ~std::uint64_t{0};
    }
    w.length = t.bytes;
    if (t.doorbell) {
        const auto at = checked_add<std::uint64_t>(bases.mcid, t.doorbell_offset);
        const unsigned width = t.doorbell_size == doorbell_attr::BITS32   ? 4
                               : t.doorbell_size == doorbell_attr::BITS16 ? 2
                                                                          : 1;
        if (!at || *at % width != 0)
            return fail(Code::E_FORMAT, "DMA request {}: doorbell at 0x{:x} is not {}-byte aligned", i,
                        bases.mcid + t.doorbell_offset, width);
        w.doorbell_addr = *at;
        w.doorbell_attr = static_cast<std::uint8_t>(doorbell_attr::WRITE | t.doorbell_size);
        w.doorbell_data = t.doorbell_data;
    }
    for (unsigned k = 0; k < 4; ++k) w.sem[k] = t.sem[k];
    return e;
}
} // namespace

Result<SlicePlan> plan_slices(std::span<const Transfer> transfers, const DeviceBases& bases,
                              std::uint64_t input_bytes, std::uint64_t output_bytes)
{
    if (transfers.empty())
        return fail(Code::E_FORMAT, "program has no DMA request: nothing would signal completion");
    SlicePlan plan;
    plan.input_bytes = input_bytes, plan.output_bytes = output_bytes;
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        const auto& t = transfers[i];
        const auto limit = t.to_device ? input_bytes : output_bytes;
        if (!range_inside(t.host_offset, t.bytes, limit))
            return fail(Code::E_FORMAT,
                        "DMA request {}: host range outside the {} buffer got=0x{:x}+{} limit={}", i,
                        t.to_device ? "input" : "output", t.host_offset, t.bytes, limit);
        QAIC_TRY(auto element, make_element(t, bases, i));
        plan.elements.push_back(element);
    }
    // Compiled programs list outputs last. If this one does not, its last element must wait for them.
    auto& final = plan.elements.back().wire;
    final.cmd = static_cast<std::uint8_t>(final.cmd | req_cmd::RESPONSE);
    if (transfers.back().to_device || !ordered_by_semaphore(transfers, true) ||
        !ordered_by_semaphore(transfers, false))
        final.sem[0] = final.sem[0] | sem_word::FENCE_TO_DEVICE | sem_word::FENCE_FROM_DEVICE;
    return plan;
}

} // namespace qaic::dbc
