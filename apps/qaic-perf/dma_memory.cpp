// SPDX-License-Identifier: BSD-3-Clause
#include "dma_memory.hpp"

#include "base/checked.hpp"

#include <algorithm>
#include <cstring>
#include <rte_malloc.h>
#include <rte_memory.h>

namespace qaic::perf {

void BufferSets::Free::operator()(void* p) const noexcept { rte_free(p); }

EntryLayout entry_layout(const std::vector<std::uint64_t>& sizes, bool packed, std::uint64_t align)
{
    EntryLayout layout;
    const auto up = [align](std::uint64_t v) { return (v + align - 1) & ~(align - 1); };
    for (const auto size : sizes) {
        layout.content += size;
        if (packed && !layout.entries.empty()) {
            layout.entries.front().bytes += size;
        } else {
            layout.entries.push_back({layout.stride, size});
        }
        layout.stride = up(layout.entries.back().offset + layout.entries.back().bytes);
    }
    return layout;
}

Result<BufferSets> BufferSets::make(const EntryLayout& layout, std::size_t sets, std::uint64_t align,
                                    int numa, const std::string& what)
{
    BufferSets b;
    b.layout_ = layout;
    const auto bytes = checked_mul<std::uint64_t>(std::max<std::uint64_t>(layout.stride, 1), sets);
    if (!bytes) return fail(Code::E_LIMIT, "{}: {} x {} bytes is beyond 64 bits", what, sets, layout.stride);
    for (const auto& entry : layout.entries)
        if (entry.bytes > UINT32_MAX)
            return fail(Code::E_LIMIT, "{}: a buffer of {} bytes, limit {}", what, entry.bytes, UINT32_MAX);
    b.memory_.reset(rte_zmalloc_socket("qaic-perf", *bytes, static_cast<unsigned>(align), numa));
    if (!b.memory_)
        return fail(Code::E_NOMEM,
                    "{}: no {} bytes of DMA memory (NUMA node {}); reserve more hugepages, or without any "
                    "give EAL more with -- -m MEGABYTES",
                    what, *bytes, numa);
    const auto entries = layout.entries.size();
    b.segments_.resize(sets * entries);
    for (std::size_t i = 0; i < b.segments_.size(); ++i) {
        const auto& entry = layout.entries[i % entries];
        auto* at = static_cast<std::byte*>(b.memory_.get()) + (i / entries) * layout.stride + entry.offset;
        const auto iova = rte_mem_virt2iova(at);
        const auto last = rte_mem_virt2iova(at + std::max<std::uint64_t>(entry.bytes, 1) - 1);
        if (iova == RTE_BAD_IOVA || last - iova + 1 != std::max<std::uint64_t>(entry.bytes, 1))
            return fail(Code::E_IOVA,
                        "{}: {} bytes are not contiguous for the card; run EAL with --iova-mode=va", what,
                        entry.bytes);
        b.segments_[i] = {iova, at, static_cast<std::uint32_t>(entry.bytes), 0, nullptr};
        b.pointers_.push_back(&b.segments_[i]);
    }
    return b;
}

void BufferSets::put(std::size_t set, ConstSpan bytes)
{
    auto** segment = segments(set);
    for (std::size_t i = 0, at = 0; i < layout_.entries.size(); at += layout_.entries[i++].bytes)
        std::memcpy(segment[i]->addr, bytes.data() + at, layout_.entries[i].bytes);
}

void BufferSets::get(std::size_t set, MutSpan bytes) const
{
    const auto* const* segment = &pointers_[set * layout_.entries.size()];
    for (std::size_t i = 0, at = 0; i < layout_.entries.size(); at += layout_.entries[i++].bytes)
        std::memcpy(bytes.data() + at, segment[i]->addr, layout_.entries[i].bytes);
}

void BufferSets::fill(std::size_t set, std::byte value)
{
    auto** segment = segments(set);
    for (std::size_t i = 0; i < layout_.entries.size(); ++i)
        std::memset(segment[i]->addr, std::to_integer<int>(value), layout_.entries[i].bytes);
}

} // namespace qaic::perf
