// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/layout.hpp"
#include "aic100/wire/dbc.hpp"
#include "qpc/exec_context.hpp"
#include "qpc/limits.hpp"
#include <algorithm>
#include <bit>

namespace qpc {
namespace {
using aic100::NspSpace;

constexpr std::uint16_t input_semaphore = 0, output_semaphore = 1;
constexpr std::uint16_t input_port = 100, output_port = 101;
constexpr std::uint64_t start_descriptor = 1152, descriptors = 1280, descriptors_per_thread = 256;
constexpr std::size_t l2tcm_init_bytes = 1168;
constexpr std::uint8_t hvx_thread = 2;

std::uint16_t nsp_count(const std::vector<PlacedTensor>& tensors)
{
    std::uint32_t mask = 0;
    for (const auto& t : tensors) mask |= t.nsp_mask;
    return static_cast<std::uint16_t>(std::popcount(mask));
}

/// What inputs and outputs differ in.
struct Side {
    bool from_card;
    std::uint16_t port, semaphore, wait_value, next_value;
};

void add_requests(Metadata& m, const std::vector<PlacedTensor>& tensors, const Side& side)
{
    constexpr auto wait_equal = static_cast<std::uint8_t>(aic100::SemOp::WAIT_EQUAL);
    constexpr auto init = static_cast<std::uint8_t>(aic100::SemOp::INIT);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const auto& t = tensors[i];
        DmaRequest r;
        r.num = static_cast<std::uint16_t>(m.requests.size());
        r.dev_offset = t.dev_offset;
        r.size = t.size;
        r.space = t.space == NspSpace::DDR ? AddrSpace::DDR : AddrSpace::MULTICAST;
        r.from_card = side.from_card;
        r.port = side.port;
        r.semaphores.push_back({side.semaphore, side.wait_value, wait_equal, true, t.in_fence, t.out_fence});
        if (i + 1 == tensors.size())
            r.semaphores.push_back({side.semaphore, side.next_value, init, false, t.in_fence, t.out_fence});
        r.doorbells.push_back({doorbell_stride * r.num, 1, 0, 4});
        if (t.space != NspSpace::DDR) {
            r.mcid = static_cast<std::uint16_t>(m.host_multicast.size());
            m.host_multicast.push_back({t.nsp_mask, t.size});
        }
        m.requests.push_back(std::move(r));
    }
}

/// One table per NSP. The host's entries give the sizes; on-chip tensors follow MCID 0, the doorbell window.
void add_nsp_tables(Metadata& m, const ProgramPlan& plan)
{
    for (unsigned nsp = 0; nsp < plan.nsps; ++nsp) {
        const std::uint32_t others = m.host_multicast[0].mask & ~(1u << nsp);
        std::vector<NspMulticast> table{{0, others, m.host_multicast[0].size, false, false}};
        for (const auto* list : {&plan.inputs, &plan.outputs})
            for (const auto& t : *list)
                if (t.space != NspSpace::DDR)
                    table.push_back({t.base_offset, 0, t.size, t.space == NspSpace::VTCM, false});
        m.nsp_multicast.push_back(std::move(table));
    }
}

/// End of the last tensor in a memory.
std::uint64_t extent(const ProgramPlan& plan, NspSpace space)
{
    std::uint64_t end = 0;
    for (const auto* list : {&plan.inputs, &plan.outputs})
        for (const auto& t : *list)
            if (t.space == space) end = std::max(end, t.base_offset + t.dev_offset + t.size);
    return end;
}

/// Doorbells of outputs start as "taken by the host"; the start descriptor of the DMA unit as "done".
Bytes l2tcm_init(const ProgramPlan& plan)
{
    Bytes out(l2tcm_init_bytes);
    for (std::size_t i = 0; i < plan.outputs.size(); ++i)
        out[doorbell_stride * (plan.inputs.size() + i)] = std::byte{1};
    out[start_descriptor + 7] = std::byte{0x80};
    return out;
}

Result<void> check_plan(const ProgramPlan& plan)
{
    if (plan.nsps < 1 || plan.nsps > limits::nsps)
        return fail(Code::E_FORMAT, "number of NSPs got={} limit=1..{}", plan.nsps, limits::nsps);
    if (plan.threads < 1 || plan.threads > limits::threads)
        return fail(Code::E_FORMAT, "number of threads got={} limit=1..{}", plan.threads, limits::threads);
    if (plan.inputs.size() + plan.outputs.size() > exit_doorbell_index)
        return fail(Code::E_FORMAT, "too many tensors got={} limit={}",
                    plan.inputs.size() + plan.outputs.size(), exit_doorbell_index);
    if (const auto vtcm = extent(plan, NspSpace::VTCM); vtcm > limits::vtcm_bytes)
        return fail(Code::E_FORMAT, "tensors do not fit the VTCM got={} limit={}; place them in DDR", vtcm,
                    limits::vtcm_bytes);
    if (plan.static_constants > 0xffffffff)
        return fail(Code::E_FORMAT, "constants too large got={} limit={}", plan.static_constants, 0xffffffff);
    return {};
}

} // namespace

Result<Metadata> plan_metadata(const ProgramPlan& plan)
{
    QAIC_CHECK(check_plan(plan));
    constexpr std::uint64_t page = 4096;
    const std::uint32_t all = (1u << plan.nsps) - 1;
    const auto producers = nsp_count(plan.outputs);
    Metadata m;
    m.network_name = plan.network_name;
    m.nsps = static_cast<std::uint16_t>(plan.nsps);
    m.semaphores = 2;
    m.semaphore_init = {0, producers};
    m.hw_major = 2;
    m.host_multicast.push_back({all, static_cast<std::uint32_t>(doorbell_words * doorbell_stride)});
    add_requests(m, plan.inputs, {false, input_port, input_semaphore, nsp_count(plan.inputs), 0});
    add_requests(m, plan.outputs, {true, output_port, output_semaphore, 0, producers});
    add_nsp_tables(m, plan);
    m.l2tcm_init = l2tcm_init(plan);
    m.exit_doorbell = exit_doorbell_index * doorbell_stride;
    // The card maps whole pages; the vendor's compiler states a size that can cut off the last descriptors.
    const auto l2tcm =
        std::max(descriptors + plan.threads * descriptors_per_thread, extent(plan, NspSpace::L2TCM));
    m.l2tcm = static_cast<std::uint32_t>((l2tcm + page - 1) / page * page);
    m.vtcm = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, extent(plan, NspSpace::VTCM)));
    m.static_ddr = extent(plan, NspSpace::DDR);
    m.static_constants = plan.static_constants;
    if (plan.static_constants != 0)
        m.constant_mappings.push_back({0, all, static_cast<std::uint32_t>(plan.static_constants)});
    m.threads.assign(plan.threads, {0, hvx_thread});
    m.ports = {{input_port, 0}, {output_port, 0}};
    m.exec_context_major = exec_context_major;
    m.exec_context = encode_exec_context();
    QAIC_CHECK(check_metadata(m));
    return m;
}

} // namespace qpc
