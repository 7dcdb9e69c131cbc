// SPDX-License-Identifier: BSD-3-Clause
#include "alloc_peak.hpp"
#include <algorithm>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {
std::size_t now = 0, peak = 0;

void* take(std::size_t size) noexcept
{
    void* p = std::malloc(size == 0 ? 1 : size);
    if (p != nullptr) peak = std::max(peak, now += ::malloc_usable_size(p));
    return p;
}
void give(void* p) noexcept
{
    if (p != nullptr) now -= std::min(now, ::malloc_usable_size(p));
    std::free(p);
}
} // namespace

void* operator new(std::size_t size)
{
    if (void* p = take(size)) return p;
    throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* p) noexcept { give(p); }
void operator delete[](void* p) noexcept { give(p); }
void operator delete(void* p, std::size_t) noexcept { give(p); }
void operator delete[](void* p, std::size_t) noexcept { give(p); }

namespace qpc::samples {

AllocPeak::AllocPeak() : at_start_(now) { peak = now; }
std::size_t AllocPeak::bytes() const { return peak - std::min(peak, at_start_); }

} // namespace qpc::samples
