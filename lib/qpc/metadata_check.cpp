// SPDX-License-Identifier: BSD-3-Clause
// What a loader must reject (aic100-workload.md 4.7, 4.8), as far as the metadata alone can show it.
#include "aic100/wire/dbc.hpp"
#include "base/checked.hpp"
#include "qpc/limits.hpp"
#include "qpc/metadata.hpp"
#include <algorithm>
#include <bit>

namespace qpc {
namespace {

/// One value and what it must lie between.
struct Bound {
    const char* what;
    std::uint64_t got, low, high;
};

Result<void> check_bounds(const Metadata& m)
{
    const Bound bounds[] = {
        {"hwVersionMajor", m.hw_major, 1, 2},
        {"numNSPs", m.nsps, 1, limits::nsps},
        {"numSemaphores", m.semaphores, 0, limits::semaphores},
        {"VTCMSize", m.vtcm, 1, limits::vtcm_bytes},
        {"L2TCMSize", m.l2tcm, 1, limits::l2tcm_bytes},
        {"L2TCMInitSize", m.l2tcm_init.size(), 0, m.l2tcm},
        {"exitDoorbellOffset", m.exit_doorbell, 0, std::uint64_t{m.l2tcm} - (m.l2tcm != 0 ? 1 : 0)},
    };
    for (const auto& b : bounds)
        if (b.got < b.low || b.got > b.high)
            return fail(Code::E_FORMAT, "metadata: {} out of range got={} limit={}..{}", b.what, b.got, b.low,
                        b.high);
    if (m.network_name.empty()) return fail(Code::E_FORMAT, "metadata: network name is empty");
    if (!checked_add(m.static_ddr, m.dynamic_ddr) || !checked_add(m.static_constants, m.dynamic_constants))
        return fail(Code::E_FORMAT, "metadata: sum of static and dynamic sizes overflows");
    return {};
}

Result<void> check_semaphores(const Metadata& m)
{
    if (m.semaphore_init.size() != m.semaphores)
        return fail(Code::E_FORMAT, "metadata: initial values of semaphores got={} expected={}",
                    m.semaphore_init.size(), m.semaphores);
    for (std::size_t i = 0; i < m.semaphore_init.size(); ++i)
        if (m.semaphore_init[i] > aic100::semaphore_max)
            return fail(Code::E_FORMAT, "metadata: initial value of semaphore {} got={} limit={}", i,
                        m.semaphore_init[i], aic100::semaphore_max);
    return {};
}

Result<void> check_tables(const Metadata& m)
{
    const std::uint32_t all = (m.nsps >= 32 ? 0 : 1u << m.nsps) - 1;
    if (m.nsp_multicast.size() != m.nsps)
        return fail(Code::E_FORMAT, "metadata: NSP multicast tables got={} expected={}",
                    m.nsp_multicast.size(), m.nsps);
    for (std::size_t i = 0; i < m.host_multicast.size(); ++i)
        if ((m.host_multicast[i].mask & ~all) != 0)
            return fail(Code::E_FORMAT,
                        "host_multicast[{}]: mask names an NSP the program has not got={:#x} limit={:#x}", i,
                        m.host_multicast[i].mask, all);
    std::uint32_t mapped = 0;
    for (std::size_t i = 0; i < m.constant_mappings.size(); ++i) {
        const auto& c = m.constant_mappings[i];
        if (c.offset % 256 != 0 || !range_inside(c.offset, c.size, m.static_constants))
            return fail(Code::E_FORMAT,
                        "constant_mappings[{}]: not inside the static constants got={:#x}+{:#x} "
                        "limit={:#x}",
                        i, c.offset, c.size, m.static_constants);
        if ((c.core_mask & ~all) != 0 || (c.core_mask & mapped) != 0)
            return fail(Code::E_FORMAT,
                        "constant_mappings[{}]: an NSP is mapped twice or does not exist got={:#x} "
                        "limit={:#x}",
                        i, c.core_mask, all & ~mapped);
        mapped |= c.core_mask;
    }
    return {};
}

Result<void> check_request_semaphores(const Metadata& m, const DmaRequest& r, std::size_t i)
{
    if (r.semaphores.size() > 4)
        return fail(Code::E_FORMAT, "dma_requests[{}]: too many semaphore operations got={} limit=4", i,
                    r.semaphores.size());
    if (std::count_if(r.semaphores.begin(), r.semaphores.end(), [](const SemaphoreOp& s) { return s.pre; }) >
        1)
        return fail(Code::E_FORMAT,
                    "dma_requests[{}]: more than one semaphore operation before the transfer limit=1", i);
    for (const auto& s : r.semaphores) {
        if (s.op > static_cast<std::uint8_t>(aic100::SemOp::P))
            return fail(Code::E_FORMAT, "dma_requests[{}]: unknown semaphore operation got={} limit=6", i,
                        s.op);
        if (s.op != 0 && s.number >= m.semaphores)
            return fail(Code::E_FORMAT, "dma_requests[{}]: semaphore does not exist got={} limit={}", i,
                        s.number, m.semaphores);
        if (s.value > aic100::semaphore_max)
            return fail(Code::E_FORMAT, "dma_requests[{}]: semaphore value got={} limit={}", i, s.value,
                        aic100::semaphore_max);
    }
    return {};
}

Result<void> check_request_address(const Metadata& m, const DmaRequest& r, std::size_t i)
{
    if (r.size == 0) return {}; // no transfer: the address has no meaning
    if (r.space != AddrSpace::MULTICAST) {
        const auto limit = r.space == AddrSpace::DDR ? m.static_ddr : m.dynamic_ddr;
        if (range_inside(r.dev_offset, r.size, limit)) return {};
        return fail(Code::E_FORMAT, "dma_requests[{}]: outside the shared DDR got={:#x}+{:#x} limit={:#x}", i,
                    r.dev_offset, r.size, limit);
    }
    if (r.mcid >= m.host_multicast.size())
        return fail(Code::E_FORMAT, "dma_requests[{}]: multicast id does not exist got={} limit={}", i,
                    r.mcid, m.host_multicast.size());
    if (!range_inside(r.dev_offset, r.size, limits::mcid_window))
        return fail(Code::E_FORMAT,
                    "dma_requests[{}]: outside the multicast window got={:#x}+{:#x} limit={:#x}", i,
                    r.dev_offset, r.size, limits::mcid_window);
    if (r.from_card && std::popcount(m.host_multicast[r.mcid].mask) != 1)
        return fail(Code::E_FORMAT,
                    "dma_requests[{}]: reads a multicast window of not exactly one NSP got={:#x}", i,
                    m.host_multicast[r.mcid].mask);
    return {};
}

Result<void> check_doorbells(const Metadata& m, const DmaRequest& r, std::size_t i)
{
    for (const auto& d : r.doorbells) {
        if (d.width == 0 || d.offset % d.width != 0)
            return fail(Code::E_FORMAT,
                        "dma_requests[{}]: doorbell not aligned to its width got={:#x} limit={}", i, d.offset,
                        d.width);
        if (d.mcid >= m.host_multicast.size() || !range_inside(d.offset, d.width, limits::mcid_window))
            return fail(Code::E_FORMAT,
                        "dma_requests[{}]: doorbell outside the multicast windows got={}:{:#x} "
                        "limit={}:{:#x}",
                        i, d.mcid, d.offset, m.host_multicast.size(), limits::mcid_window);
    }
    return {};
}

/// 4.8: requests of one buffer stand together and have one direction.
Result<void> check_grouping(const Metadata& m)
{
    std::vector<bool> seen(std::size_t{no_buffer} + 1);
    for (std::size_t i = 0; i < m.requests.size(); ++i) {
        const auto& r = m.requests[i];
        if (r.num == no_buffer) {
            if (r.size != 0)
                return fail(Code::E_FORMAT,
                            "dma_requests[{}]: a transfer without a DMA buffer (bytes) got={} limit=0", i,
                            r.size);
            continue;
        }
        const bool same = i > 0 && m.requests[i - 1].num == r.num;
        if (!same && seen[r.num])
            return fail(Code::E_FORMAT, "dma_requests[{}]: requests of DMA buffer {} do not stand together",
                        i, r.num);
        if (same && m.requests[i - 1].from_card != r.from_card)
            return fail(Code::E_FORMAT, "dma_requests[{}]: DMA buffer {} is used in both directions", i,
                        r.num);
        seen[r.num] = true;
    }
    return {};
}

} // namespace

std::size_t Metadata::mcids() const noexcept
{
    std::size_t most = host_multicast.size();
    for (const auto& t : nsp_multicast) most = std::max(most, t.size());
    return most;
}

Result<void> check_metadata(const Metadata& m)
{
    QAIC_CHECK(check_bounds(m));
    QAIC_CHECK(check_semaphores(m));
    QAIC_CHECK(check_tables(m));
    for (std::size_t i = 0; i < m.requests.size(); ++i) {
        QAIC_CHECK(check_request_semaphores(m, m.requests[i], i));
        QAIC_CHECK(check_request_address(m, m.requests[i], i));
        QAIC_CHECK(check_doorbells(m, m.requests[i], i));
    }
    return check_grouping(m);
}

} // namespace qpc
