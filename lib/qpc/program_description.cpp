// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/program_description.hpp"
#include "aic100/wire/nsp_native.hpp"
#include "qpc/exec_context.hpp"
#include "qpc/layout.hpp"
#include "qpc/limits.hpp"
#include <algorithm>

namespace qpc {
namespace {
using aic100::NspSpace;
using aic100::ProgramBuffer;
using aic100::ProgramDescription;
using aic100::ProgramUsage;

std::uint32_t nsps_having(const std::vector<BufferConfig>& buffers)
{
    std::uint32_t mask = 0;
    for (const auto& b : buffers) mask |= b.nsp_mask;
    return mask;
}

std::uint32_t all_nsps(const ProgramConfig& c) { return (1u << c.nsps) - 1; }

ProgramBuffer record(const BufferConfig& b, ProgramUsage usage, std::size_t index, std::uint16_t mcid)
{
    ProgramBuffer r{};
    r.location = static_cast<std::uint32_t>(b.space);
    r.offset = static_cast<std::uint32_t>(b.dev_offset + b.base_offset);
    r.size = b.bytes;
    r.wait_doorbell = static_cast<std::uint16_t>(index);
    r.wait_value = 1;
    r.io_value = 1;
    r.mcid = mcid;
    r.nsps = static_cast<std::uint16_t>(b.nsp_mask);
    r.usage = static_cast<std::uint32_t>(usage);
    r.allow_partial = b.allow_partial;
    return r;
}

ProgramBuffer udma_area(const ProgramConfig& c)
{
    ProgramBuffer r{};
    r.offset = aic100::program_descriptors;
    r.size = c.threads * aic100::program_descriptors_per_thread;
    r.nsps = static_cast<std::uint16_t>(all_nsps(c));
    r.usage = static_cast<std::uint32_t>(ProgramUsage::INTERNAL);
    return r;
}

std::vector<ProgramBuffer> records(const ProgramConfig& c)
{
    std::vector<ProgramBuffer> out;
    std::uint16_t next_mcid = 1; // 0 is the doorbell window
    const auto add = [&](const std::vector<BufferConfig>& list, ProgramUsage usage) {
        for (const auto& b : list) {
            const bool on_chip = b.space != NspSpace::DDR;
            out.push_back(record(b, usage, out.size(), on_chip ? next_mcid : std::uint16_t{0}));
            if (on_chip) ++next_mcid;
        }
    };
    add(c.inputs, ProgramUsage::INPUT);
    add(c.outputs, ProgramUsage::OUTPUT);
    add(c.internals, ProgramUsage::INTERNAL);
    out.push_back(udma_area(c));
    return out;
}

PlacedTensor placed(const BufferConfig& b)
{
    return {b.bytes, b.space, b.base_offset, b.dev_offset, b.nsp_mask, b.in_fence, b.out_fence};
}

ProgramPlan plan_of(const ProgramConfig& c)
{
    ProgramPlan plan;
    plan.network_name = c.name.empty() ? "unnamed" : c.name;
    for (const auto& b : c.inputs) plan.inputs.push_back(placed(b));
    for (const auto& b : c.outputs) plan.outputs.push_back(placed(b));
    plan.nsps = c.nsps;
    plan.threads = c.threads;
    plan.static_constants =
        sizeof(ProgramDescription) +
        (c.inputs.size() + c.outputs.size() + c.internals.size() + 1) * sizeof(ProgramBuffer);
    return plan;
}

/// End of the last buffer in a memory.
std::uint64_t extent(const ProgramConfig& c, NspSpace space)
{
    std::uint64_t end = 0;
    for (const auto* list : {&c.inputs, &c.outputs, &c.internals})
        for (const auto& b : *list)
            if (b.space == space) end = std::max(end, b.base_offset + b.dev_offset + b.bytes);
    return end;
}

/// Internal buffers have a window each, to which every NSP may send; the host's table does not know them.
void add_internal_windows(Metadata& m, const ProgramConfig& c)
{
    for (auto& table : m.nsp_multicast)
        for (const auto& b : c.internals)
            if (b.space != NspSpace::DDR)
                table.push_back({b.base_offset, b.nsp_mask, b.bytes, b.space == NspSpace::VTCM, false});
}

} // namespace

Bytes encode_program_description(const ProgramConfig& c)
{
    const auto buffers = records(c);
    ProgramDescription d{};
    d.version = aic100::program_description_version;
    d.exit_index = aic100::program_exit_index;
    d.bytes = static_cast<std::uint32_t>(sizeof d + buffers.size() * sizeof(ProgramBuffer));
    d.threads = c.threads;
    d.buffers = static_cast<std::uint16_t>(buffers.size());
    d.inputs = static_cast<std::uint16_t>(c.inputs.size());
    d.outputs = static_cast<std::uint16_t>(c.outputs.size());
    d.internals = static_cast<std::uint16_t>(c.internals.size() + 1);
    d.output_semaphore = 1;
    d.input_nsps = static_cast<std::uint16_t>(nsps_having(c.inputs));
    d.output_nsps = static_cast<std::uint16_t>(nsps_having(c.outputs));
    d.buffers_offset = static_cast<std::uint32_t>(sizeof d);
    d.udma_buffer = static_cast<std::uint32_t>(buffers.size() - 1);
    d.start_descriptor = aic100::program_start_descriptor;
    Bytes out;
    append(out, d);
    for (const auto& b : buffers) append(out, b);
    return out;
}

Result<Metadata> program_metadata(const ProgramConfig& c, std::uint64_t entry, std::uint16_t context_major)
{
    QAIC_TRY(auto m, plan_metadata(plan_of(c)));
    add_internal_windows(m, c);
    // As the vendor states them: 128 bytes short of the last descriptors (7.7); the card maps whole pages.
    const std::uint64_t reserved =
        aic100::program_start_descriptor + std::uint64_t{c.threads} * aic100::program_descriptors_per_thread;
    const std::uint64_t l2tcm = std::max(reserved, extent(c, NspSpace::L2TCM));
    const std::uint64_t vtcm = std::max<std::uint64_t>(1, extent(c, NspSpace::VTCM));
    if (l2tcm > limits::l2tcm_bytes || vtcm > limits::vtcm_bytes)
        return fail(Code::E_INVAL, "buffers do not fit L2TCM or VTCM got={},{} limit={},{}", l2tcm, vtcm,
                    limits::l2tcm_bytes, limits::vtcm_bytes);
    m.l2tcm = static_cast<std::uint32_t>(l2tcm);
    m.vtcm = static_cast<std::uint32_t>(vtcm);
    m.static_ddr = extent(c, NspSpace::DDR);
    m.heap = c.heap;
    m.single_vtcm_page = c.single_vtcm_page;
    for (std::size_t i = 0; i < m.threads.size(); ++i) {
        constexpr std::uint8_t hmx = 1, hvx = 2;
        m.threads[i] = {entry, i + c.hmx_threads < m.threads.size() ? hvx : hmx};
    }
    m.exec_context_major = context_major;
    if (context_major != exec_context_major) m.exec_context.clear(); // it describes 32-bit pointers
    QAIC_CHECK(check_metadata(m));
    return m;
}

} // namespace qpc
