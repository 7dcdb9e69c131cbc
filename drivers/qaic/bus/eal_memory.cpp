// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/eal_memory.hpp"
#include "qaic/log.hpp"
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
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

EalPiece page_at(const rte_memseg_list& list, const rte_memseg& page, EalPieces how)
{
    EalPiece p{Iova{page.iova}, static_cast<std::byte*>(page.addr), list.page_sz, list.external != 0};
    if (how == EalPieces::CONTIGUOUS) return p;
    std::size_t offset = 0; // EAL's memory lock is held: the variants that take it would not return
    p.fd = rte_memseg_get_fd_thread_unsafe(&page);
    if (p.fd >= 0 && rte_memseg_get_fd_offset_thread_unsafe(&page, &offset) != 0) p.fd = -1;
    p.fd_offset = offset;
    return p;
}

bool joins(const EalPiece& a, const EalPiece& b, EalPieces how, bool never_freed)
{
    const bool touch = a.va + a.bytes == b.va && a.iova.value + a.bytes == b.iova.value;
    if (how == EalPieces::CONTIGUOUS || !touch) return touch;
    return never_freed && a.fd == b.fd && (a.fd < 0 || a.fd_offset + a.bytes == b.fd_offset);
}

// Splits [va, va + bytes) into pages and merges neighbours. `visit` returns Result<void>; its first error
// ends it.
template<class Visit>
Result<void> for_each_piece(const void* va, std::size_t bytes, EalPieces how, bool never_freed, Visit&& visit)
{
    const auto* list = rte_mem_virt2memseg_list(va);
    if (list == nullptr) return {};
    auto* at = static_cast<std::byte*>(const_cast<void*>(va));
    EalPiece run;
    for (auto* const end = at + bytes; at < end; at += list->page_sz) {
        const auto* page = rte_mem_virt2memseg(at, list);
        if (page == nullptr || page->iova == RTE_BAD_IOVA) continue;
        const auto next = page_at(*list, *page, how);
        const bool kept = never_freed || (page->flags & RTE_MEMSEG_FLAG_DO_NOT_FREE) != 0;
        if (run.bytes != 0 && joins(run, next, how, kept)) {
            run.bytes += next.bytes;
            continue;
        }
        if (run.bytes != 0) QAIC_CHECK(visit(run));
        run = next;
    }
    return run.bytes != 0 ? visit(run) : Result<void>{};
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

Result<void> EalFollower::offer(const void* va, std::size_t bytes)
{
    return for_each_piece(va, bytes, pieces_, never_freed_, add_);
}

void EalFollower::withdraw(const void* va, std::size_t bytes)
{
    (void)for_each_piece(va, bytes, EalPieces::CONTIGUOUS, false, [this](const EalPiece& p) -> Result<void> {
        gone_(p.iova, p.bytes);
        return {};
    });
}

void EalFollower::on_event(int event, const void* va, std::size_t bytes, EalFollower& self) noexcept
{
    try {
        if (event != RTE_MEM_EVENT_ALLOC) return self.withdraw(va, bytes);
        if (auto added = self.offer(va, bytes); !added) log(LogLevel::ERR, "{}", added.error().message());
    } catch (const std::bad_alloc&) { // EAL's frames must not see it
        log_line(LogLevel::ERR, "out of heap memory while following EAL's memory");
    }
}

Result<void> EalFollower::start()
{
    name_ = fmt::format("qaic_follow{}", serial.fetch_add(1));
    const auto event = [](rte_mem_event e, const void* va, std::size_t bytes, void* self) noexcept {
        on_event(e, va, bytes, *static_cast<EalFollower*>(self));
    };
    // First the events, then what is there: a piece that comes in between is offered twice, none is missed.
    if (rte_mem_event_callback_register(name_.c_str(), event, this) != 0) {
        name_.clear();
        if (rte_errno != ENOTSUP)
            return fail(Code::E_NOMEM, "EAL memory events refused: {}", rte_strerror(rte_errno));
        never_freed_ = true; // --no-huge, --legacy-mem
    }
    struct Walk {
        EalFollower& self;
        Result<void> result;
    } walk{*this, {}};
    const auto each = [](const rte_memseg_list* list, const rte_memseg* ms, std::size_t bytes,
                         void* arg) noexcept {
        if (list->external != 0 && list->heap == 0) return 0; // registered only
        auto& w = *static_cast<Walk*>(arg);
        try {
            w.result = w.self.offer(ms->addr, bytes);
        } catch (const std::bad_alloc&) {
            w.result = tl::unexpected(Error{Code::E_NOMEM, {}});
        }
        return w.result ? 0 : 1;
    };
    if (rte_memseg_contig_walk(each, &walk) < 0)
        return fail(Code::E_NOMEM, "EAL memory cannot be walked: {}", rte_strerror(rte_errno));
    return walk.result;
}

EalFollower::~EalFollower()
{
    if (!name_.empty()) (void)rte_mem_event_callback_unregister(name_.c_str(), this);
}

} // namespace qaic
