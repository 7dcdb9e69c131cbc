// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/transfers.hpp"
#include "aic100/wire/nnc_commands.hpp"
#include "base/checked.hpp"

namespace qaic {
namespace {
using namespace aic100;

/// Where `bytes` bytes at `offset` of DMA buffer `num` lie in the packed user buffer of their direction:
/// every tensor that the run touches must continue the one before it in both places.
Result<std::uint64_t> packed_offset(const std::vector<qpc::Binding>& tensors, std::uint16_t num,
                                    std::uint64_t offset, std::uint64_t bytes, std::size_t request)
{
    std::uint64_t packed = 0, covered = offset;
    std::optional<std::uint64_t> start;
    const auto end = offset + bytes;
    for (const auto& t : tensors) {
        const auto t_end = t.offset + t.bytes;
        if (t.buffer == num && covered < end && t.offset <= covered && covered < t_end) {
            const auto here = packed + (covered - t.offset);
            if (!start)
                start = here;
            else if (here != *start + (covered - offset))
                break;
            covered = t_end;
        }
        packed += t.bytes;
    }
    if (!start || covered < end)
        return fail(Code::E_UNSUPP,
                    "DMA request {}: bytes 0x{:x}+{} of DMA buffer {} are not one run of the packed tensors",
                    request, offset, bytes, num);
    return *start;
}

std::uint32_t semaphore_word(const qpc::SemaphoreOp& s)
{
    return sem_word::make(s.op, s.number, s.value, s.pre) | (s.in_fence ? sem_word::FENCE_TO_DEVICE : 0) |
           (s.out_fence ? sem_word::FENCE_FROM_DEVICE : 0);
}

std::uint64_t window(std::uint16_t mcid) { return std::uint64_t{mcid} * mcid_window_bytes; }

Result<dbc::Transfer> resolve(const qpc::DmaRequest& r, const qpc::NetworkDesc& net, std::size_t i)
{
    dbc::Transfer t;
    t.to_device = !r.from_card;
    t.bytes = r.size;
    t.on_chip = r.space == qpc::AddrSpace::MULTICAST;
    t.dynamic_ddr = r.space == qpc::AddrSpace::DYNAMIC_DDR;
    const auto device = checked_add<std::uint64_t>(t.on_chip ? window(r.mcid) : 0, r.dev_offset);
    if (!device)
        return fail(Code::E_FORMAT, "DMA request {}: device offset overflows got=0x{:x}", i, r.dev_offset);
    t.device_offset = *device;
    if (r.size != 0) {
        QAIC_TRY(t.host_offset,
                 packed_offset(r.from_card ? net.outputs : net.inputs, r.num, r.host_offset, r.size, i));
    }
    if (const auto* d = r.doorbell()) {
        t.doorbell = true;
        t.doorbell_offset = window(d->mcid) + d->offset;
        t.doorbell_data = d->data;
        t.doorbell_size = d->width == 4   ? doorbell_attr::BITS32
                          : d->width == 2 ? doorbell_attr::BITS16
                                          : doorbell_attr::BITS8;
    }
    for (std::size_t k = 0; k < r.semaphores.size() && k < 4; ++k) t.sem[k] = semaphore_word(r.semaphores[k]);
    return t;
}
} // namespace

Result<ResolvedTransfers> resolve_transfers(const qpc::Program& program)
{
    ResolvedTransfers out;
    for (const auto& t : program.network.inputs) {
        if (t.partial)
            return fail(Code::E_UNSUPP,
                        "input '{}' may be partial: not supported yet, compile without partial inputs",
                        t.name);
        out.input_bytes += t.bytes;
    }
    for (const auto& t : program.network.outputs) out.output_bytes += t.bytes;
    const auto& requests = program.metadata.requests;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        QAIC_TRY(auto t, resolve(requests[i], program.network, i));
        out.transfers.push_back(t);
    }
    return out;
}

} // namespace qaic
