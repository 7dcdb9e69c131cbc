// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/eal_burst_memory.hpp"
#include <algorithm>
#include <new>
#include <rte_malloc.h>
#include <rte_memory.h>

namespace qaic {

void* EalBurstMemory::do_allocate(std::size_t bytes, std::size_t align)
{
    void* const at =
        rte_malloc_socket("qaic_burst", std::max<std::size_t>(bytes, 1),
                          static_cast<unsigned>(std::max<std::size_t>(align, RTE_CACHE_LINE_SIZE)),
                          socket_ < 0 ? SOCKET_ID_ANY : socket_);
    if (at == nullptr) throw std::bad_alloc();
    return at;
}

void EalBurstMemory::do_deallocate(void* at, std::size_t, std::size_t) { rte_free(at); }

bool EalBurstMemory::do_is_equal(const std::pmr::memory_resource& other) const noexcept
{
    return this == &other || dynamic_cast<const EalBurstMemory*>(&other) != nullptr; // rte_free takes any
}

} // namespace qaic
