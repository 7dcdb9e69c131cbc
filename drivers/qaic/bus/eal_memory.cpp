// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/eal_memory.hpp"
#include <atomic>
#include <cstring>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_memzone.h>

namespace qaic {
namespace {

std::atomic<unsigned> serial{0}; // constant-initialised: plugins are loaded in any order

std::size_t free_bytes(int socket) noexcept
{
    rte_malloc_socket_stats stats{};
    if (rte_malloc_get_socket_stats(socket < 0 ? 0 : socket, &stats) != 0) return 0;
    return stats.heap_freesz_bytes;
}

// Splits [va, va + bytes) into pages and merges neighbours whose IOVAs touch.
template<class Visit>
void for_each_piece(const void* va, std::size_t bytes, Visit&& visit)
{
    const auto* msl = rte_mem_virt2memseg_list(va);
    if (msl == nullptr) return;
    auto* at = static_cast<std::byte*>(const_cast<void*>(va));
    auto* const end = at + bytes;
    std::byte* from = nullptr;
    std::uint64_t iova = 0;
    std::size_t run = 0;
    for (; at < end; at += msl->page_sz) {
        const auto* ms = rte_mem_virt2memseg(at, msl);
        if (ms == nullptr || ms->iova == RTE_BAD_IOVA) continue;
        if (run != 0 && from + run == at && iova + run == ms->iova) {
            run += msl->page_sz;
            continue;
        }
        if (run != 0) visit(from, iova, run);
        from = at, iova = ms->iova, run = msl->page_sz;
    }
    if (run != 0) visit(from, iova, run);
}

} // namespace

Result<EalMemory::Block> EalMemory::take(std::size_t bytes, std::size_t align, const char* label)
{
    const auto name =
        fmt::format("qaic{}_{}", serial.fetch_add(1), label).substr(0, RTE_MEMZONE_NAMESIZE - 1);
    const auto* zone = rte_memzone_reserve_aligned(name.c_str(), bytes, socket_ < 0 ? SOCKET_ID_ANY : socket_,
                                                   RTE_MEMZONE_IOVA_CONTIG, static_cast<unsigned>(align));
    if (zone == nullptr)
        return fail(Code::E_HUGE,
                    "{}: {} of {} bytes refused ({}), EAL heap has {} bytes free: reserve more hugepages",
                    device_, label, bytes, rte_strerror(rte_errno), free_bytes(socket_));
    if (zone->iova == RTE_BAD_IOVA || zone->iova == 0) {
        rte_memzone_free(zone);
        return fail(Code::E_IOVA, "{}: EAL gives no DMA address for {}: start with --iova-mode=va", device_,
                    label);
    }
    auto* va = static_cast<std::byte*>(zone->addr);
    std::memset(va, 0, bytes);
    const std::lock_guard guard(lock_);
    zones_[va] = zone;
    return Block{va, Iova{zone->iova}};
}

void EalMemory::give(std::byte* va) noexcept
{
    const std::lock_guard guard(lock_);
    const auto it = zones_.find(va);
    if (it == zones_.end()) return;
    rte_memzone_free(it->second);
    zones_.erase(it);
}

void EalFollower::on_event(int event, const void* va, std::size_t bytes, void* self)
{
    auto& me = *static_cast<EalFollower*>(self);
    for_each_piece(va, bytes, [&](std::byte* piece, std::uint64_t iova, std::size_t run) {
        if (event == RTE_MEM_EVENT_ALLOC)
            me.add_(Iova{iova}, piece, run);
        else
            me.gone_(Iova{iova}, run);
    });
}

Result<void> EalFollower::start()
{
    name_ = fmt::format("qaic_follow{}", serial.fetch_add(1));
    const auto event = [](rte_mem_event e, const void* va, std::size_t bytes, void* self) noexcept {
        on_event(e, va, bytes, self);
    };
    // First the events, then what is there: a piece that comes in between is offered twice, none is missed.
    if (rte_mem_event_callback_register(name_.c_str(), event, this) != 0 && rte_errno != ENOTSUP) {
        name_.clear();
        return fail(Code::E_NOMEM, "EAL memory events refused: {}", rte_strerror(rte_errno));
    }
    const auto walk = [](const rte_memseg_list*, const rte_memseg* ms, std::size_t bytes,
                         void* self) noexcept {
        on_event(RTE_MEM_EVENT_ALLOC, ms->addr, bytes, self);
        return 0;
    };
    if (rte_memseg_contig_walk(walk, this) < 0)
        return fail(Code::E_NOMEM, "EAL memory cannot be walked: {}", rte_strerror(rte_errno));
    return {};
}

EalFollower::~EalFollower()
{
    if (!name_.empty()) (void)rte_mem_event_callback_unregister(name_.c_str(), this);
}

} // namespace qaic
