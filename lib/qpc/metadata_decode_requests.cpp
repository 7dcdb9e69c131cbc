// SPDX-License-Identifier: BSD-3-Clause
#include "qpc/limits.hpp"
#include "qpc/metadata_decode.hpp"
#include <array>

namespace qpc {
namespace {

SemaphoreOp decode(const fb::SemaphoreOp& s)
{
    return {s.sem_num(),          s.sem_value(),          s.sem_op(),
            s.pre_or_post() != 0, s.in_sync_fence() != 0, s.out_sync_fence() != 0};
}

Result<DoorbellOp> decode(const fb::DoorbellOp& d, std::size_t request)
{
    static constexpr std::array<std::uint8_t, 3> width{1, 2, 4};
    if (d.size() >= width.size())
        return fail(Code::E_FORMAT, "dma_requests[{}]: doorbell width code got={} limit=2", request,
                    d.size());
    return DoorbellOp{d.offset(), d.data(), d.mc_id(), width[d.size()]};
}

Result<DmaRequest> decode(const fb::DmaRequest& r, std::size_t index)
{
    DmaRequest out;
    out.num = r.num();
    out.host_offset = r.host_offset();
    out.dev_offset = r.dev_offset();
    out.size = r.size();
    out.mcid = r.mc_id();
    if (r.dev_addr_space() > static_cast<std::uint8_t>(AddrSpace::DYNAMIC_DDR))
        return fail(Code::E_FORMAT, "dma_requests[{}]: unknown address space got={} limit=2", index,
                    r.dev_addr_space());
    out.space = static_cast<AddrSpace>(r.dev_addr_space());
    if (r.in_out() > 1)
        return fail(Code::E_FORMAT, "dma_requests[{}]: unknown direction got={} limit=1", index, r.in_out());
    out.from_card = r.in_out() == 1;
    out.port = r.port_id();
    out.transaction_id = r.transaction_id();
    if (count(r.semaphore_ops()) > 4)
        return fail(Code::E_FORMAT, "dma_requests[{}]: too many semaphore operations got={} limit=4", index,
                    count(r.semaphore_ops()));
    if (count(r.doorbell_ops()) > 64)
        return fail(Code::E_FORMAT, "dma_requests[{}]: too many doorbells got={} limit=64", index,
                    count(r.doorbell_ops()));
    if (r.semaphore_ops() != nullptr)
        for (const auto* s : *r.semaphore_ops()) out.semaphores.push_back(decode(*s));
    if (r.doorbell_ops() != nullptr)
        for (const auto* d : *r.doorbell_ops()) {
            QAIC_TRY(const auto doorbell, decode(*d, index));
            out.doorbells.push_back(doorbell);
        }
    return out;
}

} // namespace

Result<void> decode_requests(const fb::Metadata& m, Metadata& out)
{
    QAIC_CHECK(check_count("DMA requests", count(m.dma_requests()), limits::dma_requests));
    for (std::size_t i = 0; i < count(m.dma_requests()); ++i) {
        QAIC_TRY(auto request, decode(*m.dma_requests()->Get(static_cast<flatbuffers::uoffset_t>(i)), i));
        out.requests.push_back(std::move(request));
    }
    return {};
}

Result<void> decode_multicast(const fb::Metadata& m, Metadata& out)
{
    if (m.host_multicast_table() == nullptr) return fail(Code::E_FORMAT, "metadata: no host multicast table");
    const auto* host = m.host_multicast_table()->entries();
    QAIC_CHECK(check_count("host multicast entries", count(host), limits::multicast_entries));
    QAIC_CHECK(check_count("NSP multicast tables", count(m.nsp_multicast_tables()), limits::nsps));
    if (host != nullptr)
        for (const auto* e : *host) out.host_multicast.push_back({e->mask(), e->size()});
    if (m.nsp_multicast_tables() == nullptr) return {};
    for (const auto* table : *m.nsp_multicast_tables()) {
        QAIC_CHECK(check_count("NSP multicast entries", count(table->entries()), limits::multicast_entries));
        auto& to = out.nsp_multicast.emplace_back();
        if (table->entries() == nullptr) continue;
        for (const auto* e : *table->entries()) {
            if (e->addr_space() > 1)
                return fail(Code::E_FORMAT, "nsp_multicast[{}]: unknown memory got={} limit=1",
                            out.nsp_multicast.size() - 1, e->addr_space());
            to.push_back(
                {e->base_addr_offset(), e->mask(), e->size(), e->addr_space() == 1, e->dynamic() != 0});
        }
    }
    return {};
}

} // namespace qpc
