// SPDX-License-Identifier: BSD-3-Clause
#include "qaic/bus/vfio_user_region.hpp"
#include "base/checked.hpp"
#include "vfio_user/wire.hpp"
#include <algorithm>

namespace qaic::vfu {
using namespace vfio_user;

namespace {

constexpr std::uint32_t most_reply_bytes = 64u << 10;
constexpr unsigned most_capabilities = 16, most_areas = 512;
constexpr std::uint64_t page = 4096;

Result<RegionInfo> head(ConstSpan reply, unsigned index)
{
    const auto info = read_at<RegionInfo>(reply);
    if (!info) return fail(Code::E_PROTO, "region {}: reply of {} bytes", index, reply.size());
    if (info->index != index)
        return fail(Code::E_PROTO, "region {}: reply is about region {}", index, info->index.get());
    return *info;
}

Result<void> add_areas(ConstSpan reply, std::uint32_t at, unsigned index, Region& out)
{
    const auto sparse = read_at<SparseMmap>(reply, at);
    if (!sparse) return fail(Code::E_PROTO, "region {}: sparse capability is cut short", index);
    if (sparse->header.version != 1) return {}; // of a form we do not know: as good as absent
    if (sparse->areas > most_areas)
        return fail(Code::E_PROTO, "region {}: sparse areas got={} limit={}", index, sparse->areas.get(),
                    most_areas);
    for (std::uint32_t i = 0; i < sparse->areas; ++i) {
        const auto area = read_at<SparseArea>(reply, at + sizeof(SparseMmap) + i * sizeof(SparseArea));
        if (!area) return fail(Code::E_PROTO, "region {}: sparse area {} is cut short", index, i);
        const std::uint64_t offset = area->offset, bytes = area->size;
        if (bytes == 0 || offset % page != 0 || bytes % page != 0 || !range_inside(offset, bytes, out.bytes))
            return fail(Code::E_PROTO, "region {}: sparse area {} got=0x{:x}+0x{:x} limit=0x{:x}", index, i,
                        offset, bytes, out.bytes);
        out.areas.push_back({offset, bytes});
    }
    return {};
}

// Offsets must grow: a loop ends at its first step back.
Result<void> walk_capabilities(ConstSpan reply, std::uint32_t at, unsigned index, Region& out)
{
    std::uint32_t before = sizeof(RegionInfo) - 1;
    for (unsigned n = 0; at != 0; ++n) {
        const auto cap = read_at<CapabilityHeader>(reply, at);
        if (!cap || at <= before || n == most_capabilities)
            return fail(Code::E_PROTO, "region {}: capability {} got=0x{:x} limit=0x{:x}..0x{:x}", index, n,
                        at, before + 1, reply.size());
        if (cap->id == cap_sparse_mmap) QAIC_CHECK(add_areas(reply, at, index, out));
        before = at;
        at = cap->next;
    }
    return {};
}

Result<void> check_areas(Region& out, unsigned index)
{
    std::sort(out.areas.begin(), out.areas.end(),
              [](const Area& a, const Area& b) { return a.offset < b.offset; });
    for (std::size_t i = 1; i < out.areas.size(); ++i)
        if (out.areas[i].offset - out.areas[i - 1].offset < out.areas[i - 1].bytes)
            return fail(Code::E_PROTO, "region {}: sparse areas overlap at 0x{:x}", index,
                        out.areas[i].offset);
    return {};
}

} // namespace

Result<std::uint32_t> region_reply_bytes(ConstSpan reply, unsigned index)
{
    QAIC_TRY(const auto info, head(reply, index));
    if (info.argsz < sizeof(RegionInfo) || info.argsz > most_reply_bytes)
        return fail(Code::E_PROTO, "region {}: argsz got={} limit={}..{}", index, info.argsz.get(),
                    sizeof(RegionInfo), most_reply_bytes);
    return info.argsz.get();
}

Result<Region> parse_region(ConstSpan reply, unsigned index)
{
    QAIC_TRY(const auto info, head(reply, index));
    Region out{info.flags, info.size, info.fd_offset, {}};
    if (!checked_add(out.fd_offset, out.bytes))
        return fail(Code::E_PROTO, "region {}: wraps got=0x{:x}+0x{:x}", index, out.fd_offset, out.bytes);
    if ((out.flags & region_flag::CAPS) != 0)
        QAIC_CHECK(walk_capabilities(reply, info.cap_offset, index, out));
    if ((out.flags & region_flag::MMAP) == 0)
        out.areas.clear();
    else if (out.areas.empty() && out.bytes != 0)
        out.areas.push_back({0, out.bytes}); // no sparse capability: all of it may be mapped
    QAIC_CHECK(check_areas(out, index));
    return out;
}

} // namespace qaic::vfu
